"""A stranger's address leads to the open internet or nowhere."""

from __future__ import annotations

import gzip
import re
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from etalage.kit.errors import Refusal
from etalage.kit.http_guarded import AddressRefused, FetchFailed, GuardedClient

from .conftest import Certificates
from .loopback import Server, answering, http, read_request, reset, serving, wait_until_hung_up


def client(*servers: Server, **options: Any) -> GuardedClient:
    allowed = frozenset(("127.0.0.1", server.port) for server in servers)
    return GuardedClient(allow=allowed, **{"deadline": 5.0, **options})


def code_of(address: str, guarded: GuardedClient | None = None) -> str:
    with pytest.raises(Refusal) as caught:
        (guarded or GuardedClient(deadline=3.0)).get(address)
    assert str(caught.value).endswith(".")
    return caught.value.code


INSIDE = [
    "http://127.0.0.1/", "https://127.0.0.1/", "http://127.0.0.1:443/", "http://localhost/", "http://LOCALHOST./",
    "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
    "http://0/", "http://0.0.0.0/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http://[::1]/", "http://[::]/",
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:ffff:7f00:1]/",
    "http://[64:ff9b::127.0.0.1]/", "http://[2002:7f00:1::]/", "http://[fe80::1]/", "http://[fd00:ec2::254]/",
    "http://169.254.169.254/latest/meta-data/", "http://[::ffff:169.254.169.254]/", "http://100.100.100.200/",
    "http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://100.64.0.1/", "http://192.0.0.192/",
    "http://224.0.0.1/", "http://255.255.255.255/", "http://%31%32%37.0.0.1/", "http://127.0.0.1#@example.com/",
    "http://127.0.0.1?@example.com/", "http:127.0.0.1/", "HTTP://127.0.0.1/", " http://127.0.0.1/ ",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_spelling_of_an_inside_address_is_called(address: str) -> None:
    # A spelling that the system does not read as an address is an unknown host, or no address at all.
    assert code_of(address) in ("inside", "unknown_host", "bad_address")


def test_the_plain_spellings_are_known_to_be_inside() -> None:
    plain = [
        spelled for spelled in INSIDE if re.match(r"https?://(127\.0\.0\.1|\[|10\.|localhost/)", spelled)
    ]
    assert len(plain) > 12
    assert {code_of(address) for address in plain} == {"inside"}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("ftp://example.com/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:25/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/html,x", "scheme"),
        ("http://example.com:22/", "port"),
        ("http://example.com:8080/", "port"),
        ("https://127.0.0.1:6379/", "port"),
        ("http://user:secret@example.com/", "credentials"),
        ("http://example.com@127.0.0.1/", "credentials"),
        ("", "bad_address"),
        ("example.com", "bad_address"),
        ("http://", "bad_address"),
        ("http://./", "bad_address"),
        ("http:///etc/passwd", "bad_address"),
        ("http://[::1", "bad_address"),
        ("http://exa mple.com/", "bad_address"),
        ("http://example.com\r\nHost: inside/", "bad_address"),
        ("http://example.com:99999/", "port"),
        ("http://xn--\u00e9/", "bad_address"),
        ("http://example.com/" + "a" * 3000, "bad_address"),
        ("http://nowhere.invalid/", "unknown_host"),
    ],
)
def test_an_address_that_cannot_be_opened_is_refused_with_its_reason(address: str, code: str) -> None:
    assert code_of(address) == code


def test_an_inside_server_is_not_even_connected_to_where_a_naive_client_would_read_it() -> None:
    with serving(answering(http(200, b"inside"))) as server:
        assert httpx.get(server.url(), trust_env=False).text == "inside"
        assert code_of(server.url()) == "port"
        assert code_of(f"http://localhost:{server.port}/", client(server)) == "port"
    assert server.calls == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://127.0.0.1/", "inside"),
        ("http://localhost/", "inside"),
        ("//169.254.169.254/latest/", "inside"),
        ("http://[::1]/", "inside"),
        ("file:///etc/passwd", "scheme"),
        ("http://127.0.0.1:{other}/", "port"),
        ("http://a:b@example.com/", "credentials"),
        ("http://[", "bad_address"),
    ],
)
def test_a_redirect_is_checked_like_the_address_itself(status: int, target: str, code: str) -> None:
    with serving(answering(http(200, b"inside"))) as other:
        there = target.format(other=other.port)
        with serving(answering(http(status, b"", f"Location: {there}"))) as server:
            assert code_of(server.url(), client(server)) == code
        assert (server.calls, other.calls) == (1, 0)


def hops(count: int) -> Callable[[socket.socket, Server], None]:
    """Redirect that many times, then answer."""

    def talk(connection: socket.socket, server: Server) -> None:
        left = count - int(re.findall(rb"^GET /(\d+)", read_request(connection, server))[0])
        step = count - left + 1
        connection.sendall(http(302, b"", f"Location: /{step}") if left else http(200, b"arrived"))

    return talk


def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    with serving(hops(3)) as server:
        fetched = client(server).get(server.url("/0"))
        assert (fetched.body, fetched.url) == (b"arrived", server.url("/3"))
    with serving(hops(4)) as server:
        assert code_of(server.url("/0"), client(server)) == "too_many_redirects"
    assert server.calls == 4


