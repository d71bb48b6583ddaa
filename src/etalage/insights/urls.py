"""Addresses of the room `insights`."""

from __future__ import annotations

from django.urls import path

from etalage.insights.views import export, journey, post, results

app_name = "insights"
urlpatterns = [
    path("", results.results, name="results"),
    path("models/", results.models, name="models"),
    path("export/", export.export, name="export"),
    path("posts/<uuid:post_id>/", post.post, name="post"),
    path("orders/<uuid:order_id>/", journey.order_credit, name="order_credit"),
]
