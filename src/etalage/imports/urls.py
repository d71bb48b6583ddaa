"""Addresses of the room `imports`."""

from __future__ import annotations

from django.urls import path

from etalage.imports import views

app_name = "imports"
urlpatterns = [
    path("", views.start, name="start"),
    path("<uuid:run_id>/", views.run, name="run"),
    path("<uuid:run_id>/stop/", views.stop, name="stop"),
    path("<uuid:run_id>/again/", views.again, name="again"),
    path("<uuid:run_id>/refused/", views.refused, name="refused"),
]
