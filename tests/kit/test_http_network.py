"""A request is either answered, provably not sent, or lost: never anything in between."""

from __future__ import annotations

import gzip
import socket
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from etalage.kit.http_network import Answer, AnswerLost, NetworkClient, NotJson, NotSent

from .conftest import Certificates
from .loopback import (
    Server,
    answering,
    answering_at_once,
    http,
    read_request,
    reset,
    serving,
    wait_until_hung_up,
)


def client(server: Server, scheme: str = "http", **options: Any) -> NetworkClient:
    origin = server.url("", scheme)
    return NetworkClient(frozenset({origin}), origin, **{"timeout": 5.0, **options})


def post(server: Server, **options: Any) -> Answer:
    return client(server, **options).post("/statuses", json={"status": "Soldes"})


# --- Provably not sent ------------------------------------------------------------------------------------


def test_a_refused_connection_is_not_sent(closed_port: int) -> None:
    with pytest.raises(NotSent) as caught:
        post(Server(closed_port))
    assert caught.value.reason == "refused"


def test_an_unknown_host_is_not_sent() -> None:
    nowhere = "https://nowhere.invalid"
    with pytest.raises(NotSent) as caught:
        NetworkClient(frozenset({nowhere}), nowhere, connect_timeout=3).post("/statuses")
    assert caught.value.reason == "unknown_host"


def test_a_process_without_a_file_left_has_not_sent(closed_port: int) -> None:
    """Nor has a machine without that family of addresses: else a person would be asked whether the post is there."""
    script = (
        "import os, resource, sys\n"
        "from etalage.kit.http_network import NetworkClient, NotSent\n"
        "client = NetworkClient(frozenset({sys.argv[1]}), sys.argv[1], timeout=5.0)\n"
        "full = os.open('/dev/null', os.O_RDONLY)\n"
        "os.close(full)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (full, full))\n"
        "try:\n    client.post('/statuses', json={})\n"
        "except NotSent as why:\n    print(why.reason)\n"
    )
    address = Server(closed_port).url("", "http")
    done = subprocess.run(
        [sys.executable, "-c", script, address], capture_output=True, text=True, check=False
    )
    assert done.stdout == "unreachable\n", done.stderr


@pytest.fixture
def crowded_port() -> Iterator[int]:
    """A port whose queue is full, so that a new connection hangs."""
    with ExitStack() as open_sockets:
        listener = open_sockets.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = open_sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_connection_that_hangs_is_not_sent(crowded_port: int) -> None:
    started = time.monotonic()
    with pytest.raises(NotSent) as caught:
        post(Server(crowded_port), connect_timeout=0.3)
    assert caught.value.reason == "connect_timeout"
    assert time.monotonic() - started < 2


def test_a_server_without_tls_is_not_sent(certificates: Certificates) -> None:
    talk = answering_at_once(b"220 smtp ready\r\n")
    with serving(talk) as server, pytest.raises(NotSent) as caught:
        post(server, scheme="https", trust=certificates.client)
    assert caught.value.reason == "tls"
    assert server.requests == []


def test_an_untrusted_certificate_is_not_sent(certificates: Certificates) -> None:
    with serving(answering(http(200)), certificates.server) as server, pytest.raises(NotSent) as caught:
        post(server, scheme="https")
    assert caught.value.reason == "tls"
    assert server.requests == []


def test_a_certificate_of_another_host_is_not_sent(certificates: Certificates) -> None:
    with serving(answering(http(200)), certificates.elsewhere) as server, pytest.raises(NotSent) as caught:
        post(server, scheme="https", trust=certificates.client)
    assert caught.value.reason == "tls"
    assert server.requests == []


def test_a_handshake_that_hangs_is_not_sent(certificates: Certificates) -> None:
    with (
        serving(lambda connection, _: wait_until_hung_up(connection)) as server,
        pytest.raises(NotSent) as caught,
    ):
        post(server, scheme="https", trust=certificates.client, connect_timeout=0.3)
    assert caught.value.reason == "connect_timeout"


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1:1/",
        "http://localhost:{port}/",
        "https://127.0.0.1:{port}/",
        "http://user:secret@127.0.0.1:{port}/",
        "http://127.0.0.1:{port}@evil.example/",
        "//evil.example/",
        "http://evil.example\\@127.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
    ],
)
def test_a_host_that_is_not_listed_is_never_called(path: str) -> None:
    with serving(answering(http(200))) as server:
        try:
            client(server).get(path.format(port=server.port), headers={"authorization": "Bearer secret"})
        except NotSent as problem:
            assert problem.reason in ("address_not_listed", "bad_request")
            assert server.calls == 0
        else:
            # What does not name another host is a path on the listed one.
            assert path.startswith("//")
            assert b"host: 127.0.0.1" in server.requests[0].lower()


