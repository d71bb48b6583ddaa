"""The public shop as a customer's phone sees it: without scripts, in four languages, on a slow line."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core import mail
from django.test import Client
from django.urls import reverse

from etalage.accounts.models import Business
from etalage.catalogue.models import Product, ProductPicture
from etalage.catalogue.search import search_text
from etalage.customers.models import Consent, Visitor
from etalage.customers.visitor_token import COOKIE
from etalage.kit import clock
from etalage.orders.actions.letters import send_reservation_letter
from etalage.orders.addresses import public_path
from etalage.orders.models import Reservation, ReservationState
from etalage.publishing.models import LinkKind, TrackedLink
from tests.orders.conftest import Goods, Reserve, make_product, make_variant

FIRST_VIEW_BYTES = 60 * 1024
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "</title><svg/onload=alert(1)>",
    "{{ 7*7 }}{% now 'Y' %}",
    "javascript:alert(1)",
    "\u202eevil\u202c",
    "<!--<bdi>",
]


class FormReader(HTMLParser):
    """Reads the fields of the form that is marked `data-reserve`, as a browser without scripts would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.action = ""
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and "data-reserve" in given:
            self.inside, self.action = True, given["action"] or ""
        kind = given.get("type")
        if not self.inside or tag != "input" or not given.get("name") or "disabled" in given:
            return
        if kind in {"radio", "checkbox"} and "checked" not in given and kind == "checkbox":
            return
        self.fields.setdefault(given["name"] or "", given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False


def read_form(client: Client, address: str) -> FormReader:
    """The reserve form of a product page."""
    reader = FormReader()
    reader.feed(client.get(address).content.decode())
    return reader


def send(client: Client, form: FormReader, **filled: str) -> str:
    """Send the form and return where the answer leads ("" when it leads nowhere)."""
    answer = client.post(form.action, {**form.fields, **filled})
    return answer.headers.get("Location", "")


def test_a_customer_reserves_with_nothing_but_the_form(goods: Goods) -> None:
    client = Client(enforce_csrf_checks=True)
    form = read_form(client, "/fr/shop/p/scarf/")
    form.fields["csrfmiddlewaretoken"] = form.fields["csrfmiddlewaretoken"]
    place = send(client, form, name="Zoé", email="zoe@example.com", store=str(goods.world.ghent.pk))
    made = Reservation.objects.get()

    assert place == public_path(made, "fr")
    page = client.get(place).content.decode()
    assert made.code in page
    assert "59,98" not in page
    assert "29,99" in page
    assert "<svg" in page
    assert goods.shelf(goods.blue) == (3, 1)


def test_the_practice_networks_people_find_the_form(goods: Goods) -> None:
    form = read_form(Client(), "/en/shop/p/scarf/?l=NOSUCH")
    assert form.action == "/en/shop/p/scarf/reserve/"
    assert {"variant", "store", "quantity", "name", "email", "phone", "request_key", "l", "seen"} <= set(
        form.fields
    )
    assert "consent" not in form.fields, "the box is not ticked"
    assert form.fields["l"] == "", "an unknown link is not carried on"


def test_the_link_of_the_visit_is_carried_from_page_to_page(goods: Goods) -> None:
    TrackedLink.objects.create(code="ABCD2345", kind=LinkKind.POST, target="/shop/")
    client = Client()
    landing = client.get("/shop/?l=ABCD2345", headers={"Accept-Language": "nl-BE,nl;q=0.9"})
    assert landing.headers["Location"] == "/nl/shop/?l=ABCD2345"
    assert "/nl/shop/p/scarf/?l=ABCD2345" in client.get("/nl/shop/?l=ABCD2345").content.decode()

    form = read_form(client, "/nl/shop/p/scarf/?l=ABCD2345")
    send(client, form, name="Jan", email="jan@example.com")
    link = Reservation.objects.get().link
    assert link is not None and link.code == "ABCD2345"


@pytest.mark.parametrize(
    ("accepts", "cookie", "language"),
    [
        ("ar-MA,ar;q=0.9,fr;q=0.8", "", "ar"),
        ("de,fr;q=0.5", "", "fr"),
        ("de,ja", "", "nl"),
        ("", "", "nl"),
        ("fr", "en", "en"),
        ("*", "xx", "nl"),
    ],
)
def test_an_address_without_a_language_finds_one(
    goods: Goods, accepts: str, cookie: str, language: str
) -> None:
    Business.objects.update(language="nl")
    client = Client()
    if cookie:
        client.cookies["language"] = cookie
    answer = client.get("/shop/p/scarf/?v=SC-R&l=X", headers={"Accept-Language": accepts})

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/{language}/shop/p/scarf/?v=SC-R&l=X"
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "rest", ["/evil.example/", "//evil.example", "\\evil.example", "https://evil.example"]
)
def test_no_address_leads_out_of_the_shop(goods: Goods, rest: str) -> None:
    place = Client().get(f"/shop/{rest}").headers.get("Location", "")
    assert place == "" or re.match(r"/[a-z]{2}/shop/(?!/)", place)


