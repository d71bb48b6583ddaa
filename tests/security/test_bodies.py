"""Bodies without end are not kept: the sender reads a sentence, and nothing else is done."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
from django.core.asgi import get_asgi_application
from pytest_django.fixtures import Settings

from etalage.web.bodies import LimitedBodies, limit_for

Message = MutableMapping[str, Any]


def parts(size: int, *, of: int = 1024) -> Iterator[Message]:
    """A body of `size` bytes, as a server hands it on."""
    for place in range(0, size, of):
        rest = min(of, size - place)
        yield {"type": "http.request", "body": b"a" * rest, "more_body": place + rest < size}


def send(size: int, *headers: tuple[bytes, bytes], path: str = "/language/") -> tuple[int, str, int]:
    """Status and text of the answer to a body of that size, and how many of its parts were read."""
    body, read, said = parts(size), 0, []

    async def receive() -> Message:
        nonlocal read
        read += 1
        if (part := next(body, None)) is not None:
            return part
        await asyncio.Event().wait()  # the sender stays, to read the answer
        raise AssertionError

    async def hear(message: Message) -> None:
        said.append(message)

    kind = (b"content-type", b"application/x-www-form-urlencoded")
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"accept", b"text/html"), kind, *headers],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8000),
        "scheme": "http",
        "http_version": "1.1",
    }
    asyncio.run(LimitedBodies(get_asgi_application())(scope, receive, hear))
    text = b"".join(message.get("body", b"") for message in said).decode()
    return (said[0]["status"] if said else 0), text, read


@pytest.fixture(autouse=True)
def _small(settings: Settings) -> None:
    settings.MAX_BODY_BYTES, settings.MAX_IMPORT_BODY_BYTES = 10_000, 100_000


def length(size: int) -> tuple[bytes, bytes]:
    return b"content-length", str(size).encode()


@pytest.mark.django_db(transaction=True)
def test_a_body_that_says_that_it_is_too_large_is_read_past_and_told_so() -> None:
    status, text, read = send(50_000, length(50_000))
    assert status == 413 and "larger than we can take" in text
    assert read >= 49  # the sender could send it all, or it would see a broken connection only


@pytest.mark.django_db(transaction=True)
def test_a_body_that_does_not_say_its_size_is_cut_off() -> None:
    status, _text, read = send(1_000_000)
    assert status in {0, 400, 413} and read < 15


@pytest.mark.django_db(transaction=True)
def test_an_ordinary_form_comes_through_to_where_forms_are_checked() -> None:
    assert send(2_000, length(2_000))[0] == 403  # it has no token


def test_files_to_import_may_be_larger_than_all_else() -> None:
    assert limit_for("/import/") == 100_000
    assert limit_for("/imports-of-another-kind/") == limit_for("/posts/new/") == 10_000
