"""Makes the demo shop: the same seed and the same moment make the same shop, to the cent."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from etalage.channels.actions import connect_channel
from etalage.channels.models import Channel
from etalage.demo.books import draw_refunds, save_sales, save_visits
from etalage.demo.coming import plan_ahead
from etalage.demo.delivered import PUBLISHED, Ending, choose_endings, save_deliveries, text_of
from etalage.demo.network import ACCOUNTS, PracticeNetwork
from etalage.demo.past import Past, Scale
from etalage.demo.people import House, gather_town, open_house, save_town
from etalage.demo.pictures import Drawer
from etalage.demo.sales import Selling
from etalage.demo.sayings import ANSWERED
from etalage.demo.shelves import fill_shelves, save_shelves
from etalage.demo.stage import Stage, save_posts, set_stage
from etalage.demo.visits import Visits
from etalage.insights.actions.credit import recompute_all
from etalage.insights.actions.days import mark_click_days, rebuild_stale_days
from etalage.kit import clock
from etalage.publishing import links

Say = Callable[[str], None]
Remote = dict[Any, tuple[str, str, str]]  # publication id → id and address on the network, id of its picture
RECENT = 12  # posts that were commented on


@dataclass(frozen=True)
class Seeded:
    """How much was made."""

    products: int
    posts: int
    publications: int
    orders: int
    touches: int
    credits: int


@contextmanager
def hasty() -> Iterator[None]:
    """Let SQLite wait for the disk once, at the end: a shop that is cut off while it is made is made anew."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous=OFF")
        yield
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def seed_shop(
    network: PracticeNetwork, drawer: Drawer, *, seed: int, now: datetime, scale: Scale, say: Say
) -> Seeded:
    """Fill an empty, migrated database and an empty practice network. All of the shop is one transaction.

    `drawer` draws as many pictures of the same seed as there are products.
    """
    past = Past(seed, now)
    wares = fill_shelves(past, scale.products)
    with transaction.atomic():
        house = open_house()
        save_shelves(past, wares, house.stores)
        town = gather_town(past, scale.customers, house.stores)
        save_town(past, town)
        tokens, channels = _connect(network, house)
        say(f"Writing {scale.posts} posts in four languages …")
        stage = set_stage(past, scale.posts, house, channels, wares)
        save_posts(stage)
        endings = choose_endings(stage)
        drawer.finish()
        with ThreadPoolExecutor(1, thread_name_prefix="network") as pool:
            standing = pool.submit(_put_on_network, network, tokens, stage, endings)
            say("Ringing up six weeks of sales …")
            visits = Visits(past, town, stage)
            visits.of_posts()
            visits.of_shelves(scale.shelf_visits, wares, house.stores)
            sales = Selling(past, house, town, stage, wares).everything(scale, visits.wishes)
            refunds = draw_refunds(past, sales)
            save_sales(sales, refunds)
            save_visits(visits, sales)
            save_deliveries(past, stage, house, endings, standing.result())
        plan_ahead(past, house, channels, wares, stage.campaigns)
        say("Working out which post sold what …")
        credits = recompute_all()
        mark_click_days(clock.from_micros(touch.ts_us) for touch in visits.touches)
    rebuild_stale_days()
    return Seeded(
        products=len(wares),
        posts=len(stage.said),
        publications=sum(len(said.shown) for said in stage.said),
        orders=len(sales.orders),
        touches=len(visits.touches) + len(sales.touches),
        credits=credits,
    )


def _connect(network: PracticeNetwork, house: House) -> tuple[dict[str, str], list[Channel]]:
    """Open the shop's accounts and connect them as channels, as an owner would."""
    tokens = {
        handle: network.open_account(handle, name, language, face)
        for handle, name, language, face in ACCOUNTS
    }
    channels = [
        connect_channel("practice", network.address, tokens[handle], actor=house.owner, language=language)
        for handle, _name, language, _face in ACCOUNTS
    ]
    return tokens, channels


def _put_on_network(
    network: PracticeNetwork, tokens: dict[str, str], stage: Stage, endings: dict[Any, Ending]
) -> Remote:
    """Copy each post's picture, upload it to each account, and let the statuses stand there with their figures."""
    found: Remote = {}
    waiting: dict[str, list[tuple[Any, str, dict[str, Any]]]] = {handle: [] for handle in tokens}
    media = Path(settings.MEDIA_ROOT)
    (media / "posts").mkdir(parents=True, exist_ok=True)
    for said in stage.said:
        place = media / str(said.picture.file.name)
        shutil.copyfile(media / str(said.wares[0].picture.file.name), place)
        picture = place.read_bytes()
        for shown in said.shown:
            row, handle = shown.publication, shown.publication.channel.handle
            media_id = network.upload(tokens[handle], picture)
            found[row.pk] = ("", "", media_id)
            if endings.get(row.pk, PUBLISHED).stands_there:
                alt = said.picture.alt.in_language(row.language)
                status = {
                    "text": text_of(shown, said),
                    "language": row.language,
                    "link": links.address_of(shown.link),
                    "pictures": [{"id": media_id, "alt": alt}],
                    "at": shown.at.timestamp(),
                    **shown.figures,
                }
                waiting[handle].append((row.pk, media_id, status))
    for handle, items in waiting.items():
        ids = network.put_in_the_past(handle, [status for _pk, _media, status in items])
        for (pk, media_id, _status), status_id in zip(items, ids, strict=True):
            found[pk] = (status_id, f"{network.address}/posts/{status_id}", media_id)
    _comment(network, stage, found)
    return found


def _comment(network: PracticeNetwork, stage: Stage, standing: Remote) -> None:
    """Let a few people have said something on the last posts, in the language of each."""
    for said in stage.said[-RECENT:]:
        for number, shown in enumerate(said.shown):
            status_id = standing[shown.publication.pk][0]
            remarks = ANSWERED[shown.publication.language]
            if status_id:
                author, text = remarks[(len(said.post.text) + number + said.picture.pk.int) % len(remarks)]
                channel = shown.publication.channel
                network.let_comment(channel.handle, status_id, author, channel.language, text)
