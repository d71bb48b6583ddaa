"""The letter with the code of a reservation, in the customer's language."""

from __future__ import annotations

from email.mime.image import MIMEImage
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from etalage.accounts.queries import current_business
from etalage.customers.queries import email_of
from etalage.kit.formats import format_datetime
from etalage.kit.letters import writing_letters
from etalage.kit.text import language_direction
from etalage.orders.addresses import public_address, scan_address
from etalage.orders.models import Reservation, ReservationState
from etalage.orders.qr import qr_png
from etalage.orders.queries.reservations import reservation_sheet

QR_NAME = "code"


def send_reservation_letter(reservation_id: UUID) -> bool:
    """Send the code to the customer's e-mail address; False when there is none or the reservation has ended.

    Whoever is erased meanwhile is not found any more, or their letter is erased as well. The message id is that of the
    reservation, so that a letter sent twice shows once in most mailboxes.
    """
    with writing_letters():
        reservation = Reservation.objects.select_related("store").get(pk=reservation_id)
        address = email_of(reservation.customer_id) if reservation.customer_id else ""
        if not address or reservation.state != ReservationState.OPEN:
            return False
        with override(reservation.language):
            letter = _letter(reservation, address)
        letter.send()
    return True


def _letter(reservation: Reservation, address: str) -> EmailMultiAlternatives:
    business = current_business()
    sheet = reservation_sheet(reservation)
    context = {
        "sheet": sheet,
        "until_text": format_datetime(sheet.until, sheet.zone, reservation.language),
        "lang": reservation.language,
        "dir": language_direction(reservation.language),
        "business_name": business.name,
        "business": business,
        "action_url": public_address(reservation),
        "action_label": _("See or cancel the reservation"),
        "qr_name": QR_NAME,
    }
    letter = EmailMultiAlternatives(
        _("Your reservation %(code)s at %(shop)s")
        % {"code": reservation.code, "shop": _one_line(business.name)},
        render_to_string("orders/email/reserved.txt", context),
        to=[address],
        headers={
            "Message-ID": f"<reservation-{reservation.pk}@{urlsplit(settings.PUBLIC_ADDRESS).hostname}>"
        },
    )
    letter.mixed_subtype = "related"  # type: ignore[attr-defined]  # the picture belongs to the text
    letter.attach_alternative(render_to_string("orders/email/reserved.html", context), "text/html")
    picture = MIMEImage(qr_png(scan_address(reservation)), "png")
    picture.add_header("Content-ID", f"<{QR_NAME}>")
    picture.add_header("Content-Disposition", "inline", filename="code.png")
    letter.attach(picture)
    return letter


def _one_line(text: str) -> str:
    """A subject takes no line breaks, and a name may hold one."""
    return " ".join(text.split())
