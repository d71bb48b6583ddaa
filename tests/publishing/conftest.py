"""Channels to publish to and posts to publish."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import F
from PIL import Image

from etalage.channels.actions import connect_channel
from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.networks import registry
from etalage.networks.base import Mechanism
from etalage.publishing import actions
from etalage.publishing.actions import ChannelChoice, PostContent
from etalage.publishing.delivery import machine, ticks
from etalage.publishing.delivery.reconcile import reconcile, sweep
from etalage.publishing.delivery.send import send
from etalage.publishing.models import Post, Publication
from tests.conftest import World
from tests.practice_network import PracticeNetwork, practice, practice_program
from tests.publishing.scripted import Play, fresh_play

__all__ = ["practice", "practice_program"]

NewPost = Callable[..., Post]
NewChannel = Callable[..., Channel]
TEXT = {"en": "New boots are in", "ar": "وصلت أحذية جديدة"}


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Play:
    """A network in this process, at its beginning."""
    monkeypatch.setitem(registry.CONNECTORS, "scripted", "tests.publishing.scripted:ScriptedNetwork")
    return fresh_play()


@pytest.fixture
def scripted_channel(world: World, play: Play) -> NewChannel:
    """Connect an account on the scripted network."""

    def connect(mechanism: Mechanism = Mechanism.IDEMPOTENCY_KEY, handle: str = "lune") -> Channel:
        return connect_channel(
            "scripted", "https://scripted.example", mechanism, actor=world.manager, handle=handle
        )

    return connect


@pytest.fixture
def practice_channel(world: World, practice: PracticeNetwork) -> NewChannel:
    """Open an account on the practice network and connect it."""

    def connect(face: Mechanism = Mechanism.IDEMPOTENCY_KEY, **options: Any) -> Channel:
        account = practice.open_account(face=face, **options)
        return connect_channel("practice", practice.base_url, account.token, actor=world.manager)

    return connect


@pytest.fixture
def new_post(world: World) -> NewPost:
    """A post on these channels: a draft, or published with `now=True`."""

    def make(*channels: Channel, now: bool = False, **content: Any) -> Post:
        words = {"text": TEXT, "no_picture_reason": "Only words today.", **content}
        post = actions.create_post(PostContent(**words), actor=world.member)
        actions.set_channels(post.pk, [ChannelChoice(channel.pk) for channel in channels], actor=world.member)
        post.refresh_from_db()
        if now:
            post = actions.publish_now(post.pk, post.version, actor=world.manager)
        return post

    return make


@pytest.fixture
def red_png() -> bytes:
    """A small red picture."""
    import io

    file = io.BytesIO()
    Image.new("RGB", (60, 40), "#b02020").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def traveller() -> Iterator[Callable[[timedelta], None]]:
    """Lets time pass, on the wall clock and on the lease clock; both go on ticking from there."""
    travels: list[time_machine.travel] = []

    def ahead(by: timedelta) -> None:
        to: datetime = clock.now() + by
        while travels:
            travels.pop().stop()
        travels.append(time_machine.travel(to, tick=True))
        travels[-1].start()
        _age_ticks(ticks.millis(by))

    yield ahead
    while travels:
        travels.pop().stop()


def _age_ticks(by: int) -> None:
    """The lease clock cannot be moved, so what was counted on it is moved back instead (milliseconds)."""
    names = ("leased_until", "sent_tick", "first_tick", "settle_until", "absent_since", "safe_until")
    Publication.objects.update(**{name: F(name) - by for name in names})


def one_round() -> None:
    """What the workers do every few seconds, in this thread."""
    now = clock.now()
    sweep(now)
    for claim in machine.claim_due(now, 50):
        send(claim)
    for claim in machine.claim_unknown(now, 50):
        reconcile(claim)


def rounds(ahead: Callable[[timedelta], None], publication: Publication, most: int = 60) -> Publication:
    """Let time pass until nobody works on a publication any more, or a person is asked."""
    for _number in range(most):
        one_round()
        publication.refresh_from_db()
        if publication.state in {"published", "rejected", "expired", "dropped", "withdrawn", "needs_person"}:
            break
        ahead(timedelta(minutes=5))
    return publication
