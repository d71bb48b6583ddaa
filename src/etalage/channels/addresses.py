"""The address of a network's server as people type it, made into an origin that may be called."""

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


def instance_address(network: str, typed: str) -> str:
    """The origin ("https://social.example") that a person meant: also by a handle, or a page of that server.

    Raises Refusal for what cannot be a public server; names are resolved and judged again at each call.
    """
    typed = typed.strip()
    if network == OWN:
        return typed.rstrip("/")
    if "://" not in typed:
        typed = "https://" + typed.rpartition("@")[2]  # "@shop@social.example"
    try:
        parts = urlsplit(typed)
        host, port = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii"), parts.port
    except (ValueError, UnicodeError) as error:
        raise _refused() from error
    if "@" in parts.netloc or not host or len(host) > 253 or any(sign in host for sign in " \\%_"):
        raise _refused()
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{port}" if port else "")
    if may_be_inside(origin):
        return origin
    if parts.scheme != "https" or not _looks_public(host) or len(origin) > LONGEST:
        raise _refused()
    return origin


def _looks_public(host: str) -> bool:
    """False for names that only mean something inside, and for addresses that nobody outside was given."""
    try:
        return is_public(str(ip_address(host)))
    except ValueError:
        return "." in host and not host.replace(".", "").isdecimal() and not host.endswith(_INSIDE)


_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".onion")


def _refused() -> Refusal:
    return Refusal(
        _("This is not the address of a network on the internet. Write it like social.example."),
        code=Reason.MISCONFIGURED.value,
        status=422,
    )
