"""That of today's version."""

from importlib import import_module

Migration = import_module("etalage.catalogue.migrations.0001_initial").Migration
