"""Reserving: what is kept, what is refused, and what a second click does."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from etalage.accounts.models import BY_CUSTOMER, AuditEntry
from etalage.customers.actions import withdraw_consent
from etalage.customers.models import Consent, Customer, Identity, Purpose, Visitor
from etalage.customers.queries import has_consent
from etalage.jobs.models import Event, Job, LiveChange
from etalage.kit import clock
from etalage.kit.errors import Refusal
from etalage.orders.actions.closing import cancel_reservation, expire_due, expire_reservation
from etalage.orders.actions.reserve import MOST_OPEN, WishLine, reserve
from etalage.orders.models import Reservation, ReservationState
from etalage.publishing.models import LinkKind, TrackedLink
from tests.orders.conftest import Goods, Reserve, make_product, make_variant, wish_for

AT = "2026-03-10 10:00Z"


def test_a_reservation_keeps_the_pieces_at_the_price_of_the_moment(
    goods: Goods, reserve_one: Reserve
) -> None:
    with time_machine.travel(AT, tick=False):
        made = reserve_one(goods.blue, 2)
        assert made.expires_at - clock.now() == timedelta(hours=48)
    goods.blue.price_minor = 9999
    goods.blue.save()

    line = made.lines.get()
    assert (line.quantity, line.unit_minor) == (2, 2999)
    assert goods.shelf(goods.blue) == (3, 2)
    assert made.customer is not None and made.customer.name == "Nora"


def test_a_reservation_announces_itself_and_sets_its_letter_and_its_end(
    goods: Goods, reserve_one: Reserve
) -> None:
    made = reserve_one()

    assert Event.objects.filter(
        name__endswith="ReservationMade", payload__reservation_id=str(made.pk)
    ).exists()
    assert LiveChange.objects.filter(name="reservations").exists()
    jobs = {
        job.task.rsplit(".", 1)[1]: job for job in Job.objects.filter(task__startswith="etalage.orders.tasks")
    }
    assert set(jobs) == {"send_reservation_letter", "expire_reservation"}
    assert jobs["expire_reservation"].run_after == made.expires_at


def test_no_more_is_promised_than_lies_on_the_shelf(goods: Goods, reserve_one: Reserve) -> None:
    reserve_one(goods.blue, 2)
    with pytest.raises(Refusal) as refused:
        reserve_one(goods.blue, 2, email="otto@example.com", name="Otto")

    assert (refused.value.code, refused.value.status) == ("out_of_stock", 409)
    assert "1" in refused.value.message
    assert goods.shelf(goods.blue) == (3, 2)
    assert Reservation.objects.count() == 1
    assert not Identity.objects.filter(value="otto@example.com").exists(), "nothing of a refused wish is kept"


def test_the_same_form_sent_twice_reserves_once(goods: Goods) -> None:
    wish = wish_for(goods.blue, goods.world.ghent)
    first, second = reserve(wish).reservation, reserve(wish).reservation

    assert first.pk == second.pk
    assert goods.shelf(goods.blue) == (3, 1)
    assert Event.objects.filter(name__endswith="ReservationMade").count() == 1


def test_a_reservation_and_its_end_stand_in_the_trail_once_and_say_nothing_of_the_customer(
    goods: Goods,
) -> None:
    wish = wish_for(goods.blue, goods.world.ghent, phone="+32 470 12 34 56")
    made = reserve(wish).reservation
    reserve(wish)
    cancel_reservation(made.pk)
    cancel_reservation(made.pk)

    trail = list(AuditEntry.objects.order_by("id"))
    assert [entry.action for entry in trail] == ["reservation.made", "reservation.cancelled"]
    for entry in trail:
        assert (entry.member, entry.actor, entry.details) == (None, BY_CUSTOMER, {})
        assert (entry.object_id, entry.label) == (str(made.pk), made.code)


def test_the_back_button_and_another_choice_make_another_reservation(goods: Goods) -> None:
    wish = wish_for(goods.blue, goods.world.ghent, request_key="the-same-key-as-before")
    other = wish_for(goods.blue, goods.world.brussels, request_key="the-same-key-as-before")

    assert reserve(wish).reservation.pk != reserve(other).reservation.pk


@pytest.mark.parametrize("seen", [0, 1, 2998, 3000])
def test_a_price_that_is_not_the_one_of_the_shop_is_never_taken(goods: Goods, seen: int) -> None:
    wish = wish_for(goods.blue, goods.world.ghent, lines=(WishLine(goods.blue.pk, 1, seen),))
    with pytest.raises(Refusal) as refused:
        reserve(wish)

    assert refused.value.code == "price_changed"
    assert goods.shelf(goods.blue) == (3, 0)


def test_what_is_not_for_sale_cannot_be_reserved(goods: Goods) -> None:
    draft = make_variant(make_product("secret", status="draft"), "SECRET", 100)
    retired = make_variant(goods.scarf, "SC-OLD", 100, retired_at=clock.now())
    for variant in (draft, retired):
        goods.put(variant, goods.world.ghent, 5)
        with pytest.raises(Refusal) as refused:
            reserve(wish_for(variant, goods.world.ghent))
        assert refused.value.code == "not_for_sale"


def test_a_store_that_takes_no_reservations_takes_none(goods: Goods) -> None:
    goods.world.ghent.takes_reservations = False
    goods.world.ghent.save()
    with pytest.raises(Refusal) as refused:
        reserve(wish_for(goods.blue, goods.world.ghent))
    assert refused.value.code == "store_unknown"


@pytest.mark.parametrize(
    ("quantity", "code"), [(0, "nothing_wanted"), (-3, "nothing_wanted"), (11, "too_many_pieces")]
)
def test_odd_quantities_are_refused(goods: Goods, quantity: int, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        reserve(wish_for(goods.cup, goods.world.ghent, quantity))
    assert refused.value.code == code


def test_one_person_cannot_tie_up_the_whole_shop(goods: Goods, reserve_one: Reserve) -> None:
    for _each in range(MOST_OPEN):
        reserve_one(goods.cup)
    with pytest.raises(Refusal) as refused:
        reserve_one(goods.cup)
    assert refused.value.code == "too_many_reservations"
    assert goods.shelf(goods.cup) == (10, MOST_OPEN)


def test_the_link_of_the_visit_goes_with_the_reservation(goods: Goods, reserve_one: Reserve) -> None:
    link = TrackedLink.objects.create(code="ABCD2345", kind=LinkKind.POST, target="/shop/")
    assert reserve_one(link_code="ABCD2345").link == link
    assert reserve_one(link_code="NOSUCH").link is None


def test_without_consent_no_browser_and_no_yes_is_kept(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one()

    assert not Consent.objects.exists()
    assert not Visitor.objects.exists()
    event = Event.objects.get(name__endswith="ReservationMade")
    assert event.payload == {"reservation_id": str(made.pk), "visitor_id": None}
    assert not Event.objects.filter(name__endswith="VisitorRecognised").exists()


def test_a_strangers_yes_does_not_overrule_the_no_of_whom_they_name(goods: Goods) -> None:
    nora = reserve(wish_for(goods.blue, goods.world.ghent, consent_wording="Yes.")).reservation.customer
    assert nora is not None and has_consent(Purpose.CREDIT, customer_id=nora.pk)
    withdraw_consent(Purpose.CREDIT, customer_id=nora.pk)
    made = reserve(wish_for(goods.cup, goods.world.ghent, consent_wording="Yes."))
    assert made.reservation.customer == nora
    assert not has_consent(Purpose.CREDIT, customer_id=nora.pk)
    assert made.cookie and not Visitor.objects.filter(customer=nora).exists()
    told = Event.objects.filter(name__endswith="ReservationMade").latest("pk")
    assert told.payload["visitor_id"] is None


def test_with_consent_the_browser_is_remembered_and_known(goods: Goods) -> None:
    made = reserve(wish_for(goods.blue, goods.world.ghent, consent_wording="Yes, link them."))

    assert made.cookie is not None
    visitor = Visitor.objects.get()
    assert (visitor.pk, visitor.customer_id) == (made.cookie.visitor_id, made.reservation.customer_id)
    assert set(Consent.objects.values_list("wording", flat=True)) == {"Yes, link them."}
    assert Event.objects.filter(name__endswith="VisitorRecognised").count() == 1


def test_two_contacts_of_a_strangers_form_never_merge_two_customers(
    goods: Goods, reserve_one: Reserve
) -> None:
    reserve_one(email="a@example.com", phone="", name="A")
    reserve_one(email="", phone="0475 11 22 33", name="B")
    reserve_one(email="a@example.com", phone="0475 11 22 33", name="C")

    assert Customer.objects.filter(merged_into=None).count() == 2
    assert set(Customer.objects.values_list("name", flat=True)) == {"A", "B"}


def test_a_new_customer_is_known_by_both_contacts(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one(phone="0475 11 22 33")
    known = set(Identity.objects.filter(customer=made.customer).values_list("kind", "value"))
    assert known == {("email", "nora@example.com"), ("phone", "+32475112233")}


def test_expiry_gives_back_once_and_only_when_due(goods: Goods) -> None:
    with time_machine.travel(AT, tick=False) as now:
        made = reserve(wish_for(goods.blue, goods.world.ghent, 2)).reservation
        assert not expire_reservation(made.pk)
        assert goods.shelf(goods.blue) == (3, 2)
        now.shift(timedelta(hours=48))
        assert [expire_reservation(made.pk), expire_reservation(made.pk)] == [True, False]

    assert goods.shelf(goods.blue) == (3, 0)
    made.refresh_from_db()
    assert made.state == ReservationState.EXPIRED
    assert Event.objects.filter(name__endswith="ReservationExpired").count() == 1


def test_the_sweep_ends_what_a_lost_job_left_behind(goods: Goods) -> None:
    with time_machine.travel(AT, tick=False) as now:
        reserve(wish_for(goods.blue, goods.world.ghent))
        reserve(wish_for(goods.red, goods.world.ghent))
        now.shift(timedelta(hours=49))
        assert (expire_due(), expire_due()) == (2, 0)
    assert goods.shelf(goods.blue) == (3, 0)
    assert goods.shelf(goods.red) == (1, 0)


def test_cancelling_gives_back_once_whoever_does_it(goods: Goods, reserve_one: Reserve) -> None:
    made = reserve_one(goods.blue, 2)
    assert cancel_reservation(made.pk, actor=goods.world.counter)
    assert not cancel_reservation(made.pk)
    assert not expire_reservation(made.pk)

    assert goods.shelf(goods.blue) == (3, 0)
    made.refresh_from_db()
    assert (made.state, made.closed_by) == (ReservationState.CANCELLED, goods.world.counter)
