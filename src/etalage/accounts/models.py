"""The business, its stores, the people who work there, and the trail of what they did."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from etalage.accounts.audit_labels import sentence_of
from etalage.kit import clock
from etalage.kit.fields import TranslatedField, UUIDModel


class Language(models.TextChoices):
    """The languages of the interface, the public pages and the e-mails."""

    ENGLISH = "en", _("English")
    FRENCH = "fr", _("French")
    DUTCH = "nl", _("Dutch")
    ARABIC = "ar", _("Arabic")


class Role(models.TextChoices):
    """What a member may do; each role may all that the ones below it may."""

    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    MEMBER = "member", _("Member")
    COUNTER = "counter", pgettext_lazy("role", "Counter")

    @property
    def rank(self) -> int:
        """Higher may more: counter 0 … owner 3."""
        return [Role.COUNTER, Role.MEMBER, Role.MANAGER, Role.OWNER].index(self)


class Business(UUIDModel):
    """The one business of this installation. `singleton` is unique, so a second row cannot exist."""

    singleton = models.BooleanField(default=True, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    description = TranslatedField(_("description"), blank=True, default=dict)
    language = models.CharField(
        _("main language"), max_length=2, choices=Language.choices, default=Language.ENGLISH
    )
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Brussels")
    first_weekday = models.PositiveSmallIntegerField(_("first day of the week"), default=0)
    email = models.EmailField(_("e-mail address"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    site = models.URLField(_("web site"), blank=True)
    lookback_days = models.PositiveSmallIntegerField(_("lookback window in days"), default=30)
    reservation_hours = models.PositiveSmallIntegerField(_("hours a reservation is kept"), default=48)
    touch_retention_days = models.PositiveSmallIntegerField(_("days that touches are kept"), default=400)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(singleton=True), name="one_business")]

    def __str__(self) -> str:
        return self.name


class Store(UUIDModel):
    """A physical store. `code` is what files and tills call it."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    address = models.CharField(_("address"), max_length=300, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    timezone = models.CharField(_("time zone"), max_length=64, default="Europe/Brussels")
    opening_hours = models.CharField(_("opening hours"), max_length=300, blank=True)
    takes_reservations = models.BooleanField(_("takes reservations"), default=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class MemberManager(BaseUserManager["Member"]):
    """Creates members; e-mail addresses are compared in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Member:
        """Create a member. Without a password only a one-time link or a passkey signs in."""
        member = self.model(email=email.strip().lower(), **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def get_by_natural_key(self, username: str | None) -> Member:
        return self.get(email=(username or "").strip().lower())


class Member(AbstractBaseUser, UUIDModel):
    """Somebody who works with Etalage; the user of Django's sign-in."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.MEMBER)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, blank=True)
    theme = models.CharField(
        _("theme"),
        max_length=5,
        blank=True,
        choices=[("", _("As the device")), ("light", _("Light")), ("dark", _("Dark"))],
    )
    store = models.ForeignKey(
        Store, verbose_name=_("store"), null=True, blank=True, on_delete=models.SET_NULL
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(default=clock.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects: ClassVar[MemberManager] = MemberManager()

    class Meta:
        ordering: ClassVar = ["name", "email"]

    def __str__(self) -> str:
        return self.name or self.email

    def may(self, role: Role | str) -> bool:
        """True when the member's role is `role` or a higher one."""
        return self.is_active and Role(self.role).rank >= Role(role).rank


class SignInLink(UUIDModel):
    """A one-time link that signs a member in; only the digest of its secret is kept."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


BY_ITSELF, BY_CUSTOMER = "Etalage", ""  # an entry's actor where it is no member


class AuditEntry(UUIDModel):
    """Who did what to which thing, when. Rows are only ever added."""

    at = models.DateTimeField(default=clock.now, db_index=True)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=60)
    kind = models.CharField(max_length=60)
    object_id = models.CharField(max_length=64, blank=True)
    label = models.CharField(max_length=200, blank=True)
    details = models.JSONField(default=dict)

    @property
    def who(self) -> str:
        """Who did it, in the reader's language."""
        return self.actor or str(_("A customer"))

    @property
    def sentence(self) -> str:
        """What was done, in the reader's language."""
        return str(sentence_of(self.action))

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["kind", "object_id"]),
            models.Index(fields=["member", "-id"]),
            models.Index(fields=["action", "-id"]),
        ]
