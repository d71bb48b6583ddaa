"""The database's own upkeep."""

from __future__ import annotations

import pytest
from django.db import connection

from etalage.jobs.models import Job
from etalage.jobs.tasks import prune_jobs, refresh_statistics
from etalage.jobs.upkeep import refresh_statistics as refresh

pytestmark = pytest.mark.django_db


def test_the_planner_learns_how_large_a_table_has_become() -> None:
    for _ in range(30):
        prune_jobs.enqueue()
    assert Job.objects.count() == 30
    assert refresh() is (connection.vendor == "sqlite")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = %s", [Job._meta.db_table])
            assert cursor.fetchone()[0] > 0


def test_upkeep_is_a_job_like_any_other() -> None:
    assert refresh_statistics.enqueue().id
