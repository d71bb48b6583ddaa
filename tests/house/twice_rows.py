"""What each task and each handler is asked to do, twice: the table that every declaration needs a row in.

A row prepares the house so that the first run has something to do, and returns the arguments (a handler's: the event).
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from etalage.accounts.events import BusinessChanged
from etalage.channels.actions import disconnect_channel, pause_channel, read_channel, resume_channel
from etalage.channels.events import ChannelDisconnected, ChannelResumed
from etalage.channels.models import Grant, Listening
from etalage.customers.actions import erase_customer, find_or_create, merge_customers, withdraw_consent
from etalage.customers.events import ConsentWithdrawn, CustomerErased, CustomersMerged, VisitorRecognised
from etalage.customers.models import Consent, Purpose
from etalage.edge.clicks import click_store
from etalage.imports.actions import confirm
from etalage.insights.actions.days import mark_sales_days
from etalage.insights.actions.touches import record_clicks
from etalage.insights.models import Touch
from etalage.jobs.idle import run_until_idle
from etalage.jobs.models import Job
from etalage.kit import clock
from etalage.kit.ids import uuid7
from etalage.orders.actions.record import OrderData, RefundData, cancel_order, record_order, record_refund
from etalage.orders.actions.redeem import TillUse, redeem_code
from etalage.orders.events import (
    CodeRedeemed,
    OrderCancelled,
    OrderChanged,
    OrderPaid,
    OrdersChanged,
    RefundRecorded,
    SalesMoved,
)
from etalage.orders.models import Order, Reservation
from etalage.publishing import actions as publishing
from etalage.publishing.events import PublicationDoubled
from etalage.publishing.links import address_of
from etalage.publishing.models import Publication
from tests.house.twice import Prepare, Twice, a_click, publish_now
from tests.house.twice_planted import PLANTED
from tests.house.world import House


def visited(house: House) -> UUID:
    """The customer of the house clicked before they bought; returns the order, which was not credited yet."""
    record_clicks([a_click(house)])
    Touch.objects.filter(source__startswith="click:").update(customer=house.customer)
    return UUID(str(house.ids["order_id"]))


def _preceded(house: House) -> tuple[list[UUID], list[UUID], int]:
    return [house.customer.pk], [visited(house)], 0


def credited(house: House) -> UUID:
    """The same, credited."""
    order = visited(house)
    run_until_idle()
    return order


def _due(house: House) -> tuple[()]:
    publish_now(house)
    return ()


def _in_doubt(house: House) -> tuple[()]:
    asked = clock.now() - timedelta(hours=2)
    doubted = house.new_publication("unknown")
    Publication.objects.filter(pk=doubted.pk).update(next_attempt_at=asked, sent_at=asked, state_at=asked)
    return ()


def _published(house: House) -> Publication:
    publication = publish_now(house)
    run_until_idle()
    publication.refresh_from_db()
    assert publication.state == "published", publication.state
    return publication


def _to_withdraw(house: House) -> tuple[UUID]:
    publication = _published(house)
    publishing.withdraw_publication(publication.pk, actor=house.owner)
    return (publication.pk,)


def _doubled(house: House) -> Publication:
    """It stands on the network twice: the second send carries no key."""
    publication = _published(house)
    (entry,) = house.practice.ledger().by_marker(address_of(publication.link))
    wish = {"handle": house.channel.handle, "statuses": [{"text": entry["text"], "at": entry["at"]}]}
    (again,) = house.practice.http.post("/script/history", json=wish).json()["ids"]
    publishing.note_second_copy(publication.pk, again, is_younger=True)
    return publication


def _copy_to_remove(house: House) -> tuple[int]:
    publication = _doubled(house)
    publishing.delete_copy(publication.pk, actor=house.owner)
    return (publication.copies.get().pk,)


def _second_copy(house: House) -> tuple[PublicationDoubled]:
    return (PublicationDoubled(_published(house).pk, "another"),)


def _withdrawn_on_a_paused_channel(house: House) -> tuple[ChannelResumed]:
    _to_withdraw(house)
    pause_channel(house.channel.pk, actor=house.owner)
    resume_channel(house.channel.pk, actor=house.owner)
    Job.objects.all().delete()
    return (ChannelResumed(house.channel.pk),)


def _given_up(house: House) -> tuple[ChannelDisconnected]:
    _to_withdraw(house)
    disconnect_channel(house.channel.pk, actor=house.owner)
    Job.objects.all().delete()
    return (ChannelDisconnected(house.channel.pk),)


def _left(house: House) -> tuple[UUID, UUID]:
    """Its network has not heard of it yet."""
    grant = Grant.objects.get(channels=house.channel)
    disconnect_channel(house.channel.pk, actor=house.owner)
    Job.objects.all().delete()
    return house.channel.pk, grant.pk


def _left_long_ago(house: House) -> tuple[()]:
    _channel, grant = _left(house)
    Grant.objects.filter(pk=grant).update(left_at=clock.now() - timedelta(days=2))
    return ()


def _address_changed(house: House) -> tuple[()]:
    """The network was told an address that the shop has no more."""
    told = {"push_since": clock.now(), "push_address": "https://before.example/hooks"}
    Listening.objects.filter(pk=house.channel.pk).update(**told)
    Job.objects.all().delete()
    return ()


def _heard(house: House) -> tuple[UUID]:
    """Somebody spoke to the shop on its network."""
    house.practice.let_somebody("mention", house.channel.handle, text="Is it open on Sunday?")
    Listening.objects.filter(pk=house.channel.pk).update(due_at=clock.now())
    return (house.channel.pk,)


def _taken_down(house: House) -> tuple[()]:
    read_channel(*_heard(house))
    return ()


def _channel_due(house: House) -> tuple[()]:
    now = clock.now()
    Listening.objects.filter(pk=house.channel.pk).update(due_at=now, measure_due_at=now)
    return ()


def _figures(house: House) -> tuple[UUID]:
    _published(house)
    _channel_due(house)
    return (house.channel.pk,)


def _import(house: House) -> tuple[UUID]:
    run = house.new_run()
    confirm(house.owner, run, {"sku": "SKU", "title": "Title", "price": "Price"}, {})
    return (run.pk,)


def _old_import(house: House) -> tuple[()]:
    run = house.new_run()
    type(run).objects.filter(pk=run.pk).update(started_at=clock.now() - timedelta(days=400))
    return ()


def _clicked(house: House) -> tuple[()]:
    store = click_store(Path(settings.DATA) / "clicks.sqlite3")
    store.write([a_click(house)])
    store.close()
    return ()


def _old_touch(house: House) -> tuple[()]:
    record_clicks([a_click(house, days=4000)])
    return ()


def _stale_day(house: House) -> tuple[()]:
    credited(house)
    mark_sales_days([clock.now()])
    return ()


def _overdue(house: House) -> tuple[UUID]:
    past = clock.now() - timedelta(minutes=1)
    Reservation.objects.filter(pk=house.reservation.pk).update(expires_at=past)
    return (house.reservation.pk,)


def _all_overdue(house: House) -> tuple[()]:
    _overdue(house)
    return ()


def _sold(kind: type[Any]) -> Prepare:
    return lambda house: (kind(visited(house)),)


def _sold_many(house: House) -> tuple[OrdersChanged]:
    return (OrdersChanged((visited(house),)),)


def _lookback(house: House) -> tuple[BusinessChanged]:
    return (BusinessChanged(("lookback_days",)),)


def _recognised(house: House) -> tuple[VisitorRecognised]:
    visitor = uuid7()
    visited(house)
    Touch.objects.update(customer=None, visitor=visitor)
    assert house.customer
    return (VisitorRecognised(visitor, house.customer.pk),)


def _merged(house: House) -> tuple[CustomersMerged]:
    """Two rows were one person; the younger of them had bought."""
    credited(house)
    kept = find_or_create("Nora V.", [("card", "C-77")])
    assert house.customer
    kept_id = merge_customers(kept.pk, house.customer.pk)
    merged_id = house.customer.pk if kept_id == kept.pk else kept.pk
    # The rooms above have not heard of it yet: what they hold still points to the one that is gone.
    Order.objects.filter(pk=house.ids["order_id"]).update(customer=merged_id)
    Touch.objects.update(customer=merged_id)
    return (CustomersMerged(kept_id, merged_id),)


def _erased(house: House) -> tuple[CustomerErased]:
    credited(house)
    assert house.customer
    erase_customer(house.customer.pk, actor=house.owner)
    return (CustomerErased(house.customer.pk),)


def _withdrew(house: House) -> tuple[ConsentWithdrawn]:
    credited(house)
    assert house.customer
    withdraw_consent(Purpose.CREDIT, customer_id=house.customer.pk)
    assert Consent.objects.exists()
    return (ConsentWithdrawn(Purpose.CREDIT.value, house.customer.pk),)


def _cancelled(house: House) -> tuple[OrderCancelled]:
    order = credited(house)
    cancel_order(order)
    return (OrderCancelled(order),)


def _refunded(house: House) -> tuple[RefundRecorded]:
    order = credited(house)
    refund = record_refund(RefundData("till", "N-1", clock.now(), "EUR", 500, order_id=order))
    return (RefundRecorded(refund.pk),)


def _moved(house: House) -> tuple[SalesMoved]:
    visited(house)
    assert house.customer
    return (SalesMoved((clock.now(),), (house.customer.pk,)),)


def _redeemed(house: House) -> tuple[CodeRedeemed]:
    use = redeem_code(TillUse("WINTER", "twice", house.store, "R-9", 5000), actor=house.owner)
    return (CodeRedeemed(use.pk),)


def _code_before_its_order(house: House) -> UUID:
    _redeemed(house)
    data = OrderData("till", "R-9", clock.now(), "EUR", 4500, store_id=house.store.pk)
    return record_order(data).pk


def _a_file(_house: House) -> tuple[list[str]]:
    return ([default_storage.save("posts/left.png", ContentFile(b"left"))],)


def _files(_house: House) -> list[str]:
    folder = Path(settings.MEDIA_ROOT)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


TASK_ROWS: dict[str, Twice] = {
    "etalage.catalogue.tasks.fetch_picture": Twice(
        lambda house: (house.product.wanted_pictures.get().pk,),
        counts={"catalogue.WantedPicture.tries": "how often it was tried, which is what happened"},
    ),
    "etalage.catalogue.tasks.forget_files": Twice(_a_file, sees=_files),
    "etalage.channels.tasks.destroy_left_grants": Twice(_left_long_ago),
    "etalage.channels.tasks.drain_incoming": Twice(_taken_down),
    "etalage.channels.tasks.leave": Twice(_left),
    "etalage.channels.tasks.listen": Twice(_channel_due),
    "etalage.channels.tasks.measure": Twice(_channel_due),
    "etalage.channels.tasks.measure_channel": Twice(_figures),
    "etalage.channels.tasks.read_channel": Twice(_heard),
    "etalage.channels.tasks.subscribe": Twice(
        lambda house: (house.channel.pk,),
        counts={"channels.Listening.secret": "the network is told a new one, in place of the one before"},
    ),
    "etalage.channels.tasks.subscribe_again": Twice(_address_changed),
    "etalage.imports.tasks.let_go_of_files": Twice(_old_import),
    "etalage.imports.tasks.run_import": Twice(_import),
    "etalage.insights.tasks.drain_clicks": Twice(_clicked),
    "etalage.insights.tasks.forget_old_touches": Twice(_old_touch),
    "etalage.insights.tasks.rebuild_stale_days": Twice(_stale_day),
    "etalage.insights.tasks.recompute": Twice(_preceded),
    "etalage.insights.tasks.recompute_all": Twice(lambda house: (visited(house),)[:0]),
    "etalage.orders.tasks.expire_due_reservations": Twice(_all_overdue),
    "etalage.orders.tasks.expire_reservation": Twice(_overdue),
    "etalage.orders.tasks.send_reservation_letter": Twice(lambda house: (house.reservation.pk,)),
    "etalage.publishing.tasks.change_remote": Twice(_to_withdraw),
    "etalage.publishing.tasks.deliver_due": Twice(_due),
    "etalage.publishing.tasks.forget_file": Twice(lambda house: (_a_file(house)[0][0],), sees=_files),
    "etalage.publishing.tasks.remove_copy": Twice(_copy_to_remove),
    "etalage.publishing.tasks.settle_doubts": Twice(_in_doubt),
    **PLANTED,
}

HANDLER_ROWS: dict[str, Twice] = {
    "etalage.insights.handlers.credit_a_code": Twice(_redeemed),
    "etalage.insights.handlers.credit_a_sale": Twice(_sold(OrderPaid)),
    "etalage.insights.handlers.credit_again": Twice(_sold(OrderChanged)),
    "etalage.insights.handlers.credit_by_the_new_rules": Twice(_lookback),
    "etalage.insights.handlers.credit_earlier_visits": Twice(_recognised),
    "etalage.insights.handlers.credit_many": Twice(_sold_many),
    "etalage.insights.handlers.credit_one_customer": Twice(_merged),
    "etalage.insights.handlers.forget_visits": Twice(_withdrew),
    "etalage.insights.handlers.forget_who_it_was": Twice(_erased),
    "etalage.insights.handlers.give_touches_back": Twice(_cancelled),
    "etalage.insights.handlers.sum_days_again": Twice(_moved),
    "etalage.insights.handlers.take_credit_back": Twice(_refunded),
    "etalage.orders.handlers.follow_a_merger": Twice(_merged),
    "etalage.orders.handlers.join_codes_by_receipt": Twice(
        lambda house: (OrderPaid(_code_before_its_order(house)),)
    ),
    "etalage.orders.handlers.join_codes_by_receipts": Twice(
        lambda house: (OrdersChanged((_code_before_its_order(house),)),)
    ),
    "etalage.publishing.handlers.go_on": Twice(_withdrawn_on_a_paused_channel),
    "etalage.publishing.handlers.show_second_copy": Twice(_second_copy),
    "etalage.publishing.handlers.stop": Twice(_given_up),
}
