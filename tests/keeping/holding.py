"""A shop's program that connects accounts as it is told, line by line, and keeps its database open between the lines.

`python -m tests.keeping.holding`: each line of its input is a deed with its words, as JSON; a line answers it.
It ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

BROWSER = "the session of a browser"


def begin(network: str, address: str, handle: str) -> str:
    """Ask an account's owner at the network; where the person is sent."""
    from etalage.channels.actions import begin_connecting

    return begin_connecting(network, address, "en", session=BROWSER, actor=owner(), handle=handle).url


def finish(answer: dict[str, str]) -> str:
    """Take the person back; the channel's key."""
    from etalage.channels.actions import finish_connecting

    return str(finish_connecting(answer, session=BROWSER, actor=owner()).pk)


def typed(network: str, address: str, handle: str, token: str) -> str:
    """Connect with what a person typed; the channel's key, or the code of the refusal."""
    from etalage.channels.actions import connect_channel
    from etalage.kit.errors import Refusal

    try:
        return str(connect_channel(network, address, token, actor=owner(), handle=handle).pk)
    except Refusal as refusal:
        return refusal.code


def use(channel: str) -> list[str]:
    """Publish, listen, measure and renew on it; what became of the post, and how its detail begins."""
    from etalage.channels import actions as channels
    from etalage.channels.models import Channel, Grant, Listening
    from etalage.jobs.idle import run_until_idle
    from etalage.kit import clock
    from etalage.publishing import actions
    from etalage.publishing.actions import ChannelChoice, PostContent

    words = PostContent(text={"en": "Boots"}, no_picture_reason="Only words today.")
    post = actions.create_post(words, actor=owner())
    actions.set_channels(post.pk, [ChannelChoice(Channel.objects.get(pk=channel).pk)], actor=owner())
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=owner())
    run_until_idle(raising=False)
    key = Channel.objects.get(pk=channel).pk
    Grant.objects.filter(channels=key).update(renew_at=clock.now())
    Listening.objects.filter(channel=key).update(due_at=clock.now(), measure_due_at=clock.now())
    for deed in (
        channels.renew_grant,
        channels.read_channel,
        channels.measure_channel,
        channels.refresh_abilities,
    ):
        deed(key)
    run_until_idle(raising=False)
    publication = post.publications.get()
    return [publication.state, publication.detail[:1]]


def leave(channel: str) -> int:
    """Give the channel up; how many grants are left."""
    from etalage.channels import actions
    from etalage.channels.models import Channel, Grant
    from etalage.jobs.idle import run_until_idle

    actions.disconnect_channel(Channel.objects.get(pk=channel).pk, actor=owner())
    run_until_idle(raising=False)
    return Grant.objects.count()


def kept() -> list[str]:
    """Every secret of networks that this shop holds, as it reads them itself."""
    from etalage.channels.models import Asking, Grant, Introduction

    found = [str(one.key) for one in Introduction.objects.all()]
    for grant in Grant.objects.all():
        found += [str(grant.access_token), str(grant.refresh_token), *texts_in(str(grant.memory))]
    for asking in Asking.objects.all():
        found += texts_in(str(asking.memory))
    return [one for one in found if len(one) >= 20 and ":" not in one]  # no addresses and names


def texts_in(memory: str) -> list[str]:
    """The texts in what a connector keeps, those in a text within it too."""
    found: list[str] = []
    for value in json.loads(memory).values() if memory.startswith("{") else ():
        found += texts_in(value) if value.startswith("{") else [value]
    return found


def owner() -> Any:
    from etalage.accounts.models import Member, Role

    return Member.objects.get(role=Role.OWNER)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")
    import django

    django.setup()
    for line in sys.stdin:
        deed, *words = json.loads(line)
        print(json.dumps(globals()[deed](*words)), flush=True)
