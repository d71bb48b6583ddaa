"""A change that one process notes is heard by the pages that are open, and nothing private is in the stream."""

import socket
import threading
import time

import httpx
import pytest
import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.test import Client

from etalage.accounts.actions import change_member
from etalage.accounts.models import Member, Role
from etalage.jobs.live import tell


@pytest.fixture
def server(transactional_db):
    """The product on a real ASGI server on a port of its own."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        get_asgi_application(), log_level="warning", timeout_graceful_shutdown=1, lifespan="off"
    )
    program = uvicorn.Server(config)
    thread = threading.Thread(target=program.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not program.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://localhost:{listener.getsockname()[1]}"
    program.should_exit = True
    thread.join(60)
    listener.close()


@pytest.fixture
def cookies(transactional_db):
    member = Member.objects.create_user("mia@maisonlune.example", "a-long-password", role=Role.COUNTER)
    client = Client()
    client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


def test_a_change_reaches_an_open_page_by_name_only(server, cookies):
    with httpx.stream("GET", f"{server}/live/", cookies=cookies, timeout=120) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-store"
        lines = stream.iter_lines()
        assert next(lines) == ": hello"
        heard = []
        stop = threading.Event()
        teller = threading.Thread(target=_tell_until, args=(stop,))
        teller.start()
        try:
            for line in lines:
                heard.append(line)
                if "event: orders" in heard and "event: posts" in heard:
                    break
        finally:
            stop.set()
            teller.join(60)
    assert set(heard) <= {"", "event: posts", "event: orders", "data:", ": still here"}


def test_a_page_hears_what_changed_while_it_was_drawn(server, cookies):
    tell("posts")
    with httpx.stream("GET", f"{server}/live/", cookies=cookies, timeout=120) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": hello"
        assert next(line for line in lines if line) == "event: posts"


def _tell_until(stop):
    # Told again and again: the poller only follows what comes after its own first look.
    from django.db import connections

    while not stop.wait(0.2):
        tell("posts")
        tell("orders")
    connections.close_all()


def test_who_is_shut_out_hears_no_more(server, cookies):
    owner = Member.objects.create_user("lune@maisonlune.example", "a-long-password", role=Role.OWNER)
    mia = Member.objects.get(email="mia@maisonlune.example")
    with httpx.stream("GET", f"{server}/live/", cookies=cookies, timeout=120) as stream:
        lines = stream.iter_lines()
        assert next(lines) == ": hello"
        change_member(owner, mia, role=Role.COUNTER, store=None, is_active=False)
        for line in lines:
            assert line != ": still here"


def test_strangers_hear_nothing(server):
    answer = httpx.get(f"{server}/live/", follow_redirects=False, timeout=120)
    assert answer.status_code == 302 and "/account/login/" in answer.headers["location"]


def test_a_listener_hears_each_name_once_however_often_it_was_told():
    import asyncio

    from etalage.web.live import Listener

    async def listen():
        listener = Listener()
        listener.tell(["posts", "orders"])
        listener.tell(["posts"])
        first = await listener.next(1)
        return first, await listener.next(0.01)

    assert asyncio.run(listen()) == (["posts", "orders"], [])
