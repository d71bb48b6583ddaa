"""The routes of posts, campaigns and codes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from etalage.kit import clock
from tests.house.rows import Ids, Row, form, given, staff
from tests.house.world import House

# Who sees a post may read what a deed on it would mean only when the deed is theirs to do.
NOT_THEIRS = {("member", "GET"): "conflict"}


def on(stage: str, name: str = "") -> Ids:
    """A post at this stage, for the deed of this name."""
    return lambda house: {"post_id": house.new_post(stage).pk, "name": name}


def at(stage: str, name: str = "") -> Ids:
    """A publication at this stage, for the deed of this name."""
    return lambda house: {"publication_id": house.new_publication(stage).pk, "name": name}


def tomorrow(_house: House) -> str:
    return (clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")


def post_deed(lowest: str, stage: str, name: str, **changes: Any) -> Row:
    others = NOT_THEIRS if lowest == "manager" else {}
    return staff(lowest, GET="ok", POST="moved", ids=on(stage, name), send=form(**changes), others=others)


def publication_deed(stage: str, name: str, **changes: Any) -> Row:
    return staff(
        "manager", GET="ok", POST="moved", ids=at(stage, name), send=form(**changes), others=NOT_THEIRS
    )


PUBLISHING_ROWS: dict[str, Row] = {
    "publishing:calendar": staff("member", GET="ok"),
    "publishing:posts": staff("member", GET="ok"),
    "publishing:compose": staff("member", GET="ok", POST="moved", send=form(text_en="Hello", do="save")),
    "publishing:preview": staff("member", POST="ok", send=given(text_en="Hello")),
    "publishing:search_products": staff("member", POST="ok", send=given(q="scarf")),
    "publishing:post": staff("member", GET="ok"),
    "publishing:edit": staff("member", GET="ok", POST="moved", send=form(text_en="Hello", do="save")),
    "publishing:preview_post": staff("member", POST="ok", send=given(text_en="Hello")),
    "publishing:edit_published": staff(
        "manager", GET="ok", POST="moved", ids=on("published"), send=form(text_en="Better words")
    ),
    "publishing:post_deed submit": post_deed("member", "draft", "submit"),
    "publishing:post_deed approve": post_deed("manager", "review", "approve"),
    "publishing:post_deed send-back": post_deed("member", "review", "send-back", note="Shorter."),
    "publishing:post_deed schedule": post_deed("manager", "approved", "schedule", due_at=tomorrow),
    "publishing:post_deed move": post_deed("manager", "scheduled", "move", due_at=tomorrow),
    "publishing:post_deed publish": post_deed("manager", "draft", "publish"),
    "publishing:post_deed withdraw": post_deed("manager", "scheduled", "withdraw"),
    "publishing:post_deed delete": post_deed("member", "draft", "delete"),
    "publishing:post_deed duplicate": post_deed("member", "draft", "duplicate"),
    "publishing:post_deed nonsense": staff(
        "member", GET="missing", POST="missing", ids=on("draft", "nonsense")
    ),
    "publishing:publication": staff("member", GET="ok", ids=at("published")),
    "publishing:publication_deed withdraw": publication_deed("published", "withdraw"),
    "publishing:publication_deed try-again": publication_deed("rejected", "try-again"),
    "publishing:publication_deed it-is-there": publication_deed("needs_person", "it-is-there"),
    "publishing:publication_deed send-again": publication_deed("needs_person", "send-again"),
    "publishing:publication_deed drop": publication_deed("needs_person", "drop"),
    "publishing:publication_deed delete-copy": publication_deed("doubled", "delete-copy"),
    "publishing:publication_deed keep-copies": publication_deed("doubled", "keep-copies"),
    "publishing:campaigns": staff("member", GET="ok"),
    "publishing:new_campaign": staff("manager", GET="ok", POST="moved", send=form(name="Spring")),
    "publishing:campaign": staff("member", GET="ok"),
    "publishing:edit_campaign": staff("manager", GET="ok", POST="moved", send=form(name="Deep winter")),
    "publishing:archive_campaign": staff("manager", POST="moved"),
    "publishing:codes": staff("member", GET="ok"),
    "publishing:new_code": staff("manager", GET="ok", POST="moved", send=form(percent="15")),
    "publishing:code": staff("manager", GET="ok", POST="moved", send=form(percent="20")),
    "publishing:end_code": staff("manager", POST="moved"),
}
