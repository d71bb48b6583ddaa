"""Only addresses of the open internet count as public."""

from __future__ import annotations

import pytest

from etalage.kit.addresses import is_loopback, is_named_inside, is_public

PUBLIC = [
    "93.184.215.14",
    "8.8.8.8",
    "192.0.1.1",
    "100.128.0.1",
    "172.32.0.1",
    "2606:4700::1111",
    "2a00:1450::5",
]
INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.0.170", "192.0.2.1", "192.88.99.1",
    "192.168.1.1", "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:53aa:64c:0:fbff:80ff:fffe", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1",
    "fe80::1%eth0", "fec0::1", "ff02::1", "2606:4700::1111%1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_were_given_out_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_every_other_address_is_inside(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "0x7f.1", "8.8.8.8:80", "[::1]"])
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)
    assert not is_loopback(text)


def test_this_machine_is_known() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("10.0.0.1")


@pytest.mark.parametrize(
    "host",
    [
        *INSIDE,
        *("127.1", "0x7f.1", "0x7f000001", "0177.0.0.1", "2130706433", "0", "10.0.0.5.", "192.168.257"),
        *("localhost", "LOCALHOST.", "shop.localhost", "localhost.localdomain", "metadata.google.internal"),
        *(
            "printer.local",
            "nas.lan",
            "nas.home.arpa",
            "mail.corp",
            "shop.intranet",
            "shop.home",
            "x.private",
        ),
    ],
)
def test_a_host_is_known_to_be_inside_by_its_name_or_number_alone(host: str) -> None:
    assert is_named_inside(host)


@pytest.mark.parametrize(
    "host",
    [*PUBLIC, "", "shop", "social.example", "local.example", "notlocal", "8.8.8.8.example", "134744072"],
)
def test_of_any_other_only_the_resolver_can_tell(host: str) -> None:
    assert not is_named_inside(host)
