"""What the shop sells: products, their variants, pictures, and the stock of each store."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Store
from etalage.kit import clock
from etalage.kit.fields import TranslatedField, UUIDModel
from etalage.kit.money import Money


class ProductStatus(models.TextChoices):
    """Only active products stand in the public shop."""

    ACTIVE = "active", _("For sale")
    DRAFT = "draft", _("Not yet for sale")
    ARCHIVED = "archived", _("No longer sold")


class Product(UUIDModel):
    """A product as customers know it. `handle` is its name in the shop's own system."""

    handle = models.CharField(_("reference"), max_length=160, unique=True)
    slug = models.CharField(max_length=180, unique=True)
    title = TranslatedField(_("title"))
    description = TranslatedField(_("description"), blank=True, default=dict)
    vendor = models.CharField(_("brand"), max_length=120, blank=True)
    category = models.CharField(_("category"), max_length=160, blank=True, db_index=True)
    tags = models.JSONField(default=list, blank=True)
    status = models.CharField(
        _("status"), max_length=8, choices=ProductStatus.choices, default=ProductStatus.ACTIVE
    )
    search_text = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["status", "id"])]

    def __str__(self) -> str:
        return str(self.title)


class ProductPicture(UUIDModel):
    """A picture of a product, cleaned and re-encoded; `source` is where an import says it comes from.

    `small` is the same picture for lists; empty where only the large one was made.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    file = models.FileField(max_length=200)
    small = models.FileField(max_length=200, blank=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt = TranslatedField(_("alternative text"), blank=True, default=dict)
    position = models.PositiveSmallIntegerField(default=0)
    source = models.CharField(max_length=1000, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]

    @property
    def small_url(self) -> str:
        """The address of the picture for lists."""
        return str((self.small or self.file).url)


class WantedPicture(UUIDModel):
    """A picture that a file names by its address and that is still to be fetched, or could not be.

    `reason` says why the last try failed, such as "fetch.unreachable"; empty before the first.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="wanted_pictures")
    source = models.CharField(max_length=1000)
    alt = TranslatedField(blank=True, default=dict)
    position = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=60, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "source"], name="one_wanted_per_source")
        ]


class Variant(UUIDModel):
    """What is really bought: one size and colour of a product. Prices in minor units of `currency`."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    sku = models.CharField(_("article number"), max_length=80, unique=True)
    barcode = models.CharField(_("barcode"), max_length=40, blank=True, db_index=True)
    options = models.JSONField(default=dict, blank=True)
    price_minor = models.BigIntegerField(_("price"))
    compare_at_minor = models.BigIntegerField(_("price before"), null=True, blank=True)
    currency = models.CharField(max_length=3)
    position = models.PositiveSmallIntegerField(default=0)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(price_minor__gte=0), name="price_not_negative")
        ]

    @property
    def price(self) -> Money:
        """The price as money."""
        return Money(self.price_minor, self.currency)

    @property
    def option_text(self) -> str:
        """The options in words, such as “M / Blue”; empty when there are none."""
        return " / ".join(str(value) for value in self.options.values())


class Stock(models.Model):
    """Pieces of a variant in a store: `on_hand` on the shelf, of which `reserved` are promised.

    A file from the shop's system may set `on_hand` below `reserved`; then nothing more can be promised.
    """

    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="stock")
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="stock")
    on_hand = models.IntegerField(default=0)
    reserved = models.IntegerField(default=0)
    counted_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["variant", "store"], name="one_stock_per_store"),
            models.CheckConstraint(
                condition=models.Q(on_hand__gte=0, reserved__gte=0), name="stock_not_negative"
            ),
        ]

    @property
    def available(self) -> int:
        """Pieces that can still be promised."""
        return max(0, self.on_hand - self.reserved)
