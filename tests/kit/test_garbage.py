"""Collections of garbage are rarer for a while, and as before once the last such work has ended."""

from __future__ import annotations

import gc

from etalage.kit.garbage import TIMES_RARER, rare_collections


def test_they_are_as_before_once_the_last_work_has_ended_however_it_ended() -> None:
    usual = gc.get_threshold()
    first, second = rare_collections(), rare_collections()
    first.__enter__()
    second.__enter__()
    assert gc.get_threshold() == (usual[0] * TIMES_RARER, *usual[1:])
    first.__exit__(None, None, None)
    assert gc.get_threshold() != usual
    assert not second.__exit__(ValueError, ValueError("broke"), None)
    assert gc.get_threshold() == usual
