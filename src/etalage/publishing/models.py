"""Campaigns, posts, and their publications: one delivery per post and channel."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member, Store
from etalage.catalogue.models import Product
from etalage.channels.models import Channel
from etalage.kit import clock
from etalage.kit.fields import TranslatedField, UUIDModel


class Aim(models.TextChoices):
    """What a post or campaign is for."""

    AWARENESS = "awareness", _("Be known")
    PROMOTION = "promotion", _("Sell")
    RELATION = "relation", _("Care for customers")


class Campaign(UUIDModel):
    """Posts and codes that belong together, such as a sale or a new collection."""

    name = models.CharField(_("name"), max_length=120)
    aim = models.CharField(_("aim"), max_length=10, choices=Aim.choices, default=Aim.PROMOTION)
    starts_on = models.DateField(_("first day"), null=True, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_on__isnull=True)
                | models.Q(starts_on__isnull=True)
                | models.Q(ends_on__gte=models.F("starts_on")),
                name="campaign_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PostState(models.TextChoices):
    """What people decided about a post; how each delivery fares stands on its publications."""

    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("Waits for approval")
    APPROVED = "approved", _("Approved")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Post(UUIDModel):
    """What the shop wants to say, in each language, with pictures and products."""

    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="posts"
    )
    aim = models.CharField(_("aim"), max_length=10, choices=Aim.choices, default=Aim.PROMOTION)
    state = models.CharField(max_length=9, choices=PostState.choices, default=PostState.DRAFT)
    text = TranslatedField(_("text"), default=dict)
    no_picture_reason = models.CharField(_("why without a picture"), max_length=200, blank=True)
    target = models.CharField(_("where the link leads"), max_length=500, blank=True)
    due_at = models.DateTimeField(_("goes out"), null=True, blank=True, db_index=True)
    expires_at = models.DateTimeField(_("not after"), null=True, blank=True)
    store = models.ForeignKey(Store, null=True, blank=True, on_delete=models.SET_NULL)
    created_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="posts")
    approved_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL, related_name="+")
    approved_at = models.DateTimeField(null=True)
    review_note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    updated_at = models.DateTimeField(default=clock.now)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True)
                | models.Q(due_at__isnull=True)
                | models.Q(expires_at__gt=models.F("due_at")),
                name="post_expires_after_due",
            )
        ]

    def __str__(self) -> str:
        return str(self.text)


class PostPicture(UUIDModel):
    """A picture of a post with its alternative text; the master from which renditions are fitted."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="pictures")
    file = models.FileField(max_length=200)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    alt = TranslatedField(_("alternative text"), default=dict)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "id"]


class PostProduct(models.Model):
    """A product that a post shows."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="shown")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="shown_in")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["post", "product"], name="product_once_per_post")
        ]


class DeliveryState(models.TextChoices):
    """The delivery state machine; `publishing.delivery` holds the transitions."""

    DRAFT = "draft", _("Draft")
    APPROVED = "approved", _("Approved")
    SCHEDULED = "scheduled", _("Scheduled")
    CLAIMED = "claimed", _("Being prepared")
    PREPARED = "prepared", _("Ready to send")
    SENDING = "sending", _("Being sent")
    PUBLISHED = "published", _("Published")
    REJECTED = "rejected", _("Refused by the network")
    UNKNOWN = "unknown", _("Not sure yet")
    RECONCILING = "reconciling", _("Checking the network")
    NEEDS_PERSON = "needs_person", _("Needs you")
    EXPIRED = "expired", _("Too late")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    DROPPED = "dropped", _("Given up")


class Change(models.TextChoices):
    """What people asked to be done with a publication that stands on the network."""

    EDIT = "edit", _("Being changed")
    WITHDRAW = "withdraw", _("Being withdrawn")


class Perhaps(StrEnum):
    """How it is found out whether an unscheduled publication has gone out since the backup that it came from."""

    LOOK = "look"
    ASK = "ask"  # a person: no look could tell


class Publication(UUIDModel):
    """One post on one channel. Every write of the worker carries `token`, so a late worker changes nothing.

    `marker` is the address of its link as it was sent last: what a look searches for.

    `tries` counts claims, `attempt` the sends that may have reached the network. `in_doubt`: an earlier attempt may
    stand there without our knowing; then it is only sent again before `safe_until`, while the network itself
    recognises a second attempt. `refused_as` is a refusal that waits for the proof that nothing stands there.
    `looks` counts undecided looks; `absent_since` is when a look first found nothing.
    `body_hash` names the content that the remote parts were made from.

    `perhaps_out`: it came unscheduled out of a backup that was put back, and may have gone out since that was made
    (`first_sent_at`, at the earliest). Once it is scheduled or withdrawn it is looked for, or a person is asked, before
    anything else. On one that was refused or too late: what replaces it is asked about.
    `change` is what people want done with it where it stands; in doubt, that it is taken back and never sent.

    What must not end early because a clock jumped is counted in milliseconds of the lease clock
    (`delivery.ticks`), which `lease_clock` names: `leased_until`, `sent_tick` and `first_tick` (the last send and
    the first since the doubt began), `settle_until`, `absent_since` and `safe_until`.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="publications")
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="publications")
    replaces = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="replaced_by")
    language = models.CharField(max_length=2, default="en")
    custom_text = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=DeliveryState.choices, default=DeliveryState.DRAFT)
    state_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    next_attempt_at = models.DateTimeField(null=True)
    token = models.PositiveBigIntegerField(default=0)
    lease_clock = models.CharField(max_length=40, blank=True)
    leased_until = models.BigIntegerField(null=True)
    tries = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    first_sent_at = models.DateTimeField(null=True)
    sent_tick = models.BigIntegerField(null=True)
    first_tick = models.BigIntegerField(null=True)
    body_hash = models.CharField(max_length=64, blank=True)
    idempotency_key = models.CharField(max_length=80, blank=True)
    client_key = models.CharField(max_length=80, blank=True)
    marker = models.CharField(max_length=500, blank=True)
    settle_until = models.BigIntegerField(null=True)
    looks = models.PositiveSmallIntegerField(default=0)
    absent_since = models.BigIntegerField(null=True)
    in_doubt = models.BooleanField(default=False)
    perhaps_out = models.CharField(max_length=4, blank=True)  # of Perhaps
    safe_until = models.BigIntegerField(null=True)
    refused_as = models.CharField(max_length=40, blank=True)
    remote_id = models.CharField(max_length=200, blank=True)
    remote_url = models.CharField(max_length=500, blank=True)
    published_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    change = models.CharField(max_length=8, choices=Change.choices, blank=True)
    change_reason = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["state", "next_attempt_at"]),
            models.Index(fields=["channel", "state", "next_attempt_at"], name="publication_line"),
            models.Index(fields=["state", "settle_until"]),
            models.Index(fields=["state", "leased_until"]),
            models.Index(fields=["due_at"]),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["post", "channel"],
                condition=models.Q(replaces=None),
                name="one_publication_per_channel",
            ),
            models.UniqueConstraint(fields=["replaces"], name="replaced_once"),
        ]