@pytest.mark.parametrize(
    "wrong",
    [{"headers": {"x": "a\r\nb: c"}}, {"headers": {"é": "x"}}, {"headers": {"x": "وشاح"}}, {"json": {1, 2}}],
    ids=["split header", "header name", "header text", "not json"],
)
def test_a_request_that_cannot_be_written_is_not_sent(wrong: dict[str, Any]) -> None:
    with serving(answering(http(200))) as server, pytest.raises(NotSent) as caught:
        client(server).request("POST", "/statuses", **wrong)
    assert caught.value.reason == "bad_request"
    assert server.requests == []


def test_an_inside_address_is_not_sent_where_only_public_ones_may_be() -> None:
    with serving(answering(http(200))) as server, pytest.raises(NotSent) as caught:
        post(server, public_only=True)
    assert caught.value.reason == "inside_address"
    assert server.calls == 0


# --- Lost: sent, and nobody knows --------------------------------------------------------------------------


def silence(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    wait_until_hung_up(connection)


def reset_after_request(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    reset(connection)


def hang_up_after_request(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)


def reset_within_request(connection: socket.socket, server: Server) -> None:
    connection.recv(10)
    reset(connection)


def reset_within_body(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    reset(connection)


def drip(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"y" * 200:
        connection.sendall(bytes([letter]))
        time.sleep(0.02)


def drip_body(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n")
    for _ in range(200):
        connection.sendall(b"y")
        time.sleep(0.02)


def wait_a_moment_for_ever(connection: socket.socket, server: Server) -> None:
    read_request(connection, server)
    for _ in range(200):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


CUT = b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"
CUT_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf"
CUT_GZIP = http(200, gzip.compress(b"x" * 5000)[:-12], "Content-Encoding: gzip")
LOST: dict[str, tuple[Callable[[socket.socket, Server], None], str, int | None]] = {
    "silence": (silence, "read_timeout", None),
    "reset": (reset_after_request, "reset", None),
    "hang-up": (hang_up_after_request, "reset", None),
    "reset within the request": (reset_within_request, "reset", None),
    "reset within the answer": (reset_within_body, "reset", 200),
    "head a letter at a time": (drip, "read_timeout", None),
    "body a letter at a time": (drip_body, "read_timeout", 201),
    "endless please wait": (wait_a_moment_for_ever, "read_timeout", None),
    "body cut": (answering(CUT), "truncated", 201),
    "chunk cut": (answering(CUT_CHUNK), "truncated", 200),
    "gzip cut": (answering(CUT_GZIP), "truncated", 200),
    "not http": (answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "not_http", None),
    "head cut": (answering(b"HTTP/1.1 200 OK\r\nContent-"), "reset", None),
    "two lengths": (
        answering(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"),
        "not_http",
        None,
    ),
    "endless head": (answering(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000), "not_http", None),
    "wrong gzip": (answering(http(200, b"plain", "Content-Encoding: gzip")), "not_http", 200),
    "unknown packing": (answering(http(200, b"plain", "Content-Encoding: br")), "not_http", 200),
    "too large": (answering(http(200, b"x" * 200_000)), "too_large", 200),
    "gzip bomb": (
        answering(http(200, gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip")),
        "too_large",
        200,
    ),
}


@pytest.mark.parametrize(("talk", "reason", "status"), LOST.values(), ids=LOST)
def test_once_a_byte_has_left_the_outcome_is_unknown(
    talk: Callable[[socket.socket, Server], None], reason: str, status: int | None
) -> None:
    started = time.monotonic()
    with serving(talk) as server, pytest.raises(AnswerLost) as caught:
        post(server, timeout=0.5, max_bytes=100_000)
    assert (caught.value.reason, caught.value.status) == (reason, status)
    assert server.calls == 1, "a lost request must not be tried again"
    assert time.monotonic() - started < 6


def test_a_packed_bomb_is_never_unpacked_in_memory() -> None:
    bomb = http(200, gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip")
    with serving(answering(bomb)) as server:
        tracemalloc.start()
        with pytest.raises(AnswerLost):
            post(server, max_bytes=100_000)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5_000_000


def test_the_deadline_of_one_request_holds_for_all_of_it() -> None:
    started = time.monotonic()
    with serving(drip) as server, pytest.raises(AnswerLost):
        client(server, timeout=60).request("GET", "/", timeout=0.4)
    assert time.monotonic() - started < 2


def test_a_request_nobody_reads_is_lost_and_not_unsent() -> None:
    def never_reads(connection: socket.socket, server: Server) -> None:
        done.wait(10)

    done = threading.Event()
    with serving(never_reads) as server:
        with pytest.raises(AnswerLost) as caught:
            client(server).request("POST", "/media", content=b"x" * 50_000_000, timeout=0.5)
        done.set()
    assert caught.value.reason == "write_timeout"


def test_a_secure_answer_without_a_goodbye_is_lost(certificates: Certificates) -> None:
    def cut(connection: socket.socket, server: Server) -> None:
        read_request(connection, server)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        connection.shutdown(socket.SHUT_RDWR)  # below TLS, so that no goodbye is said

    with serving(cut, certificates.server) as server, pytest.raises(AnswerLost) as caught:
        post(server, scheme="https", trust=certificates.client)
    assert caught.value.status == 200


# --- Answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 204, 301, 302, 307, 308, 400, 401, 422, 429, 500, 502, 503])
def test_every_status_is_an_answer(status: int) -> None:
    body = b"" if status == 204 else b'{"id": "1"}'
    with serving(answering(http(status, body, "Location: http://127.0.0.1:1/", "Retry-After: 3"))) as server:
        answer = post(server)
    assert (answer.status, answer.ok) == (status, 200 <= status < 300)
    assert answer.headers["retry-after"] == "3"
    assert server.calls == 1


def test_json_goes_out_and_comes_back() -> None:
    with serving(
        answering(http(200, '{"text": "وشاح"}'.encode(), "Content-Type: application/json"))
    ) as server:
        answer = client(server, headers={"Authorization": "Bearer t"}).post("statuses", json={"status": "é"})
    assert answer.json() == {"text": "وشاح"}
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /statuses HTTP/1.1")
    assert b"authorization: bearer t" in head.lower()
    assert b"content-type: application/json" in head.lower()
    assert body == '{"status":"é"}'.encode()


def test_a_path_hangs_below_the_base_and_parameters_are_joined() -> None:
    with serving(answering(http(200))) as server:
        origin = server.url("")
        below = NetworkClient(frozenset({origin}), f"{origin}/api/v1")
        below.get("/timelines?limit=2", params={"since": "a b", "tag": ["x", "y"]})
        below.get(f"{origin}/elsewhere?page=2")
    assert server.requests[0].startswith(b"GET /api/v1/timelines?limit=2&since=a+b&tag=x&tag=y HTTP/1.1")
    assert server.requests[1].startswith(b"GET /elsewhere?page=2 HTTP/1.1")


def test_a_file_and_form_fields_are_uploaded() -> None:
    with serving(answering(http(200))) as server:
        client(server).request(
            "POST",
            "/media",
            data={"description": "Écharpe"},
            files={"file": ("a.jpg", b"\xff\xd8", "image/jpeg")},
        )
    assert b"multipart/form-data; boundary=" in server.requests[0]
    assert b'filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n' in server.requests[0]
    assert "Écharpe".encode() in server.requests[0]


def test_a_packed_answer_is_unpacked_and_repeated_headers_are_joined() -> None:
    packed = http(200, gzip.compress(b"hello"), "Content-Encoding: gzip", "Link: <a>", "Link: <b>")
    with serving(answering(packed)) as server:
        answer = client(server).get("/")
    assert (answer.body, answer.headers["link"]) == (b"hello", "<a>, <b>")


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"id": ', b"\xff\xfe\x00", b"[" * 200_000])
def test_nonsense_in_place_of_json_is_said(body: bytes) -> None:
    with pytest.raises(NotJson):
        Answer(200, {}, body).json()


def test_an_early_refusal_of_a_large_upload_is_an_answer() -> None:
    def too_large(connection: socket.socket, server: Server) -> None:
        connection.recv(1000)
        connection.sendall(http(413))
        wait_until_hung_up(connection)

    with serving(too_large) as server:
        answer = client(server).request("POST", "/media", content=b"x" * 3_000_000)
    assert answer.status == 413


def test_a_secure_network_is_called_by_its_name(certificates: Certificates) -> None:
    with serving(answering(http(200, b"ok")), certificates.server) as server:
        assert post(server, scheme="https", trust=certificates.client).body == b"ok"


def test_no_cookie_and_no_proxy_comes_in_from_outside(
    monkeypatch: pytest.MonkeyPatch, closed_port: int
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    with serving(answering(http(200, b"ok", "Set-Cookie: a=b"))) as server:
        caller = client(server)
        assert caller.get("/").body == caller.get("/").body == b"ok"
    assert server.calls == 2
    assert not any(b"cookie" in request.lower() for request in server.requests)
