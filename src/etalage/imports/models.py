"""Files that are read into the shop: one run per file."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member
from etalage.kit import clock
from etalage.kit.errors import said
from etalage.kit.fields import UUIDModel


class ImportState(models.TextChoices):
    """The life of a run: `preview` waits for a person to confirm the columns."""

    PREVIEW = "preview", _("Check the columns")
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Stopped")


class ImportRun(UUIDModel):
    """One file on its way into the shop, how far it is, and what became of its rows.

    `created`, `updated` and `unchanged` count things, `refused` counts rows; `reasons` tells why, as
    [code, how many, an example's sentence, its values]. `reason` and `told` say why the whole run stopped. Sentences
    are kept untranslated and said in the reader's language; only the file of refused rows is written in `language`,
    that of the person who started. `kept_by_us`: the file is our copy, deleted after some time.
    """

    kind = models.CharField(max_length=20)
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.PREVIEW)
    file_name = models.CharField(max_length=255)
    path = models.CharField(max_length=500)
    size_bytes = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    bytes_read = models.BigIntegerField(default=0)
    rows_read = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    refused_path = models.CharField(max_length=500, blank=True)
    reason = models.CharField(max_length=60, blank=True)
    told = models.JSONField(default=list, blank=True)
    reasons = models.JSONField(default=list)
    language = models.CharField(max_length=2, default="en")
    kept_by_us = models.BooleanField(default=False)
    attempt = models.PositiveSmallIntegerField(default=0)
    started_by = models.ForeignKey(Member, null=True, on_delete=models.SET_NULL)
    started_at = models.DateTimeField(default=clock.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def explanation(self) -> str:
        """Why the run stopped, in the reader's language; empty where it did not."""
        return said(*self.told) if self.told else ""

    @property
    def examples(self) -> list[tuple[str, int, str]]:
        """Why rows were refused: the code, how many, and an example in the reader's language."""
        return [(code, rows, said(sentence, values)) for code, rows, sentence, values in self.reasons]

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state in {ImportState.DONE, ImportState.FAILED}
