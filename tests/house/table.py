"""The table of routes: who may ask what, and what they are answered. A route without a row fails the tests."""

from __future__ import annotations

from typing import Any

from tests.house.account_rows import ACCOUNT_ROWS
from tests.house.publishing_rows import PUBLISHING_ROWS
from tests.house.rows import Row, form, given, public, staff
from tests.house.world import House


def _visit(house: House) -> dict[str, Any]:
    return {"rest": f"r/{house.reservation.code}/"}


def _picture(house: House) -> Any:
    return house.file("red.png", house.png)


def _table(house: House) -> Any:
    return house.file("more.csv", b"SKU;Title;Price\nSC-3;Gloves;9,50\n")


def _over(house: House) -> dict[str, Any]:
    return {"run_id": house.new_run("done").pk}


def _counted(house: House, address: str) -> dict[str, Any]:
    filled = house.form(address)
    return {name: "4" if value.isdigit() else value for name, value in filled.items()}


WEB_ROWS = {
    "web:home": staff("counter", GET="ok"),
    "web:live": staff("counter", GET="ok"),
    "web:language": public(POST="moved", send=given(language="fr")),
    "web:theme": public(POST="moved", send=given(theme="dark")),
    "web:style": staff("member", GET="ok"),
    "web:media": public(GET="ok"),
    "jobs:list": staff("manager", GET="ok"),
    "jobs:retry": staff("manager", POST="moved"),
    "jobs:retry_kind": staff("manager", POST="moved", send=given(task="etalage.orders.tasks.expire")),
    "jobs:drop": staff("manager", POST="moved"),
}

SETTINGS_ROWS = {
    "accounts:settings": staff("manager", GET="ok"),
    "accounts:business": staff("owner", GET="ok", POST="moved", send=form(name="Maison Lune & Cie")),
    "accounts:new_store": staff("manager", GET="ok", POST="moved", send=form(name="Liège", code="LIE")),
    "accounts:store": staff("manager", GET="ok", POST="moved", send=form(phone="+32 2 123 45 67")),
    "accounts:close_store": staff("owner", POST="moved"),
    "accounts:invite": staff("manager", GET="ok", POST="ok", send=form(name="Zoé", email="zoe@example.com")),
    "accounts:member": staff("manager", GET="ok", POST="moved", send=form(role="counter")),
    "accounts:member_link": staff("manager", POST="ok"),
    "accounts:member_second_steps": staff("owner", POST="moved"),
    "accounts:trail": staff("manager", GET="ok"),
    "accounts:enter": public(GET="ok", POST="moved"),
    "accounts:enter unknown": public(GET="ok", POST="gone", ids=lambda _house: {"secret": "nobody"}),
}

CHANNEL_ROWS = {
    "channels:list": staff("member", GET="ok"),
    "channels:connect": staff("manager", GET="ok"),
    "channels:connect_to": staff(
        "manager", GET="ok", POST="moved", send=given(token=House.new_token, language="fr")
    ),
    "channels:connect_to unknown": staff(
        "manager", GET="missing", POST="missing", ids=lambda _house: {"network": "nowhere"}
    ),
    "channels:callback": staff("manager", GET="refused"),
    "channels:client": public(GET="ok", ids=House.new_introduction),
    "channels:client unknown": public(GET="missing", ids=lambda _house: {"network": "nowhere"}),
    "channels:not_taken_in": staff("manager", GET="ok"),
    "channels:replay_all": staff("manager", POST="moved", ids=House.new_letter),
    "channels:replay": staff("manager", POST="moved", ids=House.new_letter),
    "channels:drop": staff("manager", GET="ok", POST="moved", ids=House.new_letter),
    "channels:detail": staff("manager", GET="ok", POST="moved", send=given(name="Our page", language="ar")),
    "channels:people": staff("manager", GET="ok"),
    "channels:author": staff("manager", GET="ok", ids=House.new_author),
    "channels:export_author": staff("manager", POST="ok", ids=House.new_author),
    "channels:erase_author": staff("manager", GET="ok", POST="moved", ids=House.new_author),
    "channels:pause": staff("manager", POST="moved"),
    "channels:resume": staff("manager", POST="moved", ids=House.paused),
    "channels:disconnect": staff("manager", GET="ok", POST="moved"),
}

CUSTOMER_ROWS = {
    "customers:list": staff("member", GET="ok"),
    "customers:detail": staff("member", GET="ok"),
    "customers:export": staff("manager", POST="ok"),
    "customers:erase": staff("manager", GET="ok", POST="moved"),
    "customers:withdraw": staff("member", POST="moved"),
}

