"""Addresses of the room `channels`."""

from __future__ import annotations

from django.urls import path

from etalage.channels.views import authors, channels, connecting, letters

app_name = "channels"
urlpatterns = [
    path("", channels.channel_list, name="list"),
    path("connect/", connecting.choose, name="connect"),
    path("connect/<slug:network>/", connecting.connect, name="connect_to"),
    path("callback/", connecting.callback, name="callback"),
    path("client/<slug:network>.json", connecting.client, name="client"),
    path("not-taken-in/", letters.not_taken_in, name="not_taken_in"),
    path("not-taken-in/replay/", letters.replay_all, name="replay_all"),
    path("not-taken-in/<slug:letter>/replay/", letters.replay, name="replay"),
    path("not-taken-in/<slug:letter>/drop/", letters.drop, name="drop"),
    path("<uuid:channel_id>/", channels.detail, name="detail"),
    path("<uuid:channel_id>/people/", authors.people, name="people"),
    path("<uuid:channel_id>/people/<uuid:thing>/", authors.author, name="author"),
    path("<uuid:channel_id>/people/<uuid:thing>/export/", authors.export, name="export_author"),
    path("<uuid:channel_id>/people/<uuid:thing>/erase/", authors.erase, name="erase_author"),
    path("<uuid:channel_id>/pause/", channels.pause, name="pause"),
    path("<uuid:channel_id>/resume/", channels.resume, name="resume"),
    path("<uuid:channel_id>/disconnect/", channels.disconnect, name="disconnect"),
]
