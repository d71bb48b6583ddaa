from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "etalage.accounts"
    label = "accounts"

    def ready(self) -> None:
        from etalage.accounts import checks  # noqa: F401 - registers the system checks
        from etalage.accounts.sign_in_trail import keep_trail

        keep_trail()
        post_migrate.connect(make_cache_table, sender=self)


def make_cache_table(using: str, **_more: Any) -> None:
    """The table in which attempts to sign in are counted for all processes; it belongs to no model."""
    call_command("createcachetable", database=using, verbosity=0)
