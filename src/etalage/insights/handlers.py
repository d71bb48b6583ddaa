"""What insights does when something is announced below: keep the touch, compute the credit of whom it concerns."""

from __future__ import annotations

from etalage.accounts.events import BusinessChanged
from etalage.customers.events import ConsentWithdrawn, CustomerErased, CustomersMerged, VisitorRecognised
from etalage.customers.models import Purpose
from etalage.insights import tasks
from etalage.insights.actions import credit, days, touches
from etalage.jobs import enqueue_once
from etalage.jobs.handlers import on
from etalage.orders.events import (
    CodeRedeemed,
    OrderCancelled,
    OrderChanged,
    OrderPaid,
    OrdersChanged,
    RefundRecorded,
    SalesMoved,
)
from etalage.orders.models import Refund

# What the business's own data decides: how far back a visit counts, on which day, and in which money.
DECIDES_CREDIT = frozenset({"lookback_days", "timezone", "currency"})


@on(BusinessChanged)
def credit_by_the_new_rules(event: BusinessChanged) -> None:
    """Every sale is credited anew once the rules for all of them changed."""
    if DECIDES_CREDIT.intersection(event.fields):
        enqueue_once(tasks.recompute_all, "all")


@on(OrderPaid)
def credit_a_sale(event: OrderPaid) -> None:
    """The link that an order came through leads to it; then whoever else led there gets credit."""
    touches.record_order_link(event.order_id)
    credit.recompute([], [event.order_id])


@on(OrderChanged)
def credit_again(event: OrderChanged) -> None:
    """A corrected sale is credited anew."""
    touches.record_order_link(event.order_id)
    credit.recompute([], [event.order_id])


@on(OrdersChanged)
def credit_many(event: OrdersChanged) -> None:
    """A file brought, corrected or cancelled these sales."""
    credit.recompute([], event.order_ids)


@on(SalesMoved)
def sum_days_again(event: SalesMoved) -> None:
    """A sale left its day or its customer for another, or a refund that lowers nobody's order came or went."""
    credit.recompute(event.customer_ids)
    days.mark_sales_days(event.moments)  # last, see there


@on(OrderCancelled)
def give_touches_back(event: OrderCancelled) -> None:
    """The touches of a cancelled sale pass to the customer's next one."""
    credit.recompute([], [event.order_id])


@on(RefundRecorded)
def take_credit_back(event: RefundRecorded) -> None:
    """A refund follows the credit that it undoes."""
    refund = Refund.objects.filter(pk=event.refund_id).first()
    if refund is None:
        return
    if refund.order_id:
        credit.recompute([], [refund.order_id])
    else:
        days.mark_sales_days([refund.refunded_at])


@on(CodeRedeemed)
def credit_a_code(event: CodeRedeemed) -> None:
    """A code used is a touch of its post and campaign."""
    touches.record_redemption(event.redemption_id)


@on(VisitorRecognised)
def credit_earlier_visits(event: VisitorRecognised) -> None:
    """A browser turned out to be a customer's."""
    touches.recognise_visitor(event.visitor_id, event.customer_id)


@on(CustomersMerged)
def credit_one_customer(event: CustomersMerged) -> None:
    """Two customers were one: one bounds the other's sales now."""
    touches.follow_merger(event.kept_id, event.merged_id)


@on(CustomerErased)
def forget_who_it_was(event: CustomerErased) -> None:
    """Touches stay, the person goes."""
    touches.forget_person(event.customer_id, event.visitor_ids)


@on(ConsentWithdrawn)
def forget_visits(event: ConsentWithdrawn) -> None:
    """Without the consent to link visits and purchases, visits belong to nobody."""
    if event.purpose == Purpose.CREDIT:
        touches.forget_person(event.customer_id, [event.visitor_id] if event.visitor_id else [])
