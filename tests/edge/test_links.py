"""Tracked links over HTTP: where each code leads."""

from __future__ import annotations

import pytest

from tests.edge.world import Running, Shop, running, until

OVER = "/shop/ended/?l=VASE22"


def test_a_code_leads_to_its_page_and_names_itself(shop: Shop, edge: Running) -> None:
    shop.link("VASE22", "/shop/en/vase/")
    answer = edge.tap("/l/VASE22")
    assert (answer.status_code, answer.headers["location"]) == (302, "/shop/en/vase/?l=VASE22")
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.content == b""


@pytest.mark.parametrize("typed", ["vase22", "Vase22", "VASE22/"])
def test_a_code_may_be_typed_small(shop: Shop, edge: Running, typed: str) -> None:
    shop.link("VASE22")
    assert edge.tap(f"/l/{typed}").headers["location"] == "/shop/en/vase/?l=VASE22"


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/shop/fr/p?size=m", "/shop/fr/p?size=m&l=VASE22"),
        ("/shop/fr/p#photo", "/shop/fr/p?l=VASE22#photo"),
        ("/shop/fr/p?a=b#photo", "/shop/fr/p?a=b&l=VASE22#photo"),
        ("/shop/fr/été/", "/shop/fr/%C3%A9t%C3%A9/?l=VASE22"),
        ("/shop/fr/%C3%A9t%C3%A9/", "/shop/fr/%C3%A9t%C3%A9/?l=VASE22"),
        ("/", "/?l=VASE22"),
    ],
)
def test_the_code_is_added_wherever_the_target_has_its_query(
    shop: Shop, edge: Running, target: str, location: str
) -> None:
    shop.link("VASE22", target)
    assert edge.tap("/l/VASE22").headers["location"] == location


@pytest.mark.parametrize(
    "path",
    ["/l/NOBODY", "/l/", "/l/abc", "/l/ABCDEFGHJKMNPQRST", "/l/VASE-22", "/l/VASE22/x", "/l/..%2fadmin",
     "/l/VASE%0d%0aX", "/l/%C3%89T%C3%8922", "/l/%00%00%00%00", "/l/VASE22'--", "/l/%D9%A1%D9%A2%D9%A3%D9%A4"],
)  # fmt: skip
def test_an_unknown_or_impossible_code_lands_in_the_shop(shop: Shop, edge: Running, path: str) -> None:
    shop.link("VASE22")
    answer = edge.tap(path)
    assert (answer.status_code, answer.headers["location"]) == (302, "/shop/?lost=link")


def test_an_expired_link_lands_on_the_page_that_says_so(shop: Shop, edge: Running) -> None:
    shop.link("VASE22", ends="2026-01-01 00:00:00")
    assert edge.tap("/l/VASE22").headers["location"] == OVER


def test_a_link_with_time_left_still_leads_to_its_page(shop: Shop, edge: Running) -> None:
    shop.link("VASE22", ends="2099-01-01 00:00:00.123456")
    assert edge.tap("/l/VASE22").headers["location"] == "/shop/en/vase/?l=VASE22"


def test_a_withdrawn_link_stops_within_seconds_also_when_it_was_just_used(shop: Shop, edge: Running) -> None:
    shop.link("VASE22")
    assert edge.tap("/l/VASE22").headers["location"] == "/shop/en/vase/?l=VASE22"
    shop.change("UPDATE publishing_trackedlink SET withdrawn = 1")
    until(lambda: edge.tap("/l/VASE22").headers["location"] == OVER, seconds=2.8)


def test_a_link_made_after_somebody_asked_for_it_appears_within_a_second(shop: Shop, edge: Running) -> None:
    assert edge.tap("/l/VASE22").headers["location"] == "/shop/?lost=link"
    shop.link("VASE22")
    until(lambda: edge.tap("/l/VASE22").headers["location"] != "/shop/?lost=link", seconds=1.2)


def test_a_shop_whose_database_does_not_answer_says_a_moment_and_not_unknown(shop: Shop) -> None:
    shop.path.unlink()
    with running(shop.config()) as edge:
        assert edge.tap("/l/VASE22").headers["location"] == "/shop/?lost=moment"
        assert edge.edge.report()["links"] == {"unknown": 0, "unanswered": 1}


def test_a_link_used_lately_still_works_while_the_database_is_down(shop: Shop, edge: Running) -> None:
    shop.link("VASE22")
    assert edge.tap("/l/VASE22").headers["location"] == "/shop/en/vase/?l=VASE22"
    shop.change("ALTER TABLE publishing_trackedlink RENAME TO elsewhere")
    until(lambda: edge.tap("/l/VASE22") and edge.edge.report()["links"]["unanswered"] > 0, seconds=5)
    assert edge.tap("/l/VASE22").headers["location"] == "/shop/en/vase/?l=VASE22"
    assert edge.tap("/l/OTHER2").headers["location"] == "/shop/?lost=moment"
    shop.change("ALTER TABLE elsewhere RENAME TO publishing_trackedlink")
    until(lambda: edge.tap("/l/OTHER2").headers["location"] == "/shop/?lost=link", seconds=5)


def test_head_gets_the_same_way_without_a_body(shop: Shop, edge: Running) -> None:
    shop.link("VASE22")
    answer = edge.client.head("/l/VASE22")
    assert (answer.status_code, answer.headers["location"]) == (302, "/shop/en/vase/?l=VASE22")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_link_is_only_followed_never_changed(shop: Shop, edge: Running, method: str) -> None:
    shop.link("VASE22")
    answer = edge.client.request(method, "/l/VASE22")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_the_edge_owns_its_paths_and_leaves_the_pages_alone(edge: Running) -> None:
    owned = [
        path
        for path in ("/l/X", "/hooks/a/b", "/edge/health", "/", "/shop/", "/login")
        if edge.edge.owns(path)
    ]
    assert owned == ["/l/X", "/hooks/a/b", "/edge/health"]
    assert edge.client.get("/shop/").status_code == 404
    assert edge.client.get("/edge/other").status_code == 404
