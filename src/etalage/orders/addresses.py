"""The public addresses of a reservation."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse

from etalage.orders.codes import secret_of
from etalage.orders.models import Reservation


def public_path(reservation: Reservation, language: str = "") -> str:
    """The customer's own page, with the secret that shows the details and the way to cancel."""
    path = reverse("shop:reservation", args=(language or reservation.language, reservation.code))
    return f"{path}?k={secret_of(reservation.pk)}"


def public_address(reservation: Reservation) -> str:
    """The customer's own page as a full address."""
    return settings.PUBLIC_ADDRESS + public_path(reservation)


def scan_address(reservation: Reservation) -> str:
    """What the QR code holds: the page of the code without the secret, so that a shown screen gives nothing away."""
    return f"{settings.PUBLIC_ADDRESS}/shop/r/{reservation.code}/"