@pytest.mark.parametrize("address", ["/en/shop/", "/ar/shop/", "/fr/shop/p/scarf/"])
def test_the_first_view_is_light(goods: Goods, address: str) -> None:
    for number in range(40):
        product = make_product(
            f"product-{number}", {"en": f"A product with a rather long name {number}"}, category="C"
        )
        goods.put(make_variant(product, f"P{number}", 1000 + number), goods.world.ghent, number)
        ProductPicture.objects.create(product=product, file=f"p/{number}.webp", width=800, height=1000)
    page = Client().get(address).content
    sheets = set(re.findall(rb'(?:href|src)="/static/([^"#?]+)', page))
    weights = {name: Path(str(finders.find(name.decode()))).stat().st_size for name in sheets}

    assert b"web/shop.css" in sheets
    assert len(page) + sum(weights.values()) < FIRST_VIEW_BYTES, (len(page), weights)


def test_no_page_of_the_shop_needs_or_carries_a_script(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one()
    for address in (
        "/en/shop/",
        "/en/shop/p/scarf/",
        public_path(made),
        "/en/shop/privacy/",
        "/en/shop/ended/?l=X",
    ):
        page = Client().get(address).content.decode()
        assert "<script" not in page, address
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:", page)


def test_previews_and_other_languages_are_announced(goods: Goods) -> None:
    ProductPicture.objects.create(product=goods.scarf, file="p/scarf.webp", width=800, height=1000)
    page = Client().get("/en/shop/p/scarf/").content.decode()
    assert '<meta property="og:title" content="Wool scarf">' in page
    assert '<meta property="og:image" content="http://localhost:8000/media/p/scarf.webp">' in page
    assert 'width="800" height="1000"' in page
    assert set(re.findall(r'rel="alternate" hreflang="(..)"', page)) == {"en", "fr", "nl", "ar"}
    arabic = Client().get("/ar/shop/p/scarf/").content.decode()
    assert 'dir="rtl"' in arabic
    assert "وشاح صوفي" in arabic


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_stay_text(goods: Goods, hostile: str) -> None:
    goods.scarf.title = {"en": hostile}
    goods.scarf.description = {"en": hostile}
    goods.scarf.vendor = goods.scarf.category = hostile
    goods.scarf.save()
    goods.blue.options = {"colour": hostile}
    goods.blue.save()
    client = Client()
    form = read_form(client, "/en/shop/p/scarf/")
    send(client, form, name=hostile, email="x@example.com", store=str(goods.world.ghent.pk))
    made = Reservation.objects.get()
    staff = Client()
    staff.force_login(goods.world.counter, backend="django.contrib.auth.backends.ModelBackend")
    for address in (
        "/en/shop/",
        f"/en/shop/?q={hostile}",
        "/en/shop/p/scarf/",
        public_path(made),
        reverse("orders:counter"),
        reverse("orders:counter_reservation", args=(made.code,)),
        reverse("orders:reservations"),
        reverse("orders:labels"),
    ):
        page = staff.get(address).content.decode()
        for dangerous in ("<script>alert", "<img src=x", "<svg/onload", "49{%", "<!--<bdi>"):
            assert dangerous not in page, address
    assert send_reservation_letter(made.pk)
    letter = mail.outbox[-1]
    html = str(letter.alternatives[0][0])
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_a_refused_form_comes_back_filled_in(goods: Goods) -> None:
    client = Client()
    form = read_form(client, "/en/shop/p/scarf/")
    answer = client.post(form.action, {**form.fields, "name": "Nora", "email": "", "phone": ""})
    page = answer.content.decode()

    assert answer.status_code == 422
    assert 'value="Nora"' in page
    assert "Give an e-mail address or a phone number." in page
    assert 'hreflang="fr" href="http://testserver/fr/shop/p/scarf/"' in page
    assert not Reservation.objects.exists()


def test_selling_out_while_the_form_is_filled_in_is_said(goods: Goods) -> None:
    client = Client()
    form = read_form(client, "/en/shop/p/scarf/?v=SC-R")
    goods.red.stock.update(reserved=1)
    answer = client.post(form.action, {**form.fields, "name": "N", "email": "n@example.com"})
    assert answer.status_code == 409
    assert "sold out" in answer.content.decode()


def test_a_price_that_rose_meanwhile_is_shown_before_it_is_agreed(goods: Goods) -> None:
    client = Client()
    form = read_form(client, "/en/shop/p/scarf/")
    goods.blue.price_minor = 3999
    goods.blue.save()
    filled = {"name": "N", "email": "n@example.com", "store": str(goods.world.ghent.pk)}
    answer = client.post(form.action, {**form.fields, **filled})
    assert answer.status_code == 409
    assert "39.99" in answer.content.decode()

    shown = FormReader()
    shown.feed(answer.content.decode())
    assert send(client, shown, **filled), "sent again with the new price, it is agreed"


def test_the_box_ticked_remembers_the_browser_and_the_privacy_page_forgets_it(goods: Goods) -> None:
    client = Client()
    form = read_form(client, "/en/shop/p/scarf/")
    send(client, form, name="N", email="n@example.com", store=str(goods.world.ghent.pk), consent="on")
    cookie = client.cookies[COOKIE]
    assert cookie["httponly"] and cookie["samesite"] == "Lax"
    assert Visitor.objects.get().customer == Reservation.objects.get().customer
    assert "consent" not in read_form(client, "/en/shop/p/cup/").fields

    client.post("/en/shop/consent/", {"answer": "stop", "next": "/en/shop/privacy/"})
    assert client.cookies[COOKIE].value == ""
    assert not Consent.objects.filter(visitor__isnull=False, withdrawn_at=None).exists()
    assert Visitor.objects.get().customer is None


def test_the_question_is_asked_of_those_who_came_by_a_link_and_only_until_they_answer(goods: Goods) -> None:
    TrackedLink.objects.create(code="ABCD2345", kind=LinkKind.POST, target="/shop/")
    client, question = Client(), "You came from one of our posts."
    assert question not in client.get("/en/shop/").content.decode()
    assert question in client.get("/en/shop/?l=ABCD2345").content.decode()
    client.post("/en/shop/consent/", {"answer": "no"})
    assert question not in client.get("/en/shop/?l=ABCD2345").content.decode()
    assert not Visitor.objects.exists()
    client.post("/en/shop/consent/", {"answer": "yes"})
    assert Visitor.objects.count() == 1
    assert question not in client.get("/en/shop/?l=ABCD2345").content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/settings/", "/en/shop/..//evil"]
)
def test_an_answer_leads_back_to_the_shop_only(goods: Goods, target: str) -> None:
    place = Client().post("/en/shop/consent/", {"answer": "no", "next": target}).headers["Location"]
    assert place.startswith("/en/shop/")


