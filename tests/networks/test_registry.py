"""The list of networks: explicit, loaded on first use, and every entry keeps its word."""

from __future__ import annotations

import subprocess
import sys

import pytest

from etalage.networks import base, registry

PROTOCOLS = (base.Connector, base.Publisher, base.Editor, base.Receiver, base.Measurer)


@pytest.mark.parametrize("name", registry.names())
def test_every_listed_network_can_connect_and_publish(name: str) -> None:
    connector = registry.get(name)
    assert isinstance(connector, base.Connector)
    assert isinstance(connector, base.Publisher)


def test_a_network_has_one_connector() -> None:
    assert registry.get("practice") is registry.get("practice")


def test_an_unlisted_network_is_refused() -> None:
    with pytest.raises(KeyError):
        registry.get("os")


def test_the_practice_network_can_do_everything() -> None:
    assert all(isinstance(registry.get("practice"), protocol) for protocol in PROTOCOLS)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_protocols_stay_small(protocol: type) -> None:
    methods = [name for name in vars(protocol) if not name.startswith("_")]
    assert 1 <= len(methods) <= 8


def test_connectors_are_loaded_when_they_are_used_and_need_no_django() -> None:
    source = (
        "import sys; from etalage.networks import base, registry; "
        "early = 'etalage.networks.practice.connector' in sys.modules; registry.get('practice'); "
        "sys.exit(early or 'django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", source], timeout=60, check=False).returncode == 0


def test_a_token_is_in_no_repr() -> None:
    account = base.Account("practice", "http://127.0.0.1:1", "s3cret-token")
    picture = base.PictureFile(b"s3cret-bytes", "image/png", "", 1, 1)
    assert "s3cret" not in f"{account!r} {account} {picture!r}"
