"""People who buy or ask, what they are known by, and what they agreed to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Language
from etalage.kit import clock
from etalage.kit.fields import UUIDModel


class Customer(UUIDModel):
    """A person. Erasure empties the row and keeps its id, so that sums stay right."""

    name = models.CharField(_("name"), max_length=160, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    erased_at = models.DateTimeField(null=True, editable=False)
    merged_into = models.ForeignKey(
        "self", null=True, editable=False, on_delete=models.CASCADE, related_name="merged", db_index=False
    )

    class Meta:
        indexes: ClassVar = [
            # The few who were merged; an index of all would draw the list of people to itself, and sort it.
            models.Index(
                fields=["merged_into"], condition=models.Q(merged_into__isnull=False), name="customer_merged"
            ),
            # For the list of people, the newest first.
            models.Index(
                fields=["id"], condition=models.Q(merged_into=None, erased_at=None), name="customer_living"
            ),
        ]

    def __str__(self) -> str:
        """The end of the id, never the name: this text also goes into the audit trail, which outlives erasure."""
        return f"…{self.pk.hex[-8:]}"


class IdentityKind(models.TextChoices):
    """What a customer is known by. `import` is the number that another system gave."""

    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone")
    CARD = "card", _("Card number")
    IMPORT = "import", _("Customer number")


class Identity(models.Model):
    """One thing that a customer is known by; `value` is in the normal form of its kind."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=254)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "value"], name="identity_once")]


class Purpose(models.TextChoices):
    """What a consent is for (GDPR article 6(1)(a)): each asked apart."""

    CREDIT = "credit", _("Link my visits to my purchases")
    NEWS = "news", _("Send me news")


class Consent(UUIDModel):
    """A customer's yes to one purpose, with the words that were shown; withdrawn, it stays as proof."""

    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="consents")
    visitor = models.UUIDField(null=True, db_index=True)
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    wording = models.CharField(max_length=300)
    source = models.CharField(max_length=40)
    given_at = models.DateTimeField(default=clock.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer", "purpose"],
                condition=models.Q(withdrawn_at=None, customer__isnull=False),
                name="one_running_consent",
            ),
            models.UniqueConstraint(
                fields=["visitor", "purpose"],
                condition=models.Q(withdrawn_at=None, visitor__isnull=False),
                name="one_running_visitor_consent",
            ),
        ]


class Visitor(models.Model):
    """A browser whose person agreed to be recognised; joined to a customer once known."""

    id = models.UUIDField(primary_key=True)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="visitors")
    created_at = models.DateTimeField(default=clock.now)
