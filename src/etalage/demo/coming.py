"""What still lies ahead in the demo: scheduled posts, one that waits for approval, and a draft."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from etalage.accounts.models import Member
from etalage.channels.models import Channel
from etalage.demo.goods import Names
from etalage.demo.past import Past
from etalage.demo.people import House
from etalage.demo.sayings import ARRIVALS, CARE
from etalage.demo.shelves import Ware
from etalage.demo.stage import words
from etalage.kit import clock
from etalage.publishing.actions import (
    ChannelChoice,
    PostContent,
    add_product_picture,
    save_post,
    schedule_post,
    submit_for_review,
)
from etalage.publishing.models import Campaign, Post

AHEAD_HOURS = (20.0, 44.5, 50.0, 93.0, 141.5)


def plan_ahead(
    past: Past, house: House, channels: Sequence[Channel], wares: list[Ware], campaigns: Sequence[Campaign]
) -> list[Post]:
    """Write them as people would: through the composer's own doors."""
    chance = past.chance("ahead")
    posts = []
    for hours in AHEAD_HOURS:
        due_at = _round(past, past.now + timedelta(hours=hours))
        post = write_post(chance, house.authors[0], channels, wares, chance.choice((*ARRIVALS, *CARE)))
        posts.append(schedule_post(post.pk, post.version, due_at, actor=house.manager))
    waiting = write_post(
        chance,
        house.authors[1],
        channels,
        wares,
        ARRIVALS[0],
        due_at=_round(past, past.now + timedelta(hours=30)),
    )
    posts.append(submit_for_review(waiting.pk, waiting.version, actor=house.authors[1]))
    posts.append(write_post(chance, house.authors[0], channels[:2], wares, CARE[1], campaign=campaigns[-1]))
    return posts


def write_post(
    chance: Random,
    author: Member,
    channels: Sequence[Channel],
    wares: list[Ware],
    saying: Names,
    *,
    due_at: datetime | None = None,
    campaign: Campaign | None = None,
) -> Post:
    """A draft about one product, with its picture, for some of the channels."""
    ware = chance.choice(wares)
    content = PostContent(
        text=words(saying, ware), campaign_id=campaign.pk if campaign else None, due_at=due_at
    )
    chosen = chance.sample(list(channels), min(len(channels), chance.choice((2, 3, 4))))
    choices = [ChannelChoice(channel.pk) for channel in chosen]
    post = save_post(None, 0, content, [ware.product.pk], choices, actor=author)
    add_product_picture(post.pk, ware.picture.pk, actor=author)
    post.refresh_from_db()
    return post


def _round(past: Past, moment: datetime) -> datetime:
    """The next half hour of shop hours on that day."""
    local = moment.astimezone(past.zone)
    return past.at(clock.local_day(moment, past.zone), min(max(9, local.hour), 19) + 0.5)
