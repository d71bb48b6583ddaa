"""The audit trail: every action has a sentence, and people find what they look for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

import etalage
from etalage.accounts import audit
from etalage.accounts.audit_labels import KINDS, SENTENCES, sentence_of
from etalage.accounts.models import AuditEntry, Member
from tests.conftest import World

SOURCE = Path(etalage.__file__).parent
TRAIL = "/settings/trail/"


def is_record(call: ast.Call) -> bool:
    """Whether a call is `audit.record(…)`, or `record(…)` where that name is the trail's."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr == "record" and getattr(function.value, "id", "") == "audit"
    return isinstance(function, ast.Name) and function.id == "record"


def texts(expression: ast.expr, module: ast.Module) -> Iterator[str]:
    """Every text that an expression may have; a part that is computed becomes `*`."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from texts(expression.body, module)
        yield from texts(expression.orelse, module)
    elif isinstance(expression, ast.JoinedStr):
        yield "".join(p.value if isinstance(p, ast.Constant) else "*" for p in expression.values)  # type: ignore[misc]
    elif isinstance(expression, ast.Name):
        for node in ast.walk(module):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == expression.id:
                yield from texts(node.value, module)


def recorded() -> dict[str, str]:
    """Every action that the source records, with the file that does."""
    found = {}
    for file in SOURCE.rglob("*.py"):
        text = file.read_text("utf-8")
        if "audit" not in text:
            continue
        module = ast.parse(text)
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
            if is_record(call):
                assert len(call.args) >= 2, f"{file}:{call.lineno} records without naming the action"
                found |= dict.fromkeys(texts(call.args[1], module), f"{file.name}:{call.lineno}")
    return found


def test_the_search_for_actions_finds_them() -> None:
    found = recorded()
    assert {"business.changed", "post.approved", "store.created", "member.*_chosen"} <= set(found)
    assert len(found) > 40


def test_every_action_has_a_sentence() -> None:
    lost = {
        action: place
        for action, place in recorded().items()
        if not any(fnmatchcase(known, action) for known in SENTENCES)
    }
    assert not lost, "these need a sentence in accounts/audit_labels.py"


def test_every_sentence_belongs_to_a_kind_and_ends_as_one() -> None:
    assert {action.split(".")[0] for action in SENTENCES} <= set(KINDS)
    with translation.override("en"):
        assert all(str(sentence).endswith(".") for sentence in SENTENCES.values())


def test_a_code_that_nobody_knows_stands_for_itself() -> None:
    assert sentence_of("moon.landed") == "moon.landed"


@pytest.fixture
def history(world: World) -> list[AuditEntry]:
    """Anna changed a store on the 1st, Mia wrote a post on the 2nd, on the 3rd a link was made at the machine."""
    days: list[tuple[int, Member | None, str]] = [
        (1, world.owner, "store.changed"),
        (2, world.member, "post.created"),
        (3, None, "member.link_made"),
    ]
    made = []
    for day, member, action in days:
        with time_machine.travel(datetime(2026, 3, day, 22, 30, tzinfo=UTC), tick=False):
            made.append(audit.record(member, action, world.ghent))
    return made


def shown(client: Client, query: str = "") -> list[str]:
    """The sentences on the page."""
    answer = client.get(TRAIL + query)
    assert answer.status_code == 200
    return [entry.sentence for entry in answer.context["entries"]]


def test_the_newest_stands_first_in_words(signed_in: dict[str, Client], history: list[AuditEntry]) -> None:
    everything = ["Made a one-time sign-in link.", "Wrote a new post.", "Changed a store."]
    assert shown(signed_in["owner"]) == everything
    page = signed_in["owner"].get(TRAIL).content.decode()
    assert all(sentence in page for sentence in everything) and "post.created" not in page


def test_the_trail_is_narrowed_by_who_what_and_when(
    signed_in: dict[str, Client], history: list[AuditEntry], world: World
) -> None:
    owner = signed_in["owner"]
    assert shown(owner, f"?who={world.member.pk}") == ["Wrote a new post."]
    assert shown(owner, "?who=etalage") == ["Made a one-time sign-in link."]
    assert shown(owner, "?kind=store") == ["Changed a store."]
    # 22:30 in UTC is 23:30 in Brussels: still the same day there.
    assert shown(owner, "?since=2026-03-02&until=2026-03-02") == ["Wrote a new post."]
    assert shown(owner, "?since=2026-03-02") == ["Made a one-time sign-in link.", "Wrote a new post."]
    assert shown(owner, f"?kind=store&who={world.member.pk}") == []


@pytest.mark.parametrize(
    "query",
    [
        "?who=x",
        "?kind=x",
        "?since=x",
        "?before=x",
        "?before=",
        "?who=1'--",
        "?until=9999-12-31",
        "?since=0001-01-01",
    ],
)
def test_nonsense_narrows_nothing(
    signed_in: dict[str, Client], history: list[AuditEntry], query: str
) -> None:
    assert len(shown(signed_in["owner"], query)) == 3


def test_pages_follow_each_other_and_keep_what_was_chosen(signed_in: dict[str, Client], world: World) -> None:
    for number in range(120):
        audit.record(world.owner, "post.created" if number % 2 else "store.changed", world.ghent)
    owner, seen, query = signed_in["owner"], [], "?kind=post"
    while query:
        answer = owner.get(TRAIL + query)
        seen += [entry.pk for entry in answer.context["entries"]]
        assert {entry.action for entry in answer.context["entries"]} == {"post.created"}
        query = answer.context["older_url"]
    assert len(seen) == len(set(seen)) == 60
    assert seen == sorted(seen, reverse=True)


def test_what_a_customer_did_is_told_as_such_in_the_readers_language(
    signed_in: dict[str, Client], history: list[AuditEntry], world: World
) -> None:
    entry = audit.record("customer", "reservation.made", world.ghent)
    assert entry.member is None
    owner = signed_in["owner"]
    assert shown(owner, "?who=customers") == ["Reserved goods in a store."]
    assert shown(owner, "?who=etalage") == ["Made a one-time sign-in link."]
    assert "<bdi>A customer</bdi>" in owner.get(TRAIL + "?who=customers").content.decode()
    told = {entry.who}
    for language in ("fr", "nl", "ar"):
        with translation.override(language):
            told.add(entry.who)
    assert len(told) == 4


def test_a_long_trail_costs_as_many_queries_as_a_short_one(
    signed_in: dict[str, Client], world: World
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            signed_in["owner"].get(TRAIL)
        return len(captured)

    audit.record(world.owner, "post.created", world.ghent)
    cost()
    short = cost()
    for _ in range(60):
        audit.record(world.owner, "post.created", world.ghent)
    assert cost() == short
