"""Addresses of the page of background work."""

from __future__ import annotations

from django.urls import path

from etalage.web.jobs_page import views

app_name = "jobs"
urlpatterns = [
    path("", views.overview, name="list"),
    path("retry/", views.retry_kind, name="retry_kind"),
    path("<uuid:job_id>/retry/", views.retry, name="retry"),
    path("<uuid:job_id>/drop/", views.drop, name="drop"),
]
