"""A copy of one's data, and being forgotten; the browser's cookie; and the staff pages for all that."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from etalage.accounts.models import AuditEntry, Role
from etalage.customers.actions import (
    attach_visitor,
    erase_customer,
    find_or_create,
    forget_visitor,
    give_consent,
    merge_customers,
    remember_visitor,
)
from etalage.customers.models import Customer, Purpose, Visitor
from etalage.customers.queries import export_customer, visitor_of
from etalage.customers.visitor_token import sign, verify, visitor_key
from etalage.jobs.models import Event
from etalage.kit import clock
from etalage.orders.models import Order, Redemption
from etalage.publishing.models import PromotionCode
from tests.conftest import World

PLANTED = {
    "name": "Canary-Name",
    "email": "canary-mail@example.com",
    "phone": "+32475998877",
    "card": "CANARYCARD",
    "import": "canary-number",
    "wording": "canary wording",
}


def planted(world: World) -> tuple[Customer, Visitor]:
    """A customer with a value of their own in every personal field."""
    pairs = [(kind, PLANTED[kind]) for kind in ("email", "phone", "card", "import")]
    nora = find_or_create(PLANTED["name"], pairs, "fr")
    cookie = remember_visitor(None, wording=PLANTED["wording"], source="test")
    attach_visitor(cookie.visitor_id, nora.pk)
    give_consent(Purpose.NEWS, wording=PLANTED["wording"], source="test", customer_id=nora.pk)
    Order.objects.create(
        source="web", number="1", customer=nora, placed_at=clock.now(), currency="EUR", total_minor=1234
    )
    return nora, Visitor.objects.get(pk=cookie.visitor_id)


def everything_stored() -> str:
    """The text of every column of every table, as the database itself has it."""
    texts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            texts += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(texts)


def test_the_copy_holds_everything_that_is_kept(world: World) -> None:
    nora, visitor = planted(world)
    code = PromotionCode.objects.create(code="WINTER", amount_minor=500)
    Redemption.objects.create(code=code, customer=nora, receipt="R-77", currency="EUR")
    copy = json.dumps(export_customer(nora.pk), ensure_ascii=False)
    for value in (*PLANTED.values(), str(visitor.pk), "1234", "WINTER", "R-77"):
        assert value in copy


def test_after_erasure_no_planted_value_is_anywhere(world: World) -> None:
    nora, visitor = planted(world)
    other = find_or_create("Otto", [("email", "otto@example.com")])
    stored = everything_stored()
    assert all(value in stored for value in PLANTED.values()), "the search can find them"
    assert [erase_customer(nora.pk, actor=world.manager), erase_customer(nora.pk)] == [True, False]

    stored = everything_stored()
    for value in PLANTED.values():
        assert value not in stored
    assert not Visitor.objects.filter(pk=visitor.pk).exists()
    assert Order.objects.get().customer_id == nora.pk, "the sums stay, without the person"
    assert Customer.objects.get(pk=other.pk).name == "Otto"
    event = Event.objects.get(name__endswith="CustomerErased")
    assert event.payload["customer_id"] == str(nora.pk)
    assert AuditEntry.objects.get(action="customer.erased").member == world.manager


def test_erasure_reaches_the_rows_that_were_merged(world: World) -> None:
    older = find_or_create("", [("card", "C1")])
    newer = find_or_create("Canary", [("card", "C2")])
    kept = merge_customers(older.pk, newer.pk)
    erase_customer(kept)
    assert "Canary" not in everything_stored()
    assert Customer.objects.exclude(erased_at=None).count() == 2


# The browser's cookie


def test_the_cookie_is_only_believed_when_it_is_ours(world: World) -> None:
    key = visitor_key("secret")
    visitor = uuid4()
    value = sign(visitor, key)
    assert verify(value, key) == visitor
    assert verify(value, visitor_key("another secret")) is None
    assert verify(value, b"") is None
    for position in range(len(value)):
        broken = value[:position] + ("0" if value[position] != "0" else "1") + value[position + 1 :]
        assert verify(broken, key) is None
    for nonsense in ("", ".", "x" * 500, value + "0", "é.é", value.upper()):
        assert verify(nonsense, key) is None
    with pytest.raises(ValueError, match="key"):
        sign(visitor, b"")


def test_a_browser_is_recognised_only_while_its_consent_runs(world: World) -> None:
    cookie = remember_visitor(None, wording="Yes.", source="test")
    assert visitor_of(cookie.value) == cookie.visitor_id
    assert remember_visitor(cookie.visitor_id, wording="Yes.", source="test") == cookie
    forget_visitor(cookie.visitor_id)
    assert visitor_of(cookie.value) is None
    unknown = sign(uuid4(), visitor_key(settings.SECRET_KEY))
    assert visitor_of(unknown) is None, "signed, but nobody agreed"


def test_a_browser_is_tied_to_a_customer_once(world: World) -> None:
    nora = find_or_create("Nora", [("card", "C1")])
    cookie = remember_visitor(None, wording="Yes.", source="test")
    assert [attach_visitor(cookie.visitor_id, nora.pk) for _each in range(2)] == [True, False]
    assert not attach_visitor(uuid4(), nora.pk), "a browser that never agreed"
    event = Event.objects.get(name__endswith="VisitorRecognised")
    assert event.payload == {"visitor_id": str(cookie.visitor_id), "customer_id": str(nora.pk)}


# The staff's pages


def test_customers_are_found_by_name_mail_and_phone(world: World, signed_in: dict[str, Client]) -> None:
    nora = find_or_create("Nora Peeters", [("email", "nora@example.com"), ("phone", "0475 11 22 33")])
    find_or_create("Otto", [("email", "otto@example.com")])
    for search in ("peeters", "NORA@exa", "0475 11 22", "+32475112233"):
        page = signed_in["member"].get(reverse("customers:list"), {"q": search}).content.decode()
        assert "Nora Peeters" in page, search
        assert "Otto" not in page, search
    assert str(nora.pk) in page


def test_the_list_costs_the_same_however_long(world: World, signed_in: dict[str, Client]) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert signed_in["member"].get(reverse("customers:list")).status_code == 200
        return len(caught)

    find_or_create("Nora", [("card", "C0")])
    queries()
    few = queries()
    for number in range(1, 60):
        find_or_create(f"Customer {number}", [("card", f"C{number}")])
    assert queries() == few


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'])
def test_hostile_names_stay_text(world: World, signed_in: dict[str, Client], hostile: str) -> None:
    nora = find_or_create(hostile, [("import", hostile)])
    give_consent(Purpose.NEWS, wording=hostile, source="test", customer_id=nora.pk)
    for name in ("customers:detail", "customers:erase"):
        page = signed_in["manager"].get(reverse(name, args=(nora.pk,))).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page
    page = signed_in["manager"].get(reverse("customers:list"), {"q": hostile}).content.decode()
    assert "<script>alert" not in page and "<img src=x" not in page


@pytest.mark.parametrize("role", [Role.COUNTER, Role.MEMBER, Role.MANAGER, Role.OWNER])
def test_only_managers_copy_and_erase(world: World, signed_in: dict[str, Client], role: Role) -> None:
    nora, _visitor = planted(world)
    client, may = signed_in[role.value], role in {Role.MANAGER, Role.OWNER}
    detail = client.get(reverse("customers:detail", args=(nora.pk,)))
    assert detail.status_code == (403 if role == Role.COUNTER else 200)

    copied = client.post(reverse("customers:export", args=(nora.pk,)))
    assert copied.status_code == (200 if may else 403)
    assert (PLANTED["email"] in copied.content.decode()) == may
    assert client.get(reverse("customers:export", args=(nora.pk,))).status_code == 405

    asked = client.get(reverse("customers:erase", args=(nora.pk,)))
    assert asked.status_code == (200 if may else 403)
    nora.refresh_from_db()
    assert nora.erased_at is None, "asking is not doing"
    client.post(reverse("customers:erase", args=(nora.pk,)))
    nora.refresh_from_db()
    assert (nora.erased_at is not None) == may
    assert AuditEntry.objects.filter(action="customer.exported").count() == int(may)


def test_an_erased_customer_has_no_page(world: World, signed_in: dict[str, Client]) -> None:
    nora, _visitor = planted(world)
    erase_customer(nora.pk)
    assert signed_in["owner"].get(reverse("customers:detail", args=(nora.pk,))).status_code == 404
    assert signed_in["owner"].get(reverse("customers:detail", args=(uuid4(),))).status_code == 404


def test_staff_withdraw_a_consent_on_the_customers_word(world: World, signed_in: dict[str, Client]) -> None:
    nora, _visitor = planted(world)
    address = reverse("customers:withdraw", args=(nora.pk, "news"))
    assert signed_in["counter"].post(address).status_code == 403
    signed_in["member"].post(address)
    assert nora.consents.get(purpose="news").withdrawn_at is not None
    assert AuditEntry.objects.filter(action="consent.withdrawn").count() == 1
    assert (
        signed_in["member"].post(reverse("customers:withdraw", args=(nora.pk, "nonsense"))).status_code == 404
    )
