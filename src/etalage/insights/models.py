"""Touches, the credit that they earn, and the daily sums that the results page reads."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Store
from etalage.catalogue.models import Product
from etalage.channels.models import Channel
from etalage.customers.models import Customer
from etalage.kit.fields import UUIDModel
from etalage.orders.models import Order
from etalage.publishing.models import Campaign, Post, Publication, TrackedLink


class TouchKind(models.TextChoices):
    """How a person met the shop before a purchase."""

    CLICK = "click", _("Link")
    QR = "qr", _("Code in the store")
    CODE = "code", _("Promotion code")
    RESERVATION = "reservation", _("Reservation")


class Touch(UUIDModel):
    """One meeting of a person with a post, a code or a shelf. `source` makes recording twice harmless.

    `ts_us` is UTC in microseconds. Without consent neither visitor nor customer is known, and the touch only
    counts. A touch with an `order` belongs to that sale: a code used for it, or the link it was reserved through.
    A click that led to such a touch is `part_of` it: one visit is not credited twice.
    """

    source = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=11, choices=TouchKind.choices)
    ts_us = models.BigIntegerField(db_index=True)
    visitor = models.UUIDField(null=True, db_index=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="touches")
    order = models.ForeignKey(Order, null=True, on_delete=models.SET_NULL, related_name="touches")
    part_of = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="+")
    link = models.ForeignKey(TrackedLink, null=True, on_delete=models.SET_NULL, related_name="+")
    publication = models.ForeignKey(Publication, null=True, on_delete=models.SET_NULL, related_name="+")
    post = models.ForeignKey(Post, null=True, on_delete=models.SET_NULL, related_name="touches")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.SET_NULL, related_name="+")
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL, related_name="+")
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.SET_NULL, related_name="+")
    is_bot = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["customer", "ts_us"]),
            # Holds just the touches that a sale can claim, with all that the credit definition reads of them.
            models.Index(
                fields=["customer", "ts_us", "id"],
                condition=models.Q(
                    customer__isnull=False, order__isnull=True, is_bot=False, part_of__isnull=True
                ),
                name="creditable_touch",
            ),
        ]


class PerModel(models.Model):
    """An amount in each attribution model, in minor units."""

    first = models.BigIntegerField()
    last = models.BigIntegerField()
    linear = models.BigIntegerField()
    position = models.BigIntegerField()
    decay = models.BigIntegerField()

    class Meta:
        abstract = True


class Credit(PerModel):
    """What one touch earned of one order, in each model, in minor units; what was refunded is taken off.

    For each order and model the rows sum to the order's net value; an order without rows is not attributed.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="credits")
    touch = models.ForeignKey(Touch, on_delete=models.CASCADE, related_name="credits")
    rank = models.PositiveIntegerField()
    touches = models.PositiveIntegerField()
    age_us = models.BigIntegerField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "touch"], name="credit_once")]


class Grouping(models.TextChoices):
    """By what a report sums."""

    POST = "post", _("Post")
    PUBLICATION = "publication", _("Publication")
    CHANNEL = "channel", _("Channel")
    CAMPAIGN = "campaign", _("Campaign")
    PRODUCT = "product", _("Product")
    STORE = "store", _("Store")


class DayCredit(PerModel):
    """One day's credit of one post, publication, channel or campaign. `key` is its id.

    A row is of one store (online where `store` is none), or `whole`: of all of them, which most reports ask for.
    """

    day = models.DateField()
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, related_name="+")
    whole = models.BooleanField()
    grouping = models.CharField(max_length=11)
    key = models.UUIDField(null=True)
    orders = models.PositiveIntegerField()

    class Meta:
        indexes: ClassVar = [
            # All that a report sums, so that it reads the index alone.
            models.Index(
                fields=[
                    *("grouping", "whole", "day", "key"),
                    *("orders", "first", "last", "linear", "position", "decay"),
                ],
                name="day_credit_report",
            )
        ]


class DaySales(models.Model):
    """One day's sales of one store, online included where `store` is none. Amounts in minor units.

    `net` is what stayed after refunds; `attributed` is the part of it that touches led to, the same in every model.
    `loose_refunds` are credit notes of that day that name no sale: they lower the net value of nobody's order.
    """

    day = models.DateField(db_index=True)
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, related_name="+")
    orders = models.PositiveIntegerField()
    attributed_orders = models.PositiveIntegerField()
    gross = models.BigIntegerField()
    net = models.BigIntegerField()
    attributed = models.BigIntegerField()
    online = models.BigIntegerField()
    loose_refunds = models.BigIntegerField(default=0)


class DayProduct(models.Model):
    """One day's sales of one product in one store, refunds taken off; `attributed` as in `DaySales`."""

    day = models.DateField(db_index=True)
    store = models.ForeignKey(Store, null=True, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, null=True, on_delete=models.CASCADE, related_name="+")
    orders = models.PositiveIntegerField()
    net = models.BigIntegerField()
    attributed = models.BigIntegerField()


class DayClicks(models.Model):
    """One day's visits through links of one post, publication, channel or campaign; bots are left out."""

    day = models.DateField()
    grouping = models.CharField(max_length=11)
    key = models.UUIDField(null=True)
    clicks = models.PositiveIntegerField()

    class Meta:
        # All that a report sums, so that it reads the index alone.
        indexes: ClassVar = [
            models.Index(fields=["grouping", "day", "key", "clicks"], name="day_clicks_report")
        ]


class StaleDay(models.Model):
    """A mark on a day whose sums have to be made again: `credit` for sales, else only its clicks.

    A day may have many: each change sets its own, so that none is taken off before its change is to be seen.
    """

    day = models.DateField()
    credit = models.BooleanField()


class ClickCursor(models.Model):
    """How far the edge's clicks were taken over; one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    cursor = models.CharField(max_length=80, blank=True)
