"""Who works in the demo shop, and who buys there. All invented."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from etalage.accounts.actions import create_business, invite_member, save_store
from etalage.accounts.models import Business, Member, Role, Store
from etalage.customers.models import Consent, Customer, Identity, IdentityKind, Purpose, Visitor
from etalage.demo.past import ZONE, Past
from etalage.demo.sayings import FIRST_NAMES, LAST_NAMES
from etalage.orders.shop.page import CONSENT_WORDING

NAME = "Atelier Sirocco"
OWNER = "amelie@sirocco.example"
NEWS_WORDING = "Send me the shop's news by e-mail, at most twice a month."
STORES = (
    ("GNT", "Ghent", "Veldstraat 48, 9000 Ghent"),
    ("BRU", "Brussels", "Rue Antoine Dansaert 101, 1000 Brussels"),
    ("LIL", "Lille", "Rue de la Monnaie 27, 59800 Lille"),
)
HOURS = "Mon-Sun 10:00-18:30"
STAFF = (
    ("Karim Haddad", "karim", Role.MANAGER, "fr", None),
    ("Lotte Janssens", "lotte", Role.MEMBER, "nl", None),
    ("Salma Benali", "salma", Role.MEMBER, "ar", None),
    ("Wout Claes", "wout", Role.COUNTER, "nl", "GNT"),
    ("Inès Moreau", "ines", Role.COUNTER, "fr", "BRU"),
    ("Hugo Girard", "hugo", Role.COUNTER, "fr", "LIL"),
)


@dataclass(frozen=True)
class House:
    """The business with its stores and everybody who works there."""

    business: Business
    owner: Member
    manager: Member
    authors: tuple[Member, ...]
    stores: tuple[Store, ...]
    counter: dict[UUID, Member]  # by store


@dataclass(frozen=True)
class Shopper:
    """A customer as the play knows them. `visitor` is their browser when they agreed to be recognised."""

    id: UUID
    name: str
    language: str
    known_since: datetime
    visitor: UUID | None
    home: Store
    identities: tuple[tuple[str, str], ...]


@dataclass
class Town:
    """Everybody who buys, and the rows that the product keeps of them."""

    shoppers: list[Shopper] = field(default_factory=list)
    strangers: list[UUID] = field(default_factory=list)  # browsers with consent whose person never bought

    @property
    def recognised(self) -> list[Shopper]:
        """Those whose clicks are known to be theirs."""
        return [shopper for shopper in self.shoppers if shopper.visitor]


def open_house() -> House:
    """Make the business, its stores and members, through the product's own doors."""
    business, owner = create_business(
        NAME,
        owner_email=OWNER,
        owner_name="Amélie Laurent",
        language="en",
        currency="EUR",
        timezone=ZONE,
        email="hello@sirocco.example",
        phone="+32 2 555 01 20",
        description={
            "en": "Home and fashion, made in small workshops.",
            "fr": "Maison et mode, de petits ateliers.",
            "nl": "Wonen en mode, uit kleine ateliers.",
            "ar": "المنزل والأزياء من ورش صغيرة.",
        },
    )
    stores = {}
    for code, name, address in STORES:
        store = Store(code=code, name=name, address=address, timezone=ZONE, opening_hours=HOURS)
        stores[code] = save_store(owner, store)
    people = [
        invite_member(
            owner,
            email=f"{handle}@sirocco.example",
            name=name,
            role=role,
            language=language,
            store=stores[at] if at else None,
        )[0]
        for name, handle, role, language, at in STAFF
    ]
    counter = {member.store_id: member for member in people if member.store_id}
    return House(business, owner, people[0], tuple(people[1:3]), tuple(stores.values()), counter)


def gather_town(past: Past, count: int, stores: tuple[Store, ...]) -> Town:
    """Invent `count` customers; six of ten agreed that their visits are linked to their purchases."""
    chance = past.chance("people")
    town = Town()
    for number in range(count):
        known_since = past.start - timedelta(days=chance.uniform(1, 420))
        agrees = chance.random() < 0.6
        name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
        town.shoppers.append(
            Shopper(
                id=past.id_at(known_since),
                name=name,
                language=chance.choices(("fr", "nl", "en", "ar"), (4, 4, 1.5, 1.5))[0],
                known_since=known_since,
                visitor=past.id_at(known_since) if agrees else None,
                home=chance.choices(stores, (3, 4, 2))[0],
                identities=_identities(chance, name, number),
            )
        )
    town.strangers = [past.id_at(past.start) for _ in range(count // 4)]
    return town


def _identities(chance: Random, name: str, number: int) -> tuple[tuple[str, str], ...]:
    """An e-mail address, a phone, a card, or several of them, in their normal form."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace(" ", ".")
    found = [(IdentityKind.EMAIL.value, f"{plain}{number}@mail.example")]
    if chance.random() < 0.5:
        found.append((IdentityKind.PHONE.value, f"+3247{1000000 + number * 37:07d}"))
    if chance.random() < 0.6:
        found.append((IdentityKind.CARD.value, f"SIR{100000 + number}"))
    return tuple(found)


def save_town(past: Past, town: Town) -> None:
    """Write customers, identities, visitors and consents in few statements."""
    Customer.objects.bulk_create(
        Customer(id=one.id, name=one.name, language=one.language, created_at=one.known_since)
        for one in town.shoppers
    )
    Identity.objects.bulk_create(
        Identity(customer_id=one.id, kind=kind, value=value)
        for one in town.shoppers
        for kind, value in one.identities
    )
    Visitor.objects.bulk_create(
        [
            *(
                Visitor(id=one.visitor, customer_id=one.id, created_at=one.known_since)
                for one in town.shoppers
                if one.visitor
            ),
            *(Visitor(id=visitor, created_at=past.start) for visitor in town.strangers),
        ]
    )
    Consent.objects.bulk_create(_consents(past, town))


def _consents(past: Past, town: Town) -> list[Consent]:
    chance = past.chance("consents")
    rows = []
    for one in town.recognised:
        for whose in ({"customer_id": one.id}, {"visitor": one.visitor}):
            rows.append(_consent(past, Purpose.CREDIT, "shop.reserve", one.known_since, **whose))
    for visitor in town.strangers:
        rows.append(_consent(past, Purpose.CREDIT, "shop.banner", past.start, visitor=visitor))
    for one in town.shoppers:
        if chance.random() < 0.3:
            rows.append(_consent(past, Purpose.NEWS, "counter", one.known_since, customer_id=one.id))
    return rows


def _consent(past: Past, purpose: Purpose, source: str, at: datetime, **whose: UUID | None) -> Consent:
    wording = NEWS_WORDING if purpose == Purpose.NEWS else str(CONSENT_WORDING)
    return Consent(id=past.id_at(at), purpose=purpose, wording=wording, source=source, given_at=at, **whose)
