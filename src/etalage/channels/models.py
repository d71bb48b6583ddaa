"""The shop's accounts on social networks, and the grants that let Etalage act for them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Language
from etalage.kit import clock
from etalage.kit.fields import EncryptedTextField, UUIDModel


class Grant(UUIDModel):
    """What a network let us do: the token, encrypted. One grant may serve several channels."""

    network = models.CharField(max_length=20)
    base_url = models.CharField(max_length=300)
    access_token = EncryptedTextField()
    refresh_token = EncryptedTextField(blank=True, default="")
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
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
