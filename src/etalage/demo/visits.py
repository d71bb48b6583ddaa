"""Who followed which link, with or without consent, and which of them bought something because of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from etalage.accounts.models import Store
from etalage.demo.past import Past
from etalage.demo.people import Shopper, Town
from etalage.demo.shelves import Ware
from etalage.demo.stage import Said, Shown, Stage
from etalage.insights.models import Touch, TouchKind
from etalage.kit import clock
from etalage.publishing.links import CODE_LENGTH, product_target
from etalage.publishing.models import LinkKind, TrackedLink

LABELS = 36  # products with a code on the shelf
AGREED = 0.34  # share of visits by people who agreed to be recognised
ROBOTS = 0.07


@dataclass(frozen=True)
class Wish:
    """Somebody wants something after a visit. `link` is how they came."""

    shopper: Shopper
    ware: Ware
    at: datetime
    link: TrackedLink | None
    store: Store | None = None  # they stand in it


class Visits:
    """Draws visits; each becomes a touch, some become a wish."""

    def __init__(self, past: Past, town: Town, stage: Stage) -> None:
        self.past, self.town, self.stage = past, town, stage
        self.chance = past.chance("visits")
        self.touches: list[Touch] = []
        self.wishes: list[Wish] = []
        self.labels: list[TrackedLink] = []
        self._by_language: dict[str, list[Shopper]] = {}
        for one in town.recognised:
            self._by_language.setdefault(one.language, []).append(one)

    def of_posts(self) -> None:
        """Clicks on every publication, thinning out over the days after it."""
        for said, shown in self.stage.shown:
            for at in self._moments(shown):
                self._click(said, shown, at)

    def _moments(self, shown: Shown) -> Iterator[datetime]:
        for _ in range(shown.clicks):
            at = shown.at + timedelta(hours=self.chance.expovariate(1 / 20))
            if at < self.past.now - timedelta(minutes=3):
                yield at

    def _click(self, said: Said, shown: Shown, at: datetime) -> None:
        is_bot = self.chance.random() < ROBOTS
        shopper, visitor = (None, None) if is_bot else self._who(shown.publication.language)
        self._touch(TouchKind.CLICK, shown.link, at, shopper, visitor, is_bot=is_bot)
        if shopper and self.chance.random() < shown.sells:
            ware = self.chance.choice(said.wares)
            self.wishes.append(Wish(shopper, ware, at, shown.link))
        elif not is_bot and self.chance.random() < shown.sells * 0.12:
            # Somebody who did not agree to be recognised reserves all the same: the link tells, not the person.
            self.wishes.append(Wish(self.chance.choice(self.town.shoppers), said.wares[0], at, shown.link))

    def _who(self, language: str) -> tuple[Shopper | None, UUID | None]:
        """The person of a visit as far as they agreed to be known."""
        if self.chance.random() > AGREED:
            return None, None
        if self.chance.random() < 0.25:
            return None, self.chance.choice(self.town.strangers)
        nearby = self._by_language.get(language) or self.town.recognised
        shopper = self.chance.choice(nearby if self.chance.random() < 0.8 else self.town.recognised)
        return shopper, shopper.visitor

    def of_shelves(self, count: int, wares: list[Ware], stores: tuple[Store, ...]) -> None:
        """Scans of the codes that stand beside products in the stores."""
        labelled = sorted(wares, key=lambda ware: -ware.charm)[:LABELS]
        by_link = {}
        for number, ware in enumerate(labelled):
            store = stores[number % len(stores)]
            by_link[ware] = self._label(ware, store)
        for _ in range(count):
            ware = self.chance.choice(labelled)
            link, at = by_link[ware], self.past.in_store()
            shopper, visitor = self._who("fr" if link.store and link.store.code == "LIL" else "nl")
            self._touch(TouchKind.QR, link, at, shopper, visitor)
            if shopper and self.chance.random() < 0.3:
                self.wishes.append(Wish(shopper, ware, at, link, link.store))

    def _label(self, ware: Ware, store: Store) -> TrackedLink:
        made = self.past.start
        link = TrackedLink(
            id=self.past.id_at(made),
            code=self.past.code(CODE_LENGTH),
            kind=LinkKind.QR,
            product=ware.product,
            store=store,
            target=product_target(ware.product.slug),
            created_at=made,
        )
        self.labels.append(link)
        return link

    def _touch(
        self,
        kind: TouchKind,
        link: TrackedLink,
        at: datetime,
        shopper: Shopper | None,
        visitor: UUID | None,
        *,
        is_bot: bool = False,
    ) -> None:
        click_id = self.past.id_at(at)
        self.touches.append(
            Touch(
                id=click_id,
                source=f"click:{click_id.hex}",
                kind=kind,
                ts_us=clock.to_micros(at),
                visitor=visitor,
                customer_id=shopper.id if shopper else None,
                is_bot=is_bot,
                **link_facts(link),
            )
        )


def link_facts(link: TrackedLink) -> dict[str, UUID | None]:
    """What a link stands for, as its touches keep it."""
    return {
        "link_id": link.pk,
        "publication_id": link.publication_id,
        "post_id": link.post_id,
        "campaign_id": link.campaign_id,
        "channel_id": link.channel_id,
        "product_id": link.product_id,
        "store_id": link.store_id,
    }


def any_of(chance: Random, wares: list[Ware]) -> Ware:
    """Something that people like."""
    return chance.choices(wares, [ware.charm for ware in wares])[0]
