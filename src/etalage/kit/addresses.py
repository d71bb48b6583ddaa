"""Which network addresses a stranger may make us call: public ones only."""

from __future__ import annotations

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


def is_public(address: str) -> bool:
    """Whether `address` (an IP address in text) belongs to somebody on the open internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast and not _inside(parsed)


def is_loopback(address: str) -> bool:
    """Whether `address` is this machine itself."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _inside(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in _INSIDE_V4)
    if address.scope_id or address not in _GIVEN_OUT_V6:
        return True
    return any(address in network for network in _INSIDE_V6)