COUNTER_ROWS = {
    "orders:counter": staff("counter", GET="ok"),
    "orders:waiting": staff("counter", GET="ok"),
    "orders:redeem": staff(
        "counter",
        POST="moved",
        send=given(code="winter", request_key="request-of-the-house", receipt="R-2", amount="40,00"),
    ),
    "orders:counter_reservation": staff("counter", GET="ok"),
    "orders:hand_over": staff("counter", POST="moved", send=given(seen="0")),
    "orders:cancel_reservation": staff("counter", POST="moved"),
    "orders:list": staff("member", GET="ok"),
    "orders:order": staff("member", GET="ok"),
    "orders:export": staff("manager", GET="ok"),
    "orders:reservations": staff("counter", GET="ok"),
    "orders:labels": staff(
        "counter",
        GET="ok",
        POST="ok",
        send=given(store=lambda house: house.store.pk, product=lambda house: house.product.pk),
    ),
}

CATALOGUE_ROWS = {
    "catalogue:products": staff("counter", GET="ok"),
    "catalogue:new": staff(
        "member",
        GET="ok",
        POST="moved",
        send=form(title_en="Shawl", sku="SH-1", price_0="12,50", price="12,50"),
    ),
    "catalogue:product": staff("counter", GET="ok"),
    "catalogue:edit": staff("member", GET="ok", POST="moved", send=form(title_en="Warm scarf")),
    "catalogue:stock": staff("manager", GET="ok", POST="moved", send=_counted),
    "catalogue:status": staff("manager", POST="moved", send=given(status="archived")),
    "catalogue:add_article": staff(
        "member", GET="ok", POST="moved", send=form(sku="SC-9", option="Red", price="9,50")
    ),
    "catalogue:article": staff("member", GET="ok", POST="moved", send=form(price="9,50")),
    "catalogue:retire": staff("manager", POST="moved"),
    "catalogue:add_pictures": staff(
        "member", GET="ok", POST="moved", send=given(pictures=_picture, alt_en="A red scarf")
    ),
    "catalogue:pictures_again": staff("member", POST="moved"),
    "catalogue:pictures_forget": staff("member", POST="moved"),
    "catalogue:picture": staff("member", GET="ok", POST="moved", send=form(alt_en="A warm scarf")),
    "catalogue:remove_picture": staff("member", POST="moved"),
}

IMPORT_ROWS = {
    "imports:start": staff("manager", GET="ok", POST="moved", send=given(kind="products", file=_table)),
    "imports:run": staff("manager", GET="ok", POST="moved", send=form()),
    "imports:stop": staff("manager", POST="moved"),
    "imports:again": staff("manager", POST="moved", ids=_over),
    "imports:refused": staff("manager", GET="ok", ids=_over),
    "imports:refused none": staff("manager", GET="missing"),
}

RESULT_ROWS = {
    "insights:results": staff("member", GET="ok"),
    "insights:models": staff("member", GET="ok"),
    "insights:export": staff("member", GET="ok"),
    "insights:order_credit": staff("member", GET="ok"),
    "insights:post": staff("member", GET="ok"),
}

SHOP_ROWS = {
    "shop:home": public(GET="ok"),
    "shop:product": public(GET="ok"),
    "shop:reserve": public(
        POST="moved",
        send=lambda house, address: house.form(
            f"/en/shop/p/{house.product.slug}/",
            address,
            "stranger",
            store=house.store.pk,
            name="Sami",
            email="sami@example.com",
        ),
    ),
    "shop:reservation": public(GET="ok"),
    "shop:cancel": public(POST="moved", send=given(k=lambda house: house.reservation_secret)),
    "shop:cancel guessed": public(POST="forbidden", send=given(k="guessed")),
    "shop:consent": public(POST="moved", send=given(answer="yes")),
    "shop:ended": public(GET="ok"),
    "shop:privacy": public(GET="ok"),
    "shop:any_language": public(GET="moved"),
    "shop:any_language_page": public(GET="moved", ids=_visit),
}

ROWS: dict[str, Row] = {
    **WEB_ROWS,
    **SETTINGS_ROWS,
    **CHANNEL_ROWS,
    **CUSTOMER_ROWS,
    **PUBLISHING_ROWS,
    **CATALOGUE_ROWS,
    **IMPORT_ROWS,
    **COUNTER_ROWS,
    **RESULT_ROWS,
    **SHOP_ROWS,
    **ACCOUNT_ROWS,
}
