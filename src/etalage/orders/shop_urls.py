"""Addresses of the public shop."""

from __future__ import annotations

from django.conf import settings
from django.urls import path, register_converter

from etalage.orders.shop import consenting, reserving, views


class LanguageConverter:
    """One of the languages of the interface."""

    regex = "|".join(code for code, _name in settings.LANGUAGES)

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(LanguageConverter, "language")

app_name = "shop"
urlpatterns = [
    path("<language:lang>/shop/", views.home, name="home"),
    path("<language:lang>/shop/p/<str:slug>/", views.product, name="product"),
    path("<language:lang>/shop/p/<str:slug>/reserve/", reserving.reserve, name="reserve"),
    path("<language:lang>/shop/r/<str:code>/", reserving.reservation, name="reservation"),
    path("<language:lang>/shop/r/<str:code>/cancel/", reserving.cancel, name="cancel"),
    path("<language:lang>/shop/consent/", consenting.consent, name="consent"),
    path("<language:lang>/shop/ended/", views.ended, name="ended"),
    path("<language:lang>/shop/privacy/", views.privacy, name="privacy"),
    path("shop/", views.any_language, name="any_language"),
    path("shop/<path:rest>", views.any_language, name="any_language_page"),
]