class RemotePart(models.Model):
    """A remote id that was given before the post itself stood: a picture, a container. Kept before the next step.

    `made_at`: when it was given; a network may forget what no post shows.
    """

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="parts")
    name = models.CharField(max_length=40)
    remote_id = models.CharField(max_length=300)
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["publication", "name"], name="part_once")]


class CopyState(models.TextChoices):
    """What became of a second copy."""

    OPEN = "open", _("Stands there twice")
    ASKED = "asked", _("Being deleted")
    REMOVED = "removed", _("Deleted")
    KEPT = "kept", _("May stay")


class SecondCopy(models.Model):
    """Another remote id under which the network has the same publication; a person decides what becomes of it.

    `is_younger`: it came to stand there after the one that the publication names.
    """

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="copies")
    remote_id = models.CharField(max_length=200)
    is_younger = models.BooleanField(default=True)
    state = models.CharField(max_length=8, choices=CopyState.choices, default=CopyState.OPEN)
    reason = models.CharField(max_length=40, blank=True)
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["publication", "remote_id"], name="second_copy_once")
        ]


class VisibilityLag(models.Model):
    """How long a channel's own successes took to show: the last samples, oldest first.

    Each is a name (the end of the publication's id) and milliseconds: it took so long, or was not seen for so long yet.
    """

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="visibility_lag")
    samples = models.JSONField(default=list)
    taken_at = models.DateTimeField(default=clock.now)


class DeliveryStep(models.Model):
    """One step that a publication took, and why: its history, never changed."""

    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="steps")
    at = models.DateTimeField(default=clock.now)
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    reason = models.CharField(max_length=40, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    member = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)

    class Meta:
        ordering: ClassVar = ["id"]


class LinkKind(models.TextChoices):
    """Where a tracked link stands."""

    POST = "post", _("Post")
    QR = "qr", _("Code in the store")


class TrackedLink(UUIDModel):
    """A short address that leads to a page of our own shop and tells where the visit came from.

    The edge reads `code, target, expires_at, withdrawn` of this table directly; keep these names.
    """

    code = models.CharField(max_length=16, unique=True)
    kind = models.CharField(max_length=4, choices=LinkKind.choices, default=LinkKind.POST)
    target = models.CharField(max_length=500)
    expires_at = models.DateTimeField(null=True, blank=True)
    withdrawn = models.BooleanField(default=False)
    publication = models.OneToOneField(Publication, null=True, on_delete=models.CASCADE, related_name="link")
    post = models.ForeignKey(Post, null=True, on_delete=models.CASCADE, related_name="links")
    campaign = models.ForeignKey(Campaign, null=True, on_delete=models.SET_NULL, related_name="links")
    channel = models.ForeignKey(Channel, null=True, on_delete=models.SET_NULL, related_name="links")
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL, related_name="links")
    store = models.ForeignKey(Store, null=True, on_delete=models.SET_NULL, related_name="links")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(target__startswith="/")
                & ~models.Q(target__startswith="//")
                & ~models.Q(target__startswith="/\\"),
                name="link_stays_at_home",
            ),
            models.UniqueConstraint(
                fields=["product", "store"],
                condition=models.Q(kind="qr", store__isnull=False),
                name="one_code_per_product_and_store",
            ),
            models.UniqueConstraint(
                fields=["product"],
                condition=models.Q(kind="qr", store__isnull=True),
                name="one_code_per_product",
            ),
        ]


class PromotionCode(UUIDModel):
    """A code that customers name at the till or the counter. Either a percentage or an amount off."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    campaign = models.ForeignKey(
        Campaign, null=True, blank=True, on_delete=models.SET_NULL, related_name="codes"
    )
    post = models.ForeignKey(Post, null=True, blank=True, on_delete=models.SET_NULL, related_name="codes")
    percent = models.PositiveSmallIntegerField(_("percent off"), null=True, blank=True)
    amount_minor = models.BigIntegerField(_("amount off"), null=True, blank=True)
    usage_limit = models.PositiveIntegerField(_("how often in all"), null=True, blank=True)
    used = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField(_("valid from"), null=True, blank=True)
    ends_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True, amount_minor__gt=0)
                | models.Q(percent__gte=1, percent__lte=100, amount_minor__isnull=True),
                name="percent_or_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(usage_limit__isnull=True) | models.Q(used__lte=models.F("usage_limit")),
                name="code_not_overused",
            ),
        ]
