"""Programs that the kills of `test_upgrade` strike: `python -m tests.keeping.upgrade_program DEED [WORD] then …`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
import time
from typing import Any


def plan() -> None:
    """Print every migration in the order in which they are applied."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    found = executor.migration_plan(executor.loader.graph.leaf_nodes())
    print(json.dumps([[migration.app_label, migration.name] for migration, _ in found]))


def upto(number: str) -> None:
    """Apply the first so many migrations, as an earlier version of the program would have."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    steps = executor.migration_plan(executor.loader.graph.leaf_nodes())[: int(number)]
    executor.migrate([(migration.app_label, migration.name) for migration, _ in steps], steps)


def upgrade() -> None:
    """What every start of the program does; says when it begins, and the seconds that it took."""
    from etalage.cli.upgrade import upgrade as up

    print("begun", flush=True)
    at = time.monotonic()
    up()
    print(time.monotonic() - at)


def naive(kill: str) -> None:
    """The control: Django's own way, killed once tables are made for good and that is not written down yet."""
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor

    written: Any = MigrationExecutor.record_migration

    def strike(self: Any, migration: Any) -> None:
        if kill == "kill" and not self.connection.in_atomic_block:
            os.kill(os.getpid(), signal.SIGKILL)
        written(self, migration)

    MigrationExecutor.record_migration = strike  # type: ignore[method-assign]
    call_command("migrate", verbosity=0)


def fill(number: str) -> None:
    """Put so many products on the shelf."""
    from etalage.catalogue.models import Product, Variant

    products = Product.objects.bulk_create(
        Product(handle=f"vase-{one}", slug=f"vase-{one}", title={"en": f"Vase {one}"})
        for one in range(int(number))
    )
    Variant.objects.bulk_create(
        Variant(product=one, sku=one.handle, price_minor=500, currency="EUR") for one in products
    )


def shelf() -> None:
    """Print a digest of every product, whatever columns it has, with its article."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM catalogue_product JOIN catalogue_variant ON product_id = catalogue_product.id ORDER BY sku"
        )
        names, rows = [column[0] for column in cursor.description or ()], cursor.fetchall()
    digest = hashlib.sha256(repr([sorted(zip(names, map(str, row), strict=True)) for row in rows]).encode())
    print(json.dumps([len(rows), digest.hexdigest()]))


def drop(column: str) -> None:
    """Take a column away, as it was before it was thought of."""
    from django.db import connection

    table, name = column.split()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP COLUMN {name}")


def schema() -> None:
    """Print everything that the database is made of, and the rows that migrations write."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name")
        else:
            cursor.execute(
                "SELECT table_name, column_name, data_type, is_nullable, column_default "
                "FROM information_schema.columns WHERE table_schema = 'public' UNION ALL "
                "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '' FROM pg_constraint "
                "WHERE connamespace = 'public'::regnamespace UNION ALL "
                "SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public' "
                "ORDER BY 1, 2, 3"
            )
        made: list[Any] = [list(row) for row in cursor.fetchall()]
        for table in ("django_content_type", "auth_permission"):
            cursor.execute(f"SELECT count(*) FROM {table}")
            made.append([table, cursor.fetchone()[0]])
        cursor.execute("SELECT app, name FROM django_migrations ORDER BY app, name")
        made += [list(row) for row in cursor.fetchall()]
    print(json.dumps(made))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")
    import django

    django.setup()
    for deed in " ".join(sys.argv[1:]).split(" then "):
        name, *given = deed.split(" ", 1)
        globals()[name](*given)
