"""The room's application: finds what the other rooms declare."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule


class JobsConfig(AppConfig):
    """Imports every room's `events`, `tasks` and `handlers`, so that each process knows them all."""

    name = "etalage.jobs"

    def ready(self) -> None:
        for name in ("events", "tasks", "handlers"):
            for config in apps.get_app_configs():
                if config.name.startswith("etalage.") and module_has_submodule(config.module, name):
                    import_module(f"{config.name}.{name}")
