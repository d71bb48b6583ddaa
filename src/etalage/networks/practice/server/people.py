"""Simulated people: they read, like, comment, share, follow, click the shop's links and reserve. Seeded by chance."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Coroutine
from dataclasses import dataclass

import httpx

from etalage.networks.counting import LINK
from etalage.networks.practice.server import acts, statuses
from etalage.networks.practice.server.acts import Author
from etalage.networks.practice.server.browsing import Browser, Visit, Visitor, fill, is_of_shop
from etalage.networks.practice.server.happenings import happen
from etalage.networks.practice.server.ledger import Row, clock
from etalage.networks.practice.server.people_texts import (
    BROWSERS,
    NAMES,
    PRAISE,
    PREVIEWERS,
    QUESTIONS,
    THANKS,
)
from etalage.networks.practice.server.world import World

logger = logging.getLogger("practice.people")

REST = 0.5  # seconds between looks at the pace while everybody rests
VISITS_AT_ONCE = 4
FEED = 40  # how far down people scroll
HALF_LIFE = 6 * 3600.0  # seconds after which a post is read half as often


@dataclass
class Person:
    """Somebody with a language and habits; the habits are chances between 0 and 1 per read post."""

    author: Author
    language: str
    visitor: Visitor
    browser: Browser
    likes: float
    comments: float
    shares: float
    clicks: float
    reserves: float  # chance per visit of a product page

    def understands(self, language: str) -> bool:
        """Everybody reads English and their own language."""
        return language in (self.language, "en")


def make_people(world: World, chance: random.Random, transport: httpx.AsyncBaseTransport) -> list[Person]:
    """The same seed makes the same people."""
    return [
        Person(
            author=Author(f"person:{handle}", handle, name),
            language=language,
            visitor=Visitor(name, f"{handle}@people.example", agrees=chance.random() < 0.65),
            browser=Browser(world.shop, chance.choice(BROWSERS), language, transport),
            likes=chance.uniform(0.05, 0.4),
            comments=chance.uniform(0.02, 0.14),
            shares=chance.uniform(0.0, 0.06),
            clicks=chance.uniform(0.08, 0.4),
            reserves=chance.uniform(0.05, 0.35),
        )
        for language, names in NAMES.items()
        for name, handle in names
    ]


class People:
    """Everybody on the network, for as long as it runs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = random.Random(world.seed)  # noqa: S311 chance in a play, not a secret
        self.transport = httpx.AsyncHTTPTransport()
        self.people = make_people(world, self.chance, self.transport)
        self.previewers = [Browser(world.shop, agent, "en", self.transport) for agent in PREVIEWERS]
        self.visits = asyncio.Semaphore(VISITS_AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()
        self.previewed = world.ledger.value("SELECT MAX(id) FROM statuses") or 0

    async def run(self) -> None:
        """Live until cancelled. What goes wrong is logged and stops nobody."""
        while True:
            pace = self.world.pace
            if pace <= 0:
                await asyncio.sleep(REST)
                continue
            await asyncio.sleep(min(self.chance.expovariate(pace / 60.0), 30.0))
            try:
                self._preview_new_posts()
                self._act()
            except Exception:
                logger.exception("somebody stumbled")

    # --- One moment in somebody's day ---------------------------------------------------------------------------

    def _act(self) -> None:
        """Somebody opens the network, reads a post and perhaps does something."""
        person = self.chance.choice(self.people)
        if self.chance.random() < 0.15 and self._thank():
            return
        status = self._pick(person)
        if status is None:
            return
        acts.count(self.world.ledger, status["id"], "views")
        appeal = appeal_of(status)
        if self.chance.random() < person.likes * appeal:
            self._do("like", person, status)
        if self.chance.random() < person.comments * appeal:
            self._do("comment", person, status, text=self._words(person))
        if self.chance.random() < person.shares * appeal:
            self._do("share", person, status)
        if self.chance.random() < 0.02:
            happen(self.world, "follow", person.author, status["account_id"])
        if self.chance.random() < person.clicks * appeal and (link := self._shop_link(status)):
            self._start(self._visit(person, status, link))

    def _pick(self, person: Person) -> Row | None:
        """A post of the feed: new ones, ones in an understood language and ones with pictures rather than others."""
        rows = statuses.newest(self.world.ledger, limit=FEED)
        if not rows:
            return None
        weights = [
            0.5 ** ((clock() - row["at"]) / HALF_LIFE)
            * (1.0 if person.understands(row["language"]) else 0.15)
            + 1e-6
            for row in rows
        ]
        return self.chance.choices(rows, weights)[0]

    def _do(self, kind: str, person: Person, status: Row, text: str = "") -> None:
        happen(
            self.world, kind, person.author, status["account_id"],
            status_id=status["id"], text=text, language=person.language if text else "",
        )  # fmt: skip

    def _words(self, person: Person) -> str:
        kind = QUESTIONS if self.chance.random() < 0.55 else PRAISE
        return self.chance.choice(kind[person.language])

    def _thank(self) -> bool:
        """Somebody whom the shop answered says thanks, once."""
        row = self.world.ledger.row(
            "SELECT answer.id, answer.account_id, answer.status_id, asked.author_id FROM acts answer "
            "JOIN acts asked ON asked.id = answer.reply_to WHERE answer.author_id LIKE 'account:%' "
            "AND asked.author_id LIKE 'person:%' AND NOT EXISTS (SELECT 1 FROM acts later "
            "WHERE later.reply_to = answer.id) ORDER BY answer.id DESC LIMIT 1"
        )
        asker = next((person for person in self.people if row and person.author.id == row["author_id"]), None)
        if row is None or asker is None:
            return False
        happen(
            self.world, "comment", asker.author, row["account_id"], status_id=row["status_id"],
            reply_to=row["id"], text=self.chance.choice(THANKS[asker.language]), language=asker.language,
        )  # fmt: skip
        return True

    # --- Visits to the shop -------------------------------------------------------------------------------------

    def _shop_link(self, status: Row) -> str | None:
        """The first link of a post that leads to the shop."""
        links = [*LINK.findall(status["text"]), status["link"]]
        return next((link for link in links if is_of_shop(link, self.world.shop)), None)

    def _start(self, visit: Coroutine[None, None, None]) -> None:
        """Let a visit go its own way."""
        task = asyncio.create_task(visit)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _visit(self, person: Person, status: Row, link: str) -> None:
        """Open the link, perhaps agree to be recognised, perhaps reserve."""
        async with self.visits:
            acts.count(self.world.ledger, status["id"], "clicks")
            try:
                page = await self._arrive(person, link)
                if self.chance.random() < person.reserves and await self._reserve(person, page):
                    acts.count(self.world.ledger, status["id"], "reservations")
                    logger.info("%s reserved after post %s", person.author.handle, status["id"])
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                logger.warning("visit of %s failed: %r", link, error)

    async def _arrive(self, person: Person, link: str) -> Visit:
        """Land on the page of a link; agree to the shop's question where this person does."""
        page = await person.browser.open(link)
        consent = page.consent()
        if consent is not None and person.visitor.agrees:
            await person.browser.send(page, consent, fill(consent, person.visitor, self.chance))
            page = await person.browser.open(page.url)
        return page

    async def _reserve(self, person: Person, page: Visit) -> bool:
        """Fill in the reserve form, on this page or behind one of its products. True when the shop took it."""
        if page.form("reserve") is None and (products := page.products()):
            page = await person.browser.open(self.chance.choice(products))
        form = page.form("reserve")
        if form is None:
            return False
        answer = await person.browser.send(page, form, fill(form, person.visitor, self.chance))
        return answer.status < 400 and answer.form("reserve") is None

    def _preview_new_posts(self) -> None:
        """Programs fetch the links of new posts at once, as they do everywhere; those of the past they saw long ago."""
        rows = self.world.ledger.rows(
            "SELECT id, text, link FROM statuses WHERE id > ? AND at >= ? AND removed_at IS NULL ORDER BY id",
            self.previewed,
            self.world.started_at,
        )
        for row in rows:
            self.previewed = row["id"]
            if link := self._shop_link(row):
                for browser in self.chance.sample(self.previewers, 2):
                    self._start(self._preview(browser, row["id"], link))

    async def _preview(self, browser: Browser, status_id: int, link: str) -> None:
        async with self.visits:
            acts.count(self.world.ledger, status_id, "previews")
            try:
                await browser.open(link)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                logger.warning("preview of %s failed: %r", link, error)


def appeal_of(status: Row) -> float:
    """How much a post draws people, 0.4 to 1.6: its own luck, the same for everybody and for ever."""
    return 0.4 + 1.2 * random.Random(status["id"]).random()  # noqa: S311 chance in a play, not a secret
