"""The shop's accounts on social networks, and the grants that let Etalage act for them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Language, Member
from etalage.kit import clock
from etalage.kit.fields import EncryptedTextField, UUIDModel
from etalage.networks.base import ReceivedKind


class Grant(UUIDModel):
    """What a network let us do: the tokens, encrypted. One grant may serve several channels.

    Every change of the tokens counts `version` up, and is written only where nobody changed them meanwhile. Whoever
    renews them holds a lease first: `renewing_until` is its end in milliseconds of the lease clock `renewing_clock`.
    `renew_at` is when a job renews them, well before `expires_at`; after one that failed (`failed_at`), nobody tries
    again before it. After `refused_at` only a person can mend it; `problem` is why the last renewal did not work.
    `memory` is the connector's own, such as the name by which a network knows this program. `left_at` is when a channel
    on it was given up last: once none is left, the network is asked to forget the tokens, and they are destroyed
    whatever it says.
    """

    network = models.CharField(max_length=20)
    base_url = models.CharField(max_length=300)
    access_token = EncryptedTextField()
    refresh_token = EncryptedTextField(blank=True, default="")
    memory = EncryptedTextField(blank=True, default="")
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    renew_at = models.DateTimeField(null=True, db_index=True)
    renewed_at = models.DateTimeField(null=True)
    renewing_until = models.BigIntegerField(null=True)
    renewing_clock = models.CharField(max_length=40, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=40, blank=True)
    left_at = models.DateTimeField(null=True, db_index=True)
    created_at = models.DateTimeField(default=clock.now)


class ChannelState(models.TextChoices):
    """A paused channel keeps its publications waiting until a person mends it."""

    ACTIVE = "active", _("Connected")
    PAUSED = "paused", _("Paused")
    DISCONNECTED = "disconnected", _("Disconnected")


class Channel(UUIDModel):
    """One account of the shop on one network. Until `quiet_until` the network asked for no more requests."""

    network = models.CharField(max_length=20)
    name = models.CharField(_("name"), max_length=120)
    handle = models.CharField(max_length=200)
    remote_id = models.CharField(max_length=200)
    base_url = models.CharField(max_length=300)
    profile_url = models.CharField(max_length=500, blank=True)
    language = models.CharField(
        _("language of its posts"), max_length=2, choices=Language.choices, default=Language.ENGLISH
    )
    state = models.CharField(max_length=12, choices=ChannelState.choices, default=ChannelState.ACTIVE)
    pause_reason = models.CharField(max_length=40, blank=True)
    quiet_until = models.DateTimeField(null=True)
    grant = models.ForeignKey(Grant, null=True, on_delete=models.SET_NULL, related_name="channels")
    abilities = models.JSONField(default=dict)
    abilities_at = models.DateTimeField(default=clock.now)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["network", "base_url", "remote_id"], name="channel_once")
        ]

    def __str__(self) -> str:
        return self.name


class Asking(UUIDModel):
    """A person was sent to a network to say yes, and we wait for their return; it serves once, until `ends_at`.

    Of the secret in the address and of the browser's session only digests are kept. `memory` is the connector's.
    """

    state_digest = models.CharField(max_length=64, unique=True)
    session_digest = models.CharField(max_length=64)
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    network = models.CharField(max_length=20)
    address = models.CharField(max_length=300)
    language = models.CharField(max_length=2, choices=Language.choices)
    redirect_uri = models.CharField(max_length=500)
    memory = EncryptedTextField()
    ends_at = models.DateTimeField(db_index=True)


class Introduction(models.Model):
    """The key by which this installation proves at a network that it is the one on its own public page.

    It stays: whatever the owners of accounts agreed to is bound to it.
    """

    network = models.CharField(max_length=20, primary_key=True)
    key = EncryptedTextField()
    made_at = models.DateTimeField(default=clock.now)


class Listening(models.Model):
    """How far we have heard what people do on a channel, and when we ask again.

    The network signs what it sends us with `secret`; `secret_before` still counts while a new one is being registered.
    `push_address` is where it was asked to deliver to, which is not where we are once our public address changed.
    `cursor` is stored only after all that lies before it is durable in the edge's journal. `due_set_at` and
    `measure_set_at` tell when the next turns were set, so that those of a clock that ran ahead are known.
    """

    channel = models.OneToOneField(
        Channel, on_delete=models.CASCADE, primary_key=True, related_name="listening"
    )
    secret = EncryptedTextField(blank=True, default="")
    secret_before = EncryptedTextField(blank=True, default="")
    push_since = models.DateTimeField(null=True)
    push_address = models.CharField(max_length=500, blank=True)
    pushed_at = models.DateTimeField(null=True)
    cursor = models.TextField(blank=True)
    read_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=clock.now)
    due_set_at = models.DateTimeField(default=clock.now)
    failures = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)
    measured_at = models.DateTimeField(null=True)
    measure_due_at = models.DateTimeField(default=clock.now)
    measure_set_at = models.DateTimeField(default=clock.now)
    measure_failures = models.PositiveIntegerField(default=0)
    measure_problem = models.CharField(max_length=40, blank=True)


class IncomingKind(models.TextChoices):
    """What somebody did towards the shop, in words; the same kinds as `networks.base.ReceivedKind`."""

    COMMENT = ReceivedKind.COMMENT.value, _("Comment")
    MESSAGE = ReceivedKind.MESSAGE.value, _("Message")
    MENTION = ReceivedKind.MENTION.value, _("Mention")
    LIKE = ReceivedKind.LIKE.value, _("Like")
    SHARE = ReceivedKind.SHARE.value, _("Share")
    FOLLOW = ReceivedKind.FOLLOW.value, _("New follower")
    REVIEW = ReceivedKind.REVIEW.value, _("Review")
    REMOVED = ReceivedKind.REMOVED.value, _("Taken away")


class Incoming(UUIDModel):
    """One thing that somebody did towards a channel, as its network told it.

    Personal data: kept so that the shop can answer, for `actions.KEEP_INCOMING`; `actions.erase_author` empties what
    tells who it was and leaves the row, so that a late copy does not bring it back (`forgotten`). A row of the kind
    "removed" notes that the thing with that id was taken away; the thing itself then carries `removed_at`.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="incoming")
    kind = models.CharField(max_length=10, choices=IncomingKind.choices)
    remote_id = models.CharField(max_length=500)
    author_id = models.CharField(max_length=500, blank=True)
    author_handle = models.CharField(max_length=300, blank=True)
    author_name = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    language = models.CharField(max_length=35, blank=True)
    on_remote_id = models.CharField(max_length=500, blank=True)
    in_reply_to = models.CharField(max_length=500, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    removed_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "remote_id", "kind"], name="incoming_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["channel", "at"], name="incoming_newest"),
            models.Index(fields=["channel", "author_id"], name="incoming_author"),
            models.Index(fields=["received_at"], name="incoming_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id}"


class Forgetting(models.Model):
    """A key of `forgotten`, the first one being the installation's own; sealed, so that the database tells nothing."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    secret = EncryptedTextField()


class Erasure(UUIDModel):
    """Somebody was erased at this moment, who is known by a keyed digest only: see `forgotten`.

    `author` is what their network calls them, sealed, until the edge's journal `is_searched` for them; `realm` is where
    that means them (`realms`).
    """

    digest = models.CharField(max_length=64, unique=True)
    erased_at = models.DateTimeField()
    network = models.CharField(max_length=20, blank=True)
    realm = models.CharField(max_length=300, blank=True)
    author = EncryptedTextField(blank=True, default="")
    is_searched = models.BooleanField(default=True)


class Figure(models.Model):
    """A figure of a publication as its network gave it at that moment; rows are only ever added.

    `value` null: the network did not say, which is not a zero.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="figures")
    remote_id = models.CharField(max_length=500)
    name = models.CharField(max_length=60)
    value = models.BigIntegerField(null=True)
    taken_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["channel", "remote_id", "name", "taken_at"], name="figure_once")
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.remote_id}"
