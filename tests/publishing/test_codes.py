"""Promotion codes: made, changed, ended, and never used more often than they may be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.publishing import actions, queries
from etalage.publishing.actions import CodeContent
from etalage.publishing.models import PromotionCode
from tests.conftest import World
from tests.publishing.test_fencing import at_once


@pytest.mark.django_db(transaction=True)
def test_a_hundred_uses_at_once_never_go_beyond_the_limit(world: World) -> None:
    code = actions.create_code(CodeContent("LUNE10", percent=10, usage_limit=7), actor=world.manager)
    used, refused = [], []

    def use() -> None:
        for _ in range(5):
            try:
                used.append(actions.claim_code_use("lune10", clock.now()))
            except Refusal as refusal:
                refused.append(refusal.code)

    at_once(5, use)

    code.refresh_from_db()
    assert (code.used, len(used), len(refused)) == (7, 7, 18)
    assert set(refused) == {"code_used_up"}


@pytest.mark.django_db(transaction=True)
def test_reading_the_limit_before_counting_lets_too_many_through(world: World) -> None:
    """The control: look, then add one."""
    import threading

    looked = threading.Barrier(5)
    code = actions.create_code(CodeContent("LUNE10", percent=10, usage_limit=1), actor=world.manager)
    let_through = []

    def naive() -> None:
        row = PromotionCode.objects.get(pk=code.pk)
        looked.wait()
        if row.usage_limit is not None and row.used < row.usage_limit:
            let_through.append(row.used + 1)

    at_once(5, naive)

    assert len(let_through) == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"usage_limit": 1}, "code_used_up"),
        ({"starts_at": timedelta(hours=1)}, "code_not_yet"),
        ({"ends_at": -timedelta(hours=1)}, "code_ended"),
    ],
)
def test_a_code_that_may_not_be_used_says_why(content: dict[str, Any], code: str, world: World) -> None:
    now = clock.now()
    moments = {
        name: now + value if isinstance(value, timedelta) else value for name, value in content.items()
    }
    made = actions.create_code(CodeContent("LUNE10", amount_minor=500, **moments), actor=world.manager)
    if "usage_limit" in content:
        assert actions.claim_code_use(" lune 10 ", now).used == 1
    with pytest.raises(Refusal) as refused:
        actions.claim_code_use("LUNE10", now)
    assert refused.value.code == code
    made.refresh_from_db()
    assert made.used == ("usage_limit" in content)


@pytest.mark.django_db
def test_an_unknown_code_is_said_to_be_unknown_and_a_use_can_be_given_back(world: World) -> None:
    with pytest.raises(Refusal, match="no such code"):
        actions.claim_code_use("NOTHING", clock.now())
    code = actions.create_code(CodeContent(percent=10, usage_limit=1), actor=world.manager)
    assert len(code.code) == 6
    actions.claim_code_use(code.code, clock.now())
    actions.give_back_code_use(code.pk)
    actions.give_back_code_use(code.pk)
    assert actions.claim_code_use(code.code, clock.now()).used == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"code": "A B"}, "code_invalid"),
        ({"code": "ÉTÉ-2026"}, "code_invalid"),
        ({"percent": 0, "amount_minor": None}, "percent_invalid"),
        ({"percent": 101}, "percent_invalid"),
        ({"percent": None}, "percent_or_amount"),
        ({"amount_minor": 5}, "percent_or_amount"),
        ({"percent": None, "amount_minor": 0}, "amount_invalid"),
        ({"usage_limit": 0}, "limit_invalid"),
        ({"starts_at": clock.now(), "ends_at": clock.now() - timedelta(days=1)}, "ends_too_early"),
    ],
)
def test_a_code_that_makes_no_sense_is_refused(content: dict[str, Any], code: str, world: World) -> None:
    with pytest.raises(Refusal) as refused:
        actions.create_code(CodeContent(**{"code": "LUNE", "percent": 10, **content}), actor=world.manager)
    assert refused.value.code == code
    assert not PromotionCode.objects.exists()


@pytest.mark.django_db
def test_codes_are_managers_work_and_their_letters_stay(world: World) -> None:
    with pytest.raises(Refusal) as refused:
        actions.create_code(CodeContent("LUNE10", percent=10), actor=world.member)
    assert refused.value.status == 403
    code = actions.create_code(CodeContent("lune10", percent=10), actor=world.manager)
    with pytest.raises(Refusal) as refused:
        actions.create_code(CodeContent("LUNE10", percent=20), actor=world.manager)
    assert refused.value.code == "code_taken"
    changed = actions.edit_code(code.pk, CodeContent("OTHER", percent=20, usage_limit=3), actor=world.manager)
    assert (changed.code, changed.percent) == ("LUNE10", 20)
    actions.claim_code_use("LUNE10", clock.now())
    actions.claim_code_use("LUNE10", clock.now())
    with pytest.raises(Refusal) as refused:
        actions.edit_code(code.pk, CodeContent(percent=20, usage_limit=1), actor=world.manager)
    assert refused.value.code == "limit_too_low"
    actions.end_code(code.pk, actor=world.manager)
    assert queries.find_code("lune 10") == code
    with pytest.raises(Refusal, match="no longer valid"):
        actions.claim_code_use("LUNE10", clock.now())
