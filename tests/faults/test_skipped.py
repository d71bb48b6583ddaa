"""What a machine cannot play is said, and passes for no proof."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults import disk
from tests.faults.family import Options


@pytest.mark.parametrize(("set_to", "is_broken"), [("1", True), ("", False), (None, False)])
def test_without_root_the_disks_are_told_to_be_skipped_and_break_the_run_under_ci(
    set_to: str | None,
    is_broken: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    if set_to is not None:
        monkeypatch.setenv("CI", set_to)
    (line,) = disk.run(Options("sqlite", 1, 1, True, tmp_path))
    assert bool(line.broken) == is_broken
    (said,) = capsys.readouterr().out.splitlines()
    assert "only root may mount" in said
    assert ("BROKEN" in said) == is_broken
