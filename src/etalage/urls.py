"""Every address of the product; each room keeps its own."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("etalage.web.urls")),
    path("", include("etalage.publishing.urls")),
    path("catalogue/", include("etalage.catalogue.urls")),
    path("customers/", include("etalage.customers.urls")),
    path("channels/", include("etalage.channels.urls")),
    path("import/", include("etalage.imports.urls")),
    path("results/", include("etalage.insights.urls")),
    path("jobs/", include("etalage.web.jobs_page.urls")),
    path("", include("etalage.accounts.urls")),
    path("", include("etalage.orders.urls")),
    path("", include("etalage.orders.shop_urls")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
]

handler400 = "etalage.web.errors.bad_request"
handler403 = "etalage.web.errors.forbidden"
handler404 = "etalage.web.errors.not_found"
handler429 = "etalage.web.errors.too_many"  # asked for by the limits on signing in
handler500 = "etalage.web.errors.server_error"
