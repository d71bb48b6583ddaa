"""The address of a network's server as people type it, judged before anything is called."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from etalage.channels.reasons import refusal_for
from etalage.kit.addresses import is_named_inside, is_public
from etalage.kit.errors import Refusal
from etalage.networks.base import Reason
from etalage.networks.inside import may_be_inside

LONGEST = 300
_MACHINE = re.compile(r"[a-z0-9_-]+")  # a name without a dot: known in the house alone
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
    if place.count(":") > 1 and "[" not in place:
        place = f"[{place}]"  # "::1", as people copy it
    _check(typed if has_scheme else f"https://{place}", has_scheme)
    return typed


def _check(address: str, has_scheme: bool) -> None:
    """Raise Refusal unless the address is that of a public server, or of one inside that the installation names."""
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").encode("idna").decode("ascii").rstrip("."), parts.port
    except (ValueError, UnicodeError) as error:
        raise _refused() from error
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port else "")
    schemes = {parts.scheme} if has_scheme else {"https", "http"}
    has_user = "@" in parts.netloc
    if not has_user and any(may_be_inside(f"{scheme}://{place}") for scheme in schemes):
        return
    # A word alone is a slip of the pen; with a scheme or a port it is a machine of the house.
    is_machine = _MACHINE.fullmatch(host) and (has_scheme or port)
    if schemes <= {"https", "http"} and (is_machine or is_named_inside(host)):
        raise refusal_for(Reason.INSIDE_ADDRESS)
    if has_user or parts.scheme != "https" or not _looks_public(host) or len(address) > LONGEST:
        raise _refused()


def _looks_public(host: str) -> bool:
    """Whether a host is a name on the internet, or an address that was given to somebody there."""
    try:
        return is_public(str(ip_address(host)))
    except ValueError:
        pass
    if len(host) > 253 or any(sign in host for sign in " \\%_"):
        return False
    last = host.rpartition(".")[2]  # no top-level domain is a number, nor reached without its own network
    return "." in host and last[:1].isalpha() and last != "onion"


def _refused() -> Refusal:
    return Refusal(
        _("This is not the address of a network on the internet. Write it like social.example."),
        code=Reason.MISCONFIGURED.value,
        status=422,
    )
