"""Which network addresses a stranger may make us call: public ones only."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# IANA special-purpose registry, and more than Python's `is_global` of any one version knows.
_INSIDE_V4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' shared space; some clouds keep their metadata here
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Nothing else is given out: neither ::1, v4-mapped, NAT64 (64:ff9b::/96) nor the private and local ranges.
_GIVEN_OUT_V6 = IPv6Network("2000::/3")
_INSIDE_V6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo and other protocols that wrap an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
# Last parts of names that are given to nobody outside (RFC 6761, 6762 appendix G, 8375).
_INSIDE_NAMES = (
    ".localhost", ".localdomain", ".local", ".internal", ".intranet", ".private", ".corp", ".home", ".lan",
    ".home.arpa",
)  # fmt: skip


def is_public(address: str) -> bool:
    """Whether `address` (an IP address in text) belongs to somebody on the open internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast and not _inside(parsed)


def is_named_inside(host: str) -> bool:
    """Whether a host can only mean something inside, by its name or its number alone: nobody is asked.

    `host` stands without brackets. Numbers count as the system's resolver reads them: 127.1, 0x7f000001, 2130706433.
    """
    host = host.rstrip(".").lower()
    number = _number(host)
    return not is_public(number) if number else f".{host}".endswith(_INSIDE_NAMES)


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine itself."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _number(host: str) -> str:
    """The IP address that a host spells out; empty for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except (OSError, ValueError):
        return ""


def _inside(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in _INSIDE_V4)
    if address.scope_id or address not in _GIVEN_OUT_V6:
        return True
    return any(address in network for network in _INSIDE_V6)
