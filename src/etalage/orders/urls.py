"""Addresses of the room `orders`."""

from __future__ import annotations

from django.urls import path

from etalage.orders.counter import desk, labels, lists, till
from etalage.orders.lists import views as sales

app_name = "orders"
urlpatterns = [
    path("counter/", desk.counter, name="counter"),
    path("counter/waiting/", desk.waiting, name="waiting"),
    path("counter/redeem/", till.redeem, name="redeem"),
    path("counter/r/<str:code>/", desk.reservation, name="counter_reservation"),
    path("counter/r/<str:code>/hand-over/", desk.hand_over, name="hand_over"),
    path("counter/r/<str:code>/cancel/", desk.cancel, name="cancel_reservation"),
    path("reservations/", lists.reservations, name="reservations"),
    path("orders/", sales.orders, name="list"),
    path("orders/export/", sales.export, name="export"),
    path("orders/<uuid:order_id>/", sales.order, name="order"),
    path("store/labels/", labels.labels, name="labels"),
]
