"""Rows of the queue, the outbox, the schedule and the live changes."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from etalage.jobs.registry import room_of
from etalage.kit import clock
from etalage.kit.ids import uuid7


class Event(models.Model):
    """Something that happened, written in the transaction that made it true."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="jobs_event_age")]

    def __str__(self) -> str:
        return self.name


class State(models.TextChoices):
    """Where a job stands. A job that failed and will be tried again is waiting, with `run_after` ahead."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    DEAD = "dead", _("Failed")


UNFINISHED = (State.WAITING, State.RUNNING)


class Job(models.Model):
    """One piece of work. Whoever holds `token` while it is running may write its end; nobody else."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.CharField(max_length=200)
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, null=True, related_name="jobs", db_index=False)
    queue = models.CharField(max_length=60)
    rank = models.SmallIntegerField(default=0, help_text="Minus the priority: lower goes first.")
    key = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    run_after = models.DateTimeField(default=clock.now)
    counted_from = models.DateTimeField(
        default=clock.now,
        null=True,
        help_text="From when `run_after` was counted; none where it is a moment of the shop's own life.",
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField()
    backoff = models.FloatField(help_text="Seconds.")
    lease_seconds = models.PositiveIntegerField()
    token = models.BigIntegerField(default=0, help_text="One more with every claim.")
    again = models.BooleanField(default=False, help_text="Asked for once more while it was running.")
    leased_by = models.CharField(max_length=120, blank=True)
    lease_clock = models.CharField(max_length=60, blank=True)
    leased_until = models.BigIntegerField(null=True, help_text="Milliseconds of that clock.")
    error_class = models.CharField(max_length=200, blank=True)
    last_error = models.TextField(blank=True)
    result = models.JSONField(null=True)
    created_at = models.DateTimeField(default=clock.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["task", "key"],
                condition=Q(key__gt="", state__in=["waiting", "running"]),
                name="jobs_one_unfinished_per_key",
            ),
            models.UniqueConstraint(
                fields=["event", "task"],
                condition=Q(event__isnull=False),
                name="jobs_one_per_event_and_handler",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "dead"]), name="jobs_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(leased_until__isnull=False), name="jobs_running_is_leased"
            ),
        ]
        indexes = [
            models.Index(
                fields=["queue", "rank", "run_after"], condition=Q(state="waiting"), name="jobs_claim"
            ),
            models.Index(fields=["leased_until"], condition=Q(state="running"), name="jobs_leases"),
            models.Index(fields=["finished_at"], condition=Q(state="done"), name="jobs_done_age"),
            models.Index(fields=["finished_at"], condition=Q(state="dead"), name="jobs_dead_age"),
        ]

    def __str__(self) -> str:
        return self.task

    @property
    def room(self) -> str:
        """The room that declared the work."""
        return room_of(self.task.rpartition(".")[0])

    @property
    def title(self) -> str:
        """The name of the work in words."""
        return self.task.rpartition(".")[2].replace("_", " ")


class Schedule(models.Model):
    """When a periodic task is due next: one row for the whole installation, moved on by compare-and-set."""

    name = models.CharField(max_length=200, primary_key=True)
    period_seconds = models.PositiveIntegerField()
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(period_seconds__gt=0), name="jobs_period_is_positive")
        ]

    def __str__(self) -> str:
        return self.name


class LiveChange(models.Model):
    """The name of something that changed on a page; open pages fetch that part again."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="jobs_live_age")]

    def __str__(self) -> str:
        return self.name
