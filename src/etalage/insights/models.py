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

    `ts_us` is UTC in microseconds. Without consent neither visitor nor customer is known, and the touch only counts.
    """

    source = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=11, choices=TouchKind.choices)
    ts_us = models.BigIntegerField(db_index=True)
    visitor = models.UUIDField(null=True, db_index=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="touches")
    order = models.ForeignKey(Order, null=True, on_delete=models.SET_NULL, related_name="direct_touches")
    link = models.ForeignKey(TrackedLink, null=True, on_delete=models.SET_NULL)
    publication = models.ForeignKey(Publication, null=True, on_delete=models.SET_NULL)
    post = models.ForeignKey(Post, null=True, on_delete=models.SET_NULL)
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.SET_NULL)
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL)
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL)
    store = models.ForeignKey(Store, null=True, on_delete=models.SET_NULL)
    is_bot = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["customer", "ts_us"])]
