"""Addresses of the room `customers`."""

from __future__ import annotations

from django.urls import path

from etalage.customers import views

app_name = "customers"
urlpatterns = [
    path("", views.people, name="list"),
    path("<uuid:customer_id>/", views.person, name="detail"),
    path("<uuid:customer_id>/export/", views.export, name="export"),
    path("<uuid:customer_id>/erase/", views.erase, name="erase"),
    path("<uuid:customer_id>/consent/<str:purpose>/withdraw/", views.withdraw, name="withdraw"),
]
