"""The system's own Chromium, started once for all tests that look at pages: one driver fits into one process.

from tests.chromium import chromium      # the fixture; `chromium.new_context(…)` opens a fresh browser
"""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from typing import Any

import pytest

# Without these a browser on a machine without a network looks for its maker at every start.
QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
RUNNING = pytest.StashKey[Any]()


def path_to_chromium() -> str | None:
    """Where it is; `ETALAGE_CHROMIUM` names another one."""
    return os.environ.get("ETALAGE_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


def needed_chromium() -> str:
    """Where it is. Skips where it or its driver is missing; fails where CI is set: skipped would pass for proved."""
    path = path_to_chromium()
    if path is None or find_spec("playwright") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "no Chromium, or no driver of it, on this machine"
        )
    return path


@pytest.fixture(scope="session")
def chromium(pytestconfig: pytest.Config) -> Any:
    """The browser; `ETALAGE_CHROMIUM` names another one. Skips where there is none."""
    if RUNNING not in pytestconfig.stash:
        path = needed_chromium()
        from playwright import sync_api as playwright

        driver = playwright.sync_playwright().start()
        pytestconfig.add_cleanup(driver.stop)
        pytestconfig.stash[RUNNING] = driver.chromium.launch(executable_path=path, args=QUIET)
    return pytestconfig.stash[RUNNING]
