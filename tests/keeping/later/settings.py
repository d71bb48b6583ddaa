"""The product's settings, with the later version's migrations."""

from etalage.settings import *  # noqa: F403

MIGRATION_MODULES = {"catalogue": "tests.keeping.later.catalogue"}