def test_without_the_secret_a_code_shows_nothing_personal_and_cancels_nothing(
    goods: Goods, reserve_one: Reserve
) -> None:
    made = reserve_one(name="Nora Personal")
    address = reverse("shop:reservation", args=("en", made.code))
    for page in (Client().get(address), Client().get(f"{address}?k=wrong")):
        text = page.content.decode()
        assert made.code in text
        assert "Wool scarf" not in text
        assert "Nora" not in text
    refused = Client().post(reverse("shop:cancel", args=("en", made.code)), {"k": "wrong"})
    assert refused.status_code == 403
    made.refresh_from_db()
    assert made.state == ReservationState.OPEN


def test_the_customer_cancels_with_the_link_of_the_letter(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one(goods.blue, 2)
    own = public_path(made)
    answer = Client().post(reverse("shop:cancel", args=("en", made.code)), {"k": own.rsplit("k=", 1)[1]})
    assert answer.headers["Location"] == own
    assert goods.shelf(goods.blue) == (3, 0)


def test_codes_cannot_be_tried_one_after_the_other(goods: Goods) -> None:
    client = Client()
    statuses = [
        client.get(f"/en/shop/r/BCDFGH{sign}/").status_code for sign in "23456789BCDFGHJKMNPQRSTVWXYZ" * 2
    ]
    assert statuses[:30] == [404] * 30
    assert set(statuses[31:]) <= {404, 429}
    assert statuses.count(404) <= 60, "thirty in a minute, and the minute may change once"
    assert 429 in statuses


def test_the_list_costs_the_same_however_long_it_is(goods: Goods) -> None:
    few = _queries("/en/shop/")
    for number in range(50):
        product = make_product(f"more-{number}", category=f"C{number % 7}")
        goods.put(make_variant(product, f"M{number}", 100), goods.world.ghent, 1)
        ProductPicture.objects.create(product=product, file=f"m/{number}.webp", width=8, height=8)
    assert _queries("/en/shop/") == few


def test_pages_of_the_shop_follow_each_other_without_gap_or_double(goods: Goods) -> None:
    for number in range(60):
        goods.put(make_variant(make_product(f"n-{number}"), f"N{number}", 100), goods.world.ghent, 1)
    client, address, seen = Client(), "/en/shop/", []
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r'href="/en/shop/p/([^/"]+)/', page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        address = "/en/shop/" + found.group(1) if found else ""
    assert len(seen) == len(set(seen)) == 62


def test_a_search_finds_by_every_word_and_says_when_nothing_fits(goods: Goods) -> None:
    assert "Wool scarf" in Client().get("/en/shop/?q=scarf+WOOL").content.decode()
    assert "Wool scarf" in Client().get("/en/shop/?q=laine").content.decode()
    # What is found in one form of a letter is found in every form: the shelf keeps both.
    Product.objects.filter(pk=goods.scarf.pk).update(search_text=search_text(["Écharpe en laine", "إبريق"]))
    for words in ("echarpe", "ÉCHARPE", "e\u0301charpe", "ابريق", "أبريق"):
        assert "Wool scarf" in Client().get("/en/shop/", {"q": words}).content.decode(), words
    nothing = Client().get("/en/shop/?q=bicycle").content.decode()
    assert "Nothing found" in nothing and "Wool scarf" not in nothing


def test_an_ended_link_lands_on_a_useful_page(goods: Goods) -> None:
    TrackedLink.objects.create(
        code="OLD23456",
        kind=LinkKind.POST,
        target="/shop/",
        product=goods.cup.product,
        expires_at=clock.now(),
    )
    page = Client().get("/en/shop/ended/?l=OLD23456").content.decode()
    assert "This offer has ended" in page
    assert "/en/shop/p/cup/" in page
    assert "not known any more" in Client().get("/en/shop/?lost=link").content.decode()


def _queries(address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = Client()
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)
