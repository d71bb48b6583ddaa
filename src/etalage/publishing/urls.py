"""Addresses of the room `publishing`."""

from __future__ import annotations

from django.urls import path

from etalage.publishing.views import calendar, campaigns, codes, composer, deeds, posts, publications

app_name = "publishing"
urlpatterns = [
    path("calendar/", calendar.calendar, name="calendar"),
    path("posts/", posts.post_list, name="posts"),
    path("posts/new/", composer.compose, name="compose"),
    path("posts/preview/", composer.preview, name="preview"),
    path("posts/products/", composer.search_products, name="search_products"),
    path("posts/<uuid:post_id>/", posts.post, name="post"),
    path("posts/<uuid:post_id>/edit/", composer.edit, name="edit"),
    path("posts/<uuid:post_id>/preview/", composer.preview, name="preview_post"),
    path("posts/<uuid:post_id>/words/", posts.edit_published, name="edit_published"),
    path("posts/<uuid:post_id>/<slug:name>/", deeds.post_deed, name="post_deed"),
    path("publications/<uuid:publication_id>/", publications.publication, name="publication"),
    path("publications/<uuid:publication_id>/<slug:name>/", deeds.publication_deed, name="publication_deed"),
    path("campaigns/", campaigns.campaign_list, name="campaigns"),
    path("campaigns/new/", campaigns.edit, name="new_campaign"),
    path("campaigns/<uuid:campaign_id>/", campaigns.campaign, name="campaign"),
    path("campaigns/<uuid:campaign_id>/edit/", campaigns.edit, name="edit_campaign"),
    path("campaigns/<uuid:campaign_id>/archive/", campaigns.archive, name="archive_campaign"),
    path("codes/", codes.code_list, name="codes"),
    path("codes/new/", codes.edit, name="new_code"),
    path("codes/<uuid:code_id>/", codes.edit, name="code"),
    path("codes/<uuid:code_id>/end/", codes.end, name="end_code"),
]
