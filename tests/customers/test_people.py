"""Who a customer is: found by any spelling of what they are known by, one person however many ask at once."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etalage.customers.actions import find_or_create, give_consent, merge_customers, withdraw_consent
from etalage.customers.calling_codes import guess_calling_code
from etalage.customers.identities import BadIdentity, normal_identities, normal_identity
from etalage.customers.models import Consent, Customer, Identity, Purpose, Visitor
from etalage.customers.queries import customer, customers_page, has_consent
from etalage.jobs.models import Event
from etalage.kit.ids import uuid7
from tests.conftest import World
from tests.orders.threads import all_at_once


@pytest.mark.parametrize(
    ("kind", "typed", "normal"),
    [
        ("email", " Nora@Example.COM ", "nora@example.com"),
        ("email", "ｎora@example.com", "nora@example.com"),
        ("phone", "0475 11 22 33", "+32475112233"),
        ("phone", "+32 (0)475/11.22.33", "+32475112233"),
        ("phone", "0032 475 112233", "+32475112233"),
        ("phone", "٠٤٧٥١١٢٢٣٣", "+32475112233"),
        ("phone", "+31 6 12345678", "+31612345678"),
        ("card", "kaart 12-34.56", "KAART123456"),
        ("import", " K-001 ", "K-001"),
    ],
)
def test_every_spelling_has_one_normal_form(kind: str, typed: str, normal: str) -> None:
    assert normal_identity(kind, typed, "32") == (kind, normal)
    assert normal_identity(kind, normal, "32") == (kind, normal), "the normal form is its own"


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("email", "nora"),
        ("email", "a" * 250 + "@example.com"),
        ("phone", "12"),
        ("phone", "call me"),
        ("phone", "1" * 30),
        ("card", " "),
        ("import", "a\x00b"),
        ("fax", "123456"),
    ],
)
def test_what_nobody_can_be_known_by_is_refused(kind: str, typed: str) -> None:
    with pytest.raises(BadIdentity):
        normal_identity(kind, typed, "32")
    assert normal_identities([(kind, typed)], "32") == []


@given(kind=st.sampled_from(["email", "phone", "card", "import"]), text=st.text(max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_text_is_normal_or_refused(kind: str, text: str) -> None:
    for known in normal_identities([(kind, text)], "32"):
        assert normal_identities([known], "32") == [known]


def test_the_calling_code_is_guessed_from_the_business() -> None:
    assert guess_calling_code("+33 1 23 45 67 89", "Europe/Brussels") == "33"
    assert guess_calling_code("09 123 45 67", "Europe/Brussels") == "32"
    assert guess_calling_code("", "Antarctica/Troll") == ""
    assert normal_identity("phone", "06 1234 5678", guess_calling_code("", "Europe/Rome")) == (
        "phone",
        "+390612345678",
    )


def test_a_person_is_found_by_any_identity_and_completed(world: World) -> None:
    first = find_or_create("", [("email", "Nora@example.com")])
    again = find_or_create("Nora", [("email", "nora@EXAMPLE.com"), ("card", "C 1")], "fr")
    by_card = find_or_create("Somebody else", [("card", "c1")], "nl")

    assert first.pk == again.pk == by_card.pk
    assert (by_card.name, by_card.language) == ("Nora", "fr")
    assert Customer.objects.count() == 1


def test_nobody_is_made_of_nothing(world: World) -> None:
    with pytest.raises(ValueError, match="known by"):
        find_or_create("Nora", [("email", "not an address")])
    assert not Customer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_who_register_one_person_at_once_make_one_person(world: World) -> None:
    results = all_at_once([partial(find_or_create, "Nora", [("email", "n@example.com")])] * 24, threads=12)
    assert {type(result) for result in results} == {Customer}
    assert len({result.pk for result in results if isinstance(result, Customer)}) == 1
    assert (Customer.objects.count(), Identity.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_rows_that_overlap_at_once_end_as_one_person(world: World) -> None:
    pairs = [[("email", "n@example.com"), ("card", "C1")], [("card", "C1"), ("phone", "0475112233")]] * 6
    results = all_at_once([partial(find_or_create, "Nora", pair) for pair in pairs], threads=12)
    assert {type(result) for result in results} == {Customer}
    assert Customer.objects.filter(merged_into=None).count() == 1
    assert Identity.objects.count() == 3


def test_two_rows_of_one_person_become_the_older_one(world: World) -> None:
    older = find_or_create("", [("email", "n@example.com")])
    newer = find_or_create("Nora", [("card", "C1")], "fr")
    visitor = Visitor.objects.create(id=uuid7(), customer=newer)
    kept = find_or_create("", [("email", "n@example.com"), ("card", "C1")])

    assert kept.pk == older.pk
    assert (kept.name, kept.language) == ("Nora", "fr")
    assert set(kept.identities.values_list("kind", flat=True)) == {"email", "card"}
    visitor.refresh_from_db()
    assert visitor.customer_id == older.pk
    assert customer(newer.pk) == older, "an id kept elsewhere still finds the person"
    event = Event.objects.get(name__endswith="CustomersMerged")
    assert event.payload == {"kept_id": str(older.pk), "merged_id": str(newer.pk)}
    assert merge_customers(older.pk, newer.pk) == older.pk
    assert Event.objects.filter(name__endswith="CustomersMerged").count() == 1
    assert [row.pk for row in customers_page()] == [older.pk]


# Consent


def agree(person: Customer, wording: str = "Yes.") -> bool:
    return give_consent(Purpose.CREDIT, wording=wording, source="test", customer_id=person.pk)


def test_a_yes_runs_once_and_ends_once(world: World) -> None:
    nora = find_or_create("Nora", [("email", "n@example.com")])
    assert [agree(nora), agree(nora)] == [True, False]
    assert has_consent(Purpose.CREDIT, customer_id=nora.pk)
    assert not has_consent(Purpose.NEWS, customer_id=nora.pk), "each purpose is asked apart"
    ended = [withdraw_consent(Purpose.CREDIT, customer_id=nora.pk) for _each in range(2)]
    assert ended == [True, False]
    assert not has_consent(Purpose.CREDIT, customer_id=nora.pk)
    assert Consent.objects.get().wording == "Yes.", "it stays as proof"
    names = [event.name.rsplit(".", 1)[1] for event in Event.objects.order_by("id")]
    assert names == ["ConsentGiven", "ConsentWithdrawn"]


def test_nobody_in_particular_agrees_to_nothing(world: World) -> None:
    assert not has_consent(Purpose.CREDIT)
    with pytest.raises(ValueError, match="customer's or a visitor's"):
        give_consent(Purpose.CREDIT, wording="", source="")


def test_a_merger_keeps_the_persons_last_word(world: World) -> None:
    said_no, said_yes = (find_or_create("", [("card", f"C{number}")]) for number in (1, 2))
    agree(said_yes)
    agree(said_no)
    withdraw_consent(Purpose.CREDIT, customer_id=said_no.pk)
    kept = merge_customers(said_no.pk, said_yes.pk)
    assert not has_consent(Purpose.CREDIT, customer_id=kept)

    later = find_or_create("", [("card", "C3")])
    agree(later, "Yes, again.")
    kept = merge_customers(kept, later.pk)
    assert has_consent(Purpose.CREDIT, customer_id=kept)
    assert Consent.objects.filter(customer_id=kept, withdrawn_at=None).count() == 1


def test_two_running_yeses_become_one(world: World) -> None:
    one, other = (find_or_create("", [("card", f"C{number}")]) for number in (1, 2))
    agree(one)
    agree(other)
    kept = merge_customers(one.pk, other.pk)
    assert Consent.objects.filter(customer_id=kept, withdrawn_at=None).count() == 1
    assert Consent.objects.filter(customer_id=kept).count() == 2
