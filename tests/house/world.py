"""One of everything: what each address of the product needs to be asked for something real."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from etalage.accounts.actions import issue_sign_in_link
from etalage.accounts.models import Business, Member, Role, Store
from etalage.catalogue.actions import add_picture
from etalage.catalogue.models import Product, Stock, Variant, WantedPicture
from etalage.channels.actions import connect_channel, pause_channel
from etalage.channels.models import Incoming, Introduction
from etalage.customers.models import Consent, Purpose
from etalage.edge.deliveries import Delivery
from etalage.edge.journal import Journal
from etalage.imports.actions import receive_upload
from etalage.imports.models import ImportRun
from etalage.jobs.models import Job, State
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.networks import registry
from etalage.networks.base import Mechanism
from etalage.orders.actions.record import LineData, OrderData, record_order
from etalage.orders.actions.reserve import Wish, WishLine, reserve
from etalage.orders.codes import secret_of
from etalage.publishing import actions
from etalage.publishing.actions import CampaignContent, ChannelChoice, CodeContent, PostContent
from etalage.publishing.models import Post, Publication
from tests.channels.guild import Guild
from tests.house.pages import form_for
from tests.practice_network import PracticeNetwork

ROLES = ("stranger", "counter", "member", "manager", "owner")
BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass
class House:
    """A shop with one of everything. `ids` fills the parameters of addresses; a row may name others."""

    practice: PracticeNetwork
    guild: Guild = field(
        init=False
    )  # for who needs a network whose tokens end; it runs where a fixture lets it
    ids: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @classmethod
    def build(cls, practice: PracticeNetwork) -> House:
        """Make it all; the caller's transaction undoes it."""
        house = cls(practice)
        house.people()
        house.goods()
        house.reach()
        house.sales()
        house.rest()
        for role, member in house.members.items():
            client = Client()
            client.force_login(member, backend=BACKEND)
            house.cookies[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return house

    def client(self, role: str, **options: Any) -> Client:
        """A fresh browser of somebody with this role, or of a stranger."""
        client = Client(raise_request_exception=False, **options)
        if role != "stranger":
            client.cookies[settings.SESSION_COOKIE_NAME] = self.cookies[role]
        return client

    def form(self, page: str, address: str = "", by: str = "owner", /, **changes: Any) -> dict[str, Any]:
        """What the form on `page` that goes to `address` (the page itself) would send, with changes."""
        answer = self.client(by).get(page)
        assert answer.status_code == 200, (page, answer.status_code)
        filled = form_for(address or page, answer.content.decode(), page)
        assert filled, f"{page} has no form that goes to {address or page}"
        return {**filled, **changes}

    @property
    def owner(self) -> Member:
        return self.members["owner"]

    def people(self) -> None:
        """The business, two stores, a member per role, and Eve, whom the pages of members speak of."""
        Business.objects.create(name="Maison Lune", currency="EUR", timezone="Europe/Brussels")
        self.store = Store.objects.create(code="GNT", name="Ghent")
        self.ids["store_id"] = Store.objects.create(code="BRU", name="Brussels").pk
        for role in Role:
            store = self.store if role == Role.COUNTER else None
            self.members[role.value] = Member.objects.create_user(
                f"{role.value}@example.com", "a-long-password", name=str(role.label), role=role, store=store
            )
        eve = Member.objects.create_user("eve@example.com", name="Eve", role=Role.MEMBER)
        self.ids["member_id"] = eve.pk
        self.ids["secret"] = issue_sign_in_link(eve)

    def goods(self) -> None:
        """A scarf with a picture's place on the shelf."""
        self.product = Product.objects.create(
            handle="scarf", slug="scarf", title={"en": "Wool scarf"}, search_text="wool scarf"
        )
        self.variant = Variant.objects.create(
            product=self.product, sku="SC-1", price_minor=2999, currency="EUR"
        )
        Stock.objects.create(variant=self.variant, store=self.store, on_hand=9)
        picture = add_picture(
            self.owner, self.product.pk, self.file("scarf.png", self.png), {"en": "A scarf"}
        )
        WantedPicture.objects.create(
            product=self.product, source="https://pictures.example/1.jpg", reason="fetch.unreachable", tries=3
        )
        self.ids |= {"product_id": self.product.pk, "slug": "scarf", "variant_id": self.variant.pk}
        self.ids["picture_id"] = picture.pk

    def reach(self) -> None:
        """A channel, a campaign, a code, and posts at each stage of their way."""
        account = self.practice.open_account(face=Mechanism.IDEMPOTENCY_KEY)
        self.channel = connect_channel("practice", self.practice.base_url, account.token, actor=self.owner)
        self.ids["channel_id"] = self.channel.pk
        campaign = actions.create_campaign(CampaignContent(name="Winter"), actor=self.owner)
        self.ids["campaign_id"] = campaign.pk
        code = actions.create_code(CodeContent(code="WINTER", percent=10), actor=self.owner)
        self.ids["code_id"] = code.pk
        self.ids["post_id"] = self.new_post().pk

    def new_post(self, stage: str = "draft") -> Post:
        """A post: draft, review, approved, scheduled, or with its publication in that state."""
        content = PostContent(text={"en": "New scarves"}, no_picture_reason="Only words today.")
        post = actions.create_post(content, actor=self.members["member"])
        actions.set_channels(post.pk, [ChannelChoice(self.channel.pk)], actor=self.owner)
        post.refresh_from_db()
        if stage == "draft":
            return post
        if stage == "review":
            return actions.submit_for_review(post.pk, post.version, actor=self.members["member"])
        post = actions.approve_post(post.pk, post.version, actor=self.owner)
        if stage == "approved":
            return post
        post.refresh_from_db()
        soon = clock.now() + timedelta(days=1)
        post = actions.schedule_post(post.pk, post.version, soon, actor=self.owner)
        if stage != "scheduled":
            facts = {"remote_id": "1", "remote_url": f"{self.practice.base_url}/posts/1", "attempt": 1}
            state = "published" if stage == "doubled" else stage
            post.publications.update(state=state, next_attempt_at=None, state_at=clock.now(), **facts)
        if stage == "doubled":
            actions.note_second_copy(post.publications.get().pk, "2", is_younger=True)
        post.refresh_from_db()
        return post

    def new_publication(self, stage: str) -> Publication:
        """The publication of a post at this stage."""
        return self.new_post(stage).publications.get()

    def sales(self) -> None:
        """A reservation, with the customer who made it, and an order of theirs."""
        wish = Wish(
            store_id=self.store.pk,
            lines=(WishLine(self.variant.pk, 1),),
            name="Nora",
            email="nora@example.com",
            phone="",
            language="en",
            request_key="a-request-of-the-house",
        )
        self.reservation = reserve(wish).reservation
        self.customer = self.reservation.customer
        assert self.customer is not None
        Consent.objects.create(
            customer=self.customer, purpose=Purpose.CREDIT, wording="Yes.", source="shop.banner"
        )
        self.ids |= {"code": self.reservation.code, "customer_id": self.customer.pk}
        order = record_order(
            OrderData(
                source="till",
                number="R-1",
                placed_at=clock.now(),
                currency="EUR",
                total_minor=2999,
                lines=(LineData("SC-1", 1, 2999, 2999, variant_id=self.variant.pk),),
                store_id=self.store.pk,
                customer_id=self.customer.pk,
            )
        )
        self.ids["order_id"] = order.pk

    def rest(self) -> None:
        """A failed job, a picture, and the parameters that are plain words."""
        job = Job.objects.create(
            task="etalage.orders.tasks.expire",
            queue="default",
            state=State.DEAD,
            max_attempts=3,
            backoff=1,
            lease_seconds=60,
            finished_at=clock.now(),
        )
        picture = Path(settings.MEDIA_ROOT) / "house.png"
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(self.png)
        self.ids |= {
            "job_id": job.pk,
            "run_id": self.new_run().pk,
            "lang": "en",
            "path": picture.name,
            "rest": f"r/{self.reservation.code}/",
            "purpose": Purpose.CREDIT.value,
            "name": "submit",
            "pk": 1,
            "key": "set-password",
            "network": "practice",
            "uidb36": "1",
        }

    @cached_property
    def png(self) -> bytes:
        """A small red picture."""
        file = io.BytesIO()
        Image.new("RGB", (60, 40), "#b02020").save(file, "PNG")
        return file.getvalue()

    @property
    def reservation_secret(self) -> str:
        """What the customer's own link carries."""
        return secret_of(self.reservation.pk)

    @staticmethod
    def file(name: str, content: bytes) -> SimpleUploadedFile:
        """A file as a browser sends it."""
        return SimpleUploadedFile(name, content)

    def new_run(self, state: str = "preview") -> ImportRun:
        """A file of products that waits for its columns, or that is over, with a refused row."""
        table = self.file("goods.csv", b"SKU;Title;Price\nSC-2;Shawl;12,50\n")
        run = receive_upload(self.owner, "products", table)
        if state != "preview":
            refused = Path(settings.DATA) / f"refused-{run.pk}.csv"
            refused.write_text("SKU;reason\n", encoding="utf-8")
            ImportRun.objects.filter(pk=run.pk).update(state=state, refused_path=str(refused))
        return run

    def paused(self) -> dict[str, Any]:
        """The channel, paused."""
        return {"channel_id": pause_channel(self.channel.pk, actor=self.owner).pk}

    def new_letter(self) -> dict[str, Any]:
        """A delivery that could not be taken in."""
        journal = Journal(Path(settings.DATA) / "journal.sqlite3")
        letter = Delivery(uuid7().hex, "practice", self.channel.pk.hex, uuid7().hex, 1, "{}", b"[]")
        journal.keep([letter], min_free_bytes=0)
        (waiting,) = (one for one in journal.pending() if one.id == letter.id)
        journal.mark_failed(waiting, "unreadable")
        return {"letter": letter.id}

    def new_introduction(self) -> dict[str, Any]:
        """Somebody was asked at a network that knows us by our own page."""
        key = registry.get("bluesky").new_client_key()
        Introduction.objects.get_or_create(network="bluesky", defaults={"key": key})
        return {"network": "bluesky"}

    def new_author(self) -> dict[str, Any]:
        """Somebody spoke to the channel."""
        said = {"remote_id": uuid7().hex, "author_id": uuid7().hex, "author_name": "Noor"}
        row = Incoming.objects.create(channel=self.channel, kind="comment", at=clock.now(), **said)
        return {"channel_id": self.channel.pk, "thing": row.pk}

    def new_token(self) -> str:
        """The token of an account on the practice network that is not connected yet."""
        return self.practice.open_account().token
