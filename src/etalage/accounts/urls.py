"""Addresses of the room `accounts`."""

from __future__ import annotations

from django.urls import path

from etalage.accounts import views

app_name = "accounts"
urlpatterns = [
    path("settings/", views.overview, name="settings"),
    path("settings/business/", views.business, name="business"),
    path("settings/stores/new/", views.store, name="new_store"),
    path("settings/stores/<uuid:store_id>/", views.store, name="store"),
    path("settings/stores/<uuid:store_id>/close/", views.close_store, name="close_store"),
    path("settings/people/new/", views.invite, name="invite"),
    path("settings/people/<uuid:member_id>/", views.member, name="member"),
    path("settings/people/<uuid:member_id>/link/", views.member_link, name="member_link"),
    path("settings/trail/", views.trail, name="trail"),
    path("enter/<str:secret>/", views.enter, name="enter"),
]