def test_a_page_is_fetched_with_its_headers_and_without_its_fragment() -> None:
    page = http(200, b"<html>", "Content-Type: Text/HTML; charset=utf-8", "ETag: x", "Set-Cookie: a=b")
    with serving(answering(page)) as server:
        guarded = client(server)
        fetched = guarded.get(server.url("/page?q=é#part"), headers={"If-None-Match": "y"})
        guarded.get(server.url("/again"))
    assert (fetched.status, fetched.media_type, fetched.headers["etag"]) == (200, "text/html", "x")
    assert server.requests[0].startswith(b"GET /page?q=%C3%A9 HTTP/1.1\r\n")
    assert f"host: 127.0.0.1:{server.port}".encode() in server.requests[0].lower()
    assert b"if-none-match: y" in server.requests[0].lower()
    assert b"cookie" not in server.requests[1].lower()


def test_a_bad_status_is_the_callers_to_judge() -> None:
    with serving(answering(http(404, b"gone"))) as server:
        fetched = client(server).get(server.url())
    assert (fetched.status, fetched.body) == (404, b"gone")


def test_a_head_request_has_no_body() -> None:
    with serving(
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nContent-Type: image/png\r\n\r\n")
    ) as server:
        fetched = client(server).head(server.url())
    assert (fetched.body, fetched.media_type) == (b"", "image/png")
    assert server.requests[0].startswith(b"HEAD /")


@pytest.mark.parametrize("header", ["Authorization", "Cookie", "Host", "X-Api-Key"])
def test_a_stranger_never_gets_a_credential(header: str) -> None:
    with pytest.raises(ValueError, match="no such header"):
        GuardedClient().get("https://example.com/", headers={header: "secret"})


def test_a_packed_page_is_unpacked() -> None:
    with serving(answering(http(200, gzip.compress(b"hello"), "Content-Encoding: gzip"))) as server:
        assert client(server).get(server.url()).body == b"hello"


def silence(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    wait_until_hung_up(connection)


def drip(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(500):
        connection.sendall(b"y")
        time.sleep(0.02)


def reset_after_request(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    reset(connection)


LARGE = b"x" * 200_000
FAILURES: dict[str, tuple[Callable[[socket.socket, Server], None], str]] = {
    "silence": (silence, "too_slow"),
    "a letter at a time": (drip, "too_slow"),
    "reset": (reset_after_request, "broken"),
    "not http": (answering(b"220 smtp ready\r\n"), "broken"),
    "hang-up": (answering(b""), "broken"),
    "cut": (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), "broken"),
    "too large, said": (answering(http(200, LARGE)), "too_large"),
    "too large, unsaid": (answering(b"HTTP/1.1 200 OK\r\n\r\n" + LARGE), "too_large"),
    "bomb": (answering(http(200, gzip.compress(b"\0" * 30_000_000), "Content-Encoding: gzip")), "too_large"),
    "bomb in a bomb": (answering(http(200, b"x", "Content-Encoding: gzip, gzip")), "broken"),
}


@pytest.mark.parametrize(("talk", "code"), FAILURES.values(), ids=FAILURES)
def test_a_site_that_misbehaves_is_left(talk: Callable[[socket.socket, Server], None], code: str) -> None:
    started = time.monotonic()
    with serving(talk) as server, pytest.raises(FetchFailed) as caught:
        client(server, deadline=0.5, max_bytes=100_000).get(server.url())
    assert caught.value.code == code
    assert caught.value.status == 502
    assert time.monotonic() - started < 6


def test_one_deadline_holds_over_all_redirects() -> None:
    def slow_hop(connection: socket.socket, server: Server) -> None:
        read_request(connection, server)
        time.sleep(0.3)
        connection.sendall(http(302, b"", "Location: /again"))

    with serving(slow_hop) as server:
        assert code_of(server.url(), client(server, deadline=0.5, max_redirects=20)) in (
            "too_slow",
            "unreachable",
        )
    assert server.calls <= 3


def test_a_closed_port_is_unreachable(closed_port: int) -> None:
    server = Server(closed_port)
    assert code_of(server.url(), client(server)) == "unreachable"


def test_certificates_are_checked(certificates: Certificates) -> None:
    with serving(answering(http(200, b"ok")), certificates.server) as server:
        assert code_of(server.url(scheme="https"), client(server)) == "tls"
        trusting = client(server, trust=certificates.client)
        assert trusting.get(server.url(scheme="https")).body == b"ok"
    with serving(answering(http(200)), certificates.elsewhere) as server:
        assert code_of(server.url(scheme="https"), client(server, trust=certificates.client)) == "tls"
    assert server.requests == []


class Names:
    """A name server that answers differently each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in self.answers.pop(0)
        ]


def test_a_name_is_asked_for_once_so_that_it_cannot_change_its_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(answering(http(200, b"first answer"))) as server:
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        monkeypatch.setattr(socket, "getaddrinfo", names)
        allowed = GuardedClient(allow=frozenset({("shop.test", server.port)}))
        assert allowed.get(f"http://shop.test:{server.port}/").body == b"first answer"
    assert names.answers == [["10.0.0.1"]]
    assert f"host: shop.test:{server.port}".encode() in server.requests[0].lower()


def test_a_name_with_one_inside_address_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["93.184.215.14", "127.0.0.1"]))
    assert code_of("http://shop.test/") == "inside"


def test_an_allowed_host_may_be_this_machine_but_no_other_inside_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Names(["10.0.0.1"]))
    assert (
        code_of("http://shop.test:8000/", GuardedClient(allow=frozenset({("shop.test", 8000)}))) == "inside"
    )


def test_no_proxy_comes_in_from_outside(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{closed_port}")
    with serving(answering(http(200, b"ok"))) as server:
        assert client(server).get(server.url()).body == b"ok"


def test_refusals_and_failures_are_kept_apart() -> None:
    assert not issubclass(AddressRefused, FetchFailed)
    assert AddressRefused("inside").status == 400
