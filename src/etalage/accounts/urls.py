"""Addresses of the room `accounts`."""

from __future__ import annotations

from django.urls import path

from etalage.accounts.views import business, people, sign_in, trail

app_name = "accounts"
urlpatterns = [
    path("settings/", business.overview, name="settings"),
    path("settings/business/", business.business, name="business"),
    path("settings/stores/new/", business.store, name="new_store"),
    path("settings/stores/<uuid:store_id>/", business.store, name="store"),
    path("settings/stores/<uuid:store_id>/close/", business.close_store, name="close_store"),
    path("settings/people/new/", people.invite, name="invite"),
    path("settings/people/<uuid:member_id>/", people.member, name="member"),
    path("settings/people/<uuid:member_id>/link/", people.member_link, name="member_link"),
    path(
        "settings/people/<uuid:member_id>/second-steps/",
        people.member_second_steps,
        name="member_second_steps",
    ),
    path("settings/trail/", trail.trail, name="trail"),
    path("enter/<str:secret>/", sign_in.enter, name="enter"),
]
