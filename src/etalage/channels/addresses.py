"""The address of a network's server as people type it, judged before anything is called."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from etalage.kit.addresses import is_public
from etalage.kit.errors import Refusal
from etalage.networks.base import Reason
from etalage.networks.inside import may_be_inside

LONGEST = 300
OWN = "practice"  # lives on this machine alone, and its connector calls nothing else


def judged(network: str, typed: str) -> str:
    """What a person typed, once it is clear that it names a public server: by its name, a handle, or a page there.

    The connector reads it in its network's own way. Raises Refusal for what cannot be a public server; names are
    resolved and judged again at each call.
    """
    typed = typed.strip()
    if network == OWN:
        return typed.rstrip("/")
    has_scheme = "://" in typed
    place = typed.partition("/")[0].rpartition("@")[2]  # of "@shop@social.example", or "social.example/@shop"
    _check(typed if has_scheme else f"https://{place}", has_scheme)
    return typed


def _check(address: str, has_scheme: bool) -> None:
    """Raise Refusal unless the address is that of a public server, or of one inside that the installation names."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii"), parts.port
    except (ValueError, UnicodeError) as error:
        raise _refused() from error
    if "@" in parts.netloc or not host or len(host) > 253 or any(sign in host for sign in " \\%_"):
        raise _refused()
    shown = f"[{host}]" if ":" in host else host
    place = shown + (f":{port}" if port else "")
    if may_be_inside(f"{parts.scheme}://{place}") or (not has_scheme and may_be_inside(f"http://{place}")):
        return
    if parts.scheme != "https" or not _looks_public(host) or len(address) > LONGEST:
        raise _refused()


def _looks_public(host: str) -> bool:
    """False for names that only mean something inside, and for addresses that nobody outside was given."""
    try:
        return is_public(str(ip_address(host)))
    except ValueError:
        last = host.rpartition(".")[2]  # no top-level domain is a number; "0x7f.1" is this machine
        return "." in host and last[:1].isalpha() and not host.endswith(_INSIDE)


_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".onion")


def _refused() -> Refusal:
    return Refusal(
        _("This is not the address of a network on the internet. Write it like social.example."),
        code=Reason.MISCONFIGURED.value,
        status=422,
    )
