"""Addresses of the room `channels`."""

from __future__ import annotations

from django.urls import path

from etalage.channels import views

app_name = "channels"
urlpatterns = [
    path("", views.channel_list, name="list"),
    path("connect/", views.connect, name="connect"),
    path("<uuid:channel_id>/", views.detail, name="detail"),
    path("<uuid:channel_id>/pause/", views.pause, name="pause"),
    path("<uuid:channel_id>/resume/", views.resume, name="resume"),
    path("<uuid:channel_id>/disconnect/", views.disconnect, name="disconnect"),
]
