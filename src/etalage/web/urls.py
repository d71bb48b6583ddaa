"""Addresses of the shell."""

from __future__ import annotations

from django.urls import path

from etalage.web import home, live, media, views

app_name = "web"
urlpatterns = [
    path("", home.today, name="home"),
    path("live/", live.stream, name="live"),
    path("language/", views.language, name="language"),
    path("theme/", views.theme, name="theme"),
    path("style/", views.style, name="style"),
    path("media/<path:path>", media.picture, name="media"),
]
