"""Sales: orders from the web, the till and files, their refunds, and reservations (click & collect)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member, Store
from etalage.catalogue.models import Variant
from etalage.customers.models import Customer
from etalage.kit import clock
from etalage.kit.fields import UUIDModel
from etalage.publishing.models import PromotionCode, TrackedLink


class Place(models.TextChoices):
    """Where the sale was closed."""

    ONLINE = "online", _("Online")
    STORE = "store", _("In the store")


class OrderStatus(models.TextChoices):
    """A cancelled order gives its touches back."""

    PAID = "paid", _("Paid")
    CANCELLED = "cancelled", _("Cancelled")


SOURCES = {
    "reservation": _("Reservation"),
    "till": _("Till"),
    "webshop": _("Web shop"),
    "shopify": "Shopify",
    "woocommerce": "WooCommerce",
    "prestashop": "PrestaShop",
}
"""The systems that orders are known to come from; a shop may name others for its files."""


class Order(UUIDModel):
    """A sale. `source` and `number` name it in the system it came from.

    Amounts in minor units of `currency`: `total_minor` is what was paid, discounts taken off;
    `refunded_minor` (zero or more) is what went back; the net value is their difference.
    """

    source = models.CharField(max_length=40)
    number = models.CharField(_("number"), max_length=80)
    place = models.CharField(max_length=6, choices=Place.choices, default=Place.STORE)
    status = models.CharField(max_length=9, choices=OrderStatus.choices, default=OrderStatus.PAID)
    store = models.ForeignKey(Store, null=True, on_delete=models.SET_NULL, related_name="orders")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="orders")
    placed_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    link = models.ForeignKey(TrackedLink, null=True, on_delete=models.SET_NULL, related_name="orders")
    digest = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ["-placed_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["placed_at", "id"]),
            models.Index(fields=["customer", "placed_at"]),
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["source", "number"], name="order_once")]

    def __str__(self) -> str:
        return self.number

    @property
    def source_label(self) -> str:
        """What the system that it came from is called in the reader's language; its own name where we know none."""
        return str(SOURCES.get(self.source, self.source))


class OrderLine(models.Model):
    """One line of an order. `total_minor` is after the line's discount; lines may be fees or discounts too."""

    # The unique constraint begins with the order: an index of its own would only cost.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    variant = models.ForeignKey(
        Variant, null=True, on_delete=models.SET_NULL, related_name="sold", db_index=False
    )
    sku = models.CharField(max_length=80)
    title = models.CharField(max_length=300, blank=True)
    quantity = models.IntegerField()
    unit_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]
        indexes: ClassVar = [
            models.Index(
                fields=["variant"], condition=models.Q(variant__isnull=False), name="line_of_variant"
            )
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["order", "position"], name="line_once")]


class Refund(UUIDModel):
    """A credit note or return. `order` is the sale that it undoes; unknown for a note that names none.

    A note read from a file (`by_file`) is one row per sale that it undoes, and one without for what is left; which
    sales these are is worked out, and again when further sales come in. `told_of` is the sale that it names itself.
    """

    source = models.CharField(max_length=40)
    number = models.CharField(max_length=80)
    order = models.ForeignKey(Order, null=True, on_delete=models.CASCADE, related_name="refunds")
    store = models.ForeignKey(Store, null=True, on_delete=models.SET_NULL)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="refunds")
    refunded_at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    told_of = models.CharField(max_length=80, blank=True)
    by_file = models.BooleanField(default=False)
    digest = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ["-refunded_at", "-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["source", "told_of"], condition=~models.Q(told_of=""), name="refund_names_sale"
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "number", "order"], name="refund_once"),
            # A unique constraint lets any number of rows without an order stand; this one does not.
            models.UniqueConstraint(
                fields=["source", "number"], condition=models.Q(order=None), name="loose_refund_once"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class RefundLine(models.Model):
    """One line of a refund; amounts and quantities are positive and mean “went back”.

    Below zero is what the customer paid or kept within a note: a fee, or something bought in exchange. Position 0
    holds what belongs to no article.
    """

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    line = models.ForeignKey(OrderLine, null=True, on_delete=models.SET_NULL, related_name="refunded")
    sku = models.CharField(max_length=80)
    title = models.CharField(max_length=300, blank=True)
    quantity = models.IntegerField()
    amount_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["position"]


class ReservationState(models.TextChoices):
    """The life of a reservation; the last four are ends."""

    OPEN = "open", _("Waits at the counter")
    HANDED_OVER = "handed_over", _("Handed over")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Not collected in time")


class Reservation(UUIDModel):
    """Products kept in a store for a customer, to be paid at the counter (click & collect)."""

    code = models.CharField(max_length=12, unique=True)
    state = models.CharField(max_length=11, choices=ReservationState.choices, default=ReservationState.OPEN)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="reservations")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="reservations")
    language = models.CharField(max_length=2, default="en")
    currency = models.CharField(max_length=3)
    link = models.ForeignKey(TrackedLink, null=True, on_delete=models.SET_NULL, related_name="reservations")
    request_key = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    order = models.OneToOneField(Order, null=True, on_delete=models.SET_NULL, related_name="reservation")

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "expires_at"]),
            models.Index(fields=["state", "id"]),
            models.Index(fields=["store", "state", "id"]),
        ]

    def __str__(self) -> str:
        return self.code


class ReservationLine(models.Model):
    """A variant kept aside; `handed_over` of `quantity` pieces were taken and paid."""

    reservation = models.ForeignKey(Reservation, on_delete=models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="reserved_in")
    quantity = models.PositiveIntegerField()
    handed_over = models.PositiveIntegerField(default=0)
    unit_minor = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["reservation", "variant"], name="variant_once_per_reservation"),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1, handed_over__lte=models.F("quantity")),
                name="handed_over_within_quantity",
            ),
        ]


class Redemption(UUIDModel):
    """A promotion code used at the till or the counter. Also known without an order: the till tells later."""

    code = models.ForeignKey(PromotionCode, on_delete=models.PROTECT, related_name="redemptions")
    order = models.ForeignKey(Order, null=True, on_delete=models.SET_NULL, related_name="redemptions")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="redemptions")
    store = models.ForeignKey(Store, null=True, on_delete=models.SET_NULL)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    receipt = models.CharField(_("receipt number"), max_length=80, blank=True)
    discount_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    redeemed_at = models.DateTimeField(default=clock.now)
    request_key = models.CharField(max_length=64, unique=True, null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["receipt"])]

    def __str__(self) -> str:
        return self.code.code


class Attempt(models.Model):
    """How often something that must not be guessed was tried by one `who` within one `window` of time.

    `who` is a keyed digest: no address of a person is kept.
    """

    who = models.CharField(max_length=64)
    window = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["who", "window"], name="attempts_once_per_window")
        ]
