"""The pages of files, for managers: without scripts, in four languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from etalage.catalogue.models import Product, Variant
from etalage.imports import actions
from etalage.imports.models import ImportRun
from etalage.imports.running import execute
from tests.conftest import World

TEXT = "code;naam;kosten;opmerking\nA1;Kop;12,50;<script>alert(1)</script>\nA2;Vaas;duur;\n"


def send(client: Client, content: str | bytes = TEXT, kind: str = "products") -> Any:
    data = content if isinstance(content, bytes) else content.encode()
    file = SimpleUploadedFile("<b>lijst</b>.csv", data)
    return client.post(reverse("imports:start"), {"kind": kind, "file": file})


@pytest.fixture
def sent(world: World, signed_in: dict[str, Client]) -> ImportRun:
    """A file that waits for its columns to be confirmed."""
    answer = send(signed_in["manager"])
    run = ImportRun.objects.get()
    assert answer.headers["Location"] == reverse("imports:run", args=[run.pk])
    return run


def page(client: Client, run: ImportRun, **query: str) -> Any:
    return client.get(reverse("imports:run", args=[run.pk]), query)


def test_from_the_file_to_the_refused_rows(
    world: World, signed_in: dict[str, Client], sent: ImportRun
) -> None:
    manager = signed_in["manager"]
    shown = page(manager, sent).content.decode()
    assert "Check the columns" in shown
    assert "Price" in shown  # still to be found
    address = reverse("imports:run", args=[sent.pk])
    columns = {"column_0": "sku", "column_1": "title", "column_2": "price", "column_3": ""}
    answer = manager.post(address, {**columns, "language": "nl", "decimal": ","})
    assert answer.status_code == 302, answer.content.decode()
    assert "Waiting for its turn" in page(manager, sent).content.decode()
    execute(sent.pk)
    done = page(manager, sent).content.decode()
    assert "1 row was refused." in done
    assert dict(Product.objects.get().title) == {"nl": "Kop"}
    assert Variant.objects.get().price_minor == 1250
    refused = manager.get(reverse("imports:refused", args=[sent.pk]))
    assert refused.headers["Content-Disposition"].startswith("attachment")
    assert "A2;" not in refused.content.decode("utf-8-sig")
    assert refused.content.decode("utf-8-sig").splitlines()[1].startswith("3,price_unreadable,")


def test_nothing_is_written_while_a_column_is_missing_or_doubled(
    world: World, signed_in: dict[str, Client], sent: ImportRun
) -> None:
    address = reverse("imports:run", args=[sent.pk])
    missing = signed_in["manager"].post(address, {"column_0": "sku", "column_1": "title"})
    assert missing.status_code == 422
    assert "No column was found for: Price" in missing.content.decode()
    doubled = signed_in["manager"].post(address, {"column_0": "sku", "column_1": "sku", "column_2": "price"})
    assert doubled.status_code == 422
    assert "Two columns cannot hold the same thing" in doubled.content.decode()
    sent.refresh_from_db()
    assert sent.state == "preview"


def test_a_file_can_be_looked_at_with_another_separator(
    signed_in: dict[str, Client], sent: ImportRun
) -> None:
    shown = page(signed_in["manager"], sent, look="1", delimiter="comma").content.decode()
    assert "A1;Kop;12" in shown
    shown = page(signed_in["manager"], sent, look="1", delimiter="tab").content.decode()
    assert "No table was found" in shown


def test_what_a_file_says_never_acts(signed_in: dict[str, Client], sent: ImportRun) -> None:
    for address in (reverse("imports:start"), reverse("imports:run", args=[sent.pk])):
        shown = signed_in["manager"].get(address).content.decode()
        assert "<b>lijst" not in shown
        assert "<script>alert" not in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7", "This is a PDF."),
        (b"<!doctype html><title>Sign in</title>", "This is a web page"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture."),
        (b"", "empty"),
    ],
)
def test_a_wrong_file_is_told_beside_its_field(
    world: World, signed_in: dict[str, Client], content: bytes, words: str
) -> None:
    answer = send(signed_in["manager"], content)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportRun.objects.exists()


def test_a_file_that_is_too_large_gets_a_page_that_says_so(
    world: World, signed_in: dict[str, Client], settings: Any
) -> None:
    settings.MAX_UPLOAD_BYTES = 1024
    answer = send(signed_in["manager"], "sku,title\n" + "A1,Cup\n" * 1000)
    assert answer.status_code == 413
    assert "Split it" in answer.content.decode()


def test_htmx_gets_the_moving_part_and_the_whole_page_at_the_end(
    world: World, signed_in: dict[str, Client], sent: ImportRun
) -> None:
    actions.confirm(world.manager, sent, {"sku": "code", "title": "naam", "price": "kosten"}, {})
    address = reverse("imports:run", args=[sent.pk])
    moving = signed_in["manager"].get(address, headers={"HX-Request": "true"})
    assert b"<progress" in moving.content
    assert b"<html" not in moving.content
    assert "HX-Refresh" not in moving.headers
    execute(sent.pk)
    assert signed_in["manager"].get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_a_person_stops_a_file_and_starts_it_again(
    world: World, signed_in: dict[str, Client], sent: ImportRun
) -> None:
    actions.confirm(world.manager, sent, {"sku": "code", "title": "naam", "price": "kosten"}, {})
    signed_in["manager"].post(reverse("imports:stop", args=[sent.pk]))
    assert "The import was stopped." in page(signed_in["manager"], sent).content.decode()
    signed_in["manager"].post(reverse("imports:again", args=[sent.pk]))
    assert execute(sent.pk).state == "done"


def test_the_same_file_is_recognized(world: World, signed_in: dict[str, Client], sent: ImportRun) -> None:
    actions.confirm(world.manager, sent, {"sku": "code", "title": "naam", "price": "kosten"}, {})
    execute(sent.pk)
    send(signed_in["manager"])
    again = ImportRun.objects.exclude(pk=sent.pk).get()
    assert "This very file was read before." in page(signed_in["manager"], again).content.decode()


def test_a_preview_whose_file_is_gone_says_so(signed_in: dict[str, Client], sent: ImportRun) -> None:
    Path(sent.path).unlink()
    answer = page(signed_in["manager"], sent)
    assert answer.status_code == 422
    assert "Choose it again." in answer.content.decode()


def queries_of(client: Client) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(reverse("imports:start")).status_code == 200
    return len(seen)


def test_the_history_asks_as_often_for_many_files_as_for_few(
    world: World, signed_in: dict[str, Client]
) -> None:
    def fill(number: int) -> None:
        for _file in range(number):
            ImportRun.objects.create(
                kind="products", file_name="a.csv", started_by=world.manager, state="done"
            )

    fill(5)
    few = queries_of(signed_in["manager"])
    fill(45)
    assert queries_of(signed_in["manager"]) == few
    shown = signed_in["manager"].get(reverse("imports:start")).content.decode()
    assert "Older" in shown


def test_an_empty_history_says_what_will_stand_there(world: World, signed_in: dict[str, Client]) -> None:
    assert "No file yet" in signed_in["manager"].get(reverse("imports:start")).content.decode()


@pytest.mark.parametrize("role", ["stranger", "counter", "member", "manager", "owner"])
def test_only_managers_and_owners_import(
    world: World, signed_in: dict[str, Client], role: str, sent: ImportRun
) -> None:
    allowed = role in {"manager", "owner"}
    expected = 200 if allowed else 302 if role == "stranger" else 403
    assert signed_in[role].get(reverse("imports:start")).status_code == expected
    assert page(signed_in[role], sent).status_code == expected
    answer = signed_in[role].post(reverse("imports:stop", args=[sent.pk]))
    sent.refresh_from_db()
    assert (answer.status_code, sent.state == "failed") == (
        302 if allowed or role == "stranger" else 403,
        allowed,
    )


def test_stock_that_names_no_store_is_told_on_the_preview_and_never_starts(
    world: World, signed_in: dict[str, Client]
) -> None:
    manager = signed_in["manager"]
    send(manager, "sku,title,price,stock\nA1,Cup,1.00,3\n")
    run = ImportRun.objects.get()
    assert "The column of stock names no store." in page(manager, run).content.decode()
    columns = {"column_0": "sku", "column_1": "title", "column_2": "price", "column_3": "stock"}
    address = reverse("imports:run", args=[run.pk])
    refused = manager.post(address, columns)
    assert refused.status_code == 422
    assert "The column of stock names no store." in refused.content.decode()
    run.refresh_from_db()
    assert run.state == "preview"
    assert manager.post(address, {**columns, "store": "GNT"}).status_code == 302
    assert execute(run.pk).created == 1


@pytest.mark.parametrize(
    ("query", "chosen"), [("", "products"), ("?kind=orders", "orders"), ("?kind=horses", "products")]
)
def test_the_kind_one_comes_from_is_chosen_already(
    world: World, signed_in: dict[str, Client], query: str, chosen: str
) -> None:
    form = signed_in["manager"].get(reverse("imports:start") + query).context["form"]
    assert [choice.data["value"] for choice in form["kind"] if choice.data["selected"]] == [chosen]


@pytest.mark.parametrize(
    ("route", "kind"),
    [("catalogue:products", "products"), ("orders:list", "orders"), ("insights:results", "orders")],
)
def test_an_empty_page_leads_to_the_import_of_its_own_kind(
    world: World, signed_in: dict[str, Client], route: str, kind: str
) -> None:
    shown = signed_in["manager"].get(reverse(route)).content.decode()
    assert f'href="{reverse("imports:start")}?kind={kind}"' in shown
