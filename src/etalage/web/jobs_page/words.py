"""Background work in the words of a shop: what each task and handler does, and which part of the shop it is for."""

from __future__ import annotations

from datetime import timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

#: Every task and every handler of an event that the rooms declare; `tests/web/test_jobs_page.py` misses none.
WORK: dict[str, Promise] = {
    "etalage.catalogue.tasks.fetch_picture": _("Fetch the picture of a product"),
    "etalage.channels.tasks.destroy_left_grants": _("Destroy the access to channels that were given up"),
    "etalage.channels.tasks.drain_incoming": _("Take in what networks sent"),
    "etalage.channels.tasks.forget_old_incoming": _("Forget old messages and reactions"),
    "etalage.channels.tasks.hold_streams": _("Listen to networks that tell at once what is new"),
    "etalage.channels.tasks.leave": _("Take leave of a network after a channel was given up"),
    "etalage.channels.tasks.listen": _("See which channels are to be read"),
    "etalage.channels.tasks.measure": _("See which channels are to be measured"),
    "etalage.channels.tasks.measure_channel": _("Read the figures of a channel"),
    "etalage.channels.tasks.read_channel": _("Read what people wrote on a channel"),
    "etalage.channels.tasks.renew_grant": _("Renew the access to a channel"),
    "etalage.channels.tasks.renew_grants": _("See which channels need their access renewed"),
    "etalage.channels.tasks.search_journal": _("Empty the deliveries of people who were erased"),
    "etalage.channels.tasks.subscribe": _("Ask a network to tell us what is new"),
    "etalage.channels.tasks.subscribe_again": _("See which networks have an old address of the shop"),
    "etalage.catalogue.tasks.forget_files": _("Delete the files of pictures that were taken out"),
    "etalage.imports.tasks.let_go_of_files": _("Delete files that were read long ago"),
    "etalage.imports.tasks.run_import": _("Read an imported file"),
    "etalage.insights.handlers.credit_a_code": _("Credit a code that was used"),
    "etalage.insights.handlers.credit_a_sale": _("Credit a sale to the posts that led to it"),
    "etalage.insights.handlers.credit_again": _("Credit a corrected sale anew"),
    "etalage.insights.handlers.credit_by_the_new_rules": _("Credit all sales by the new rules"),
    "etalage.insights.handlers.credit_earlier_visits": _("Credit the earlier visits of a customer"),
    "etalage.insights.handlers.credit_many": _("Credit the sales of a file"),
    "etalage.insights.handlers.credit_one_customer": _("Credit two customers who are one person"),
    "etalage.insights.handlers.forget_visits": _("Forget visits after a consent was taken back"),
    "etalage.insights.handlers.forget_who_it_was": _("Forget the visits of an erased customer"),
    "etalage.insights.handlers.give_touches_back": _("Take the credit of a cancelled sale back"),
    "etalage.insights.handlers.sum_days_again": _("Sum the days that a sale moved between"),
    "etalage.insights.handlers.take_credit_back": _("Take the credit of a refund back"),
    "etalage.insights.tasks.clear_the_edge": _("Delete clicks and deliveries that were taken in"),
    "etalage.insights.tasks.drain_clicks": _("Take in clicks on links"),
    "etalage.insights.tasks.forget_old_touches": _("Forget old visits"),
    "etalage.insights.tasks.rebuild_stale_days": _("Sum changed days again"),
    "etalage.insights.tasks.recompute": _("Credit the earlier visits of a customer"),
    "etalage.insights.tasks.recompute_all": _("Credit all sales anew"),
    "etalage.jobs.tasks.prune_jobs": _("Clean up work that is done"),
    "etalage.jobs.tasks.refresh_statistics": _("Keep the database quick"),
    "etalage.orders.handlers.follow_a_merger": _("Join the orders of two customers who are one person"),
    "etalage.orders.handlers.join_codes_by_receipt": _("Find the sale of a used code"),
    "etalage.orders.handlers.join_codes_by_receipts": _("Find the sales of used codes"),
    "etalage.orders.tasks.erase_letters": _("Delete the letters to an erased customer"),
    "etalage.orders.tasks.expire_due_reservations": _("End reservations that are over"),
    "etalage.orders.tasks.expire_reservation": _("End a reservation"),
    "etalage.orders.tasks.send_reservation_letter": _("Write to a customer about a reservation"),
    "etalage.publishing.handlers.go_on": _("Go on with a channel that works again"),
    "etalage.publishing.handlers.show_second_copy": _("Show that a post stands on a network twice"),
    "etalage.publishing.handlers.stop": _("Stop what waited for a disconnected channel"),
    "etalage.publishing.tasks.forget_file": _("Delete the files of pictures that were taken out"),
    "etalage.publishing.tasks.change_remote": _("Change or withdraw a post on its network"),
    "etalage.publishing.tasks.deliver_due": _("Publish posts whose time has come"),
    "etalage.publishing.tasks.refresh_abilities": _("Ask networks what they allow"),
    "etalage.publishing.tasks.remove_copy": _("Delete the second copy of a post"),
    "etalage.publishing.tasks.settle_doubts": _("Look for posts that may be on a network"),
    "etalage.publishing.tasks.time_showing": _("See how soon a network shows a post"),
}

AREAS: dict[str, Promise] = {
    "catalogue": _("Catalogue"),
    "channels": _("Channels"),
    "customers": _("Customers"),
    "delivery": _("Posts"),
    "doubts": _("Posts"),
    "imports": _("Import"),
    "insights": _("Results"),
    "jobs": _("Upkeep"),
    "orders": _("Orders"),
    "publishing": _("Posts"),
    "streams": _("Channels"),
}


def work(task: str) -> str:
    """What a task or handler does, in the reader's language; its own name where nobody wrote words for it."""
    return str(WORK.get(task) or task.rpartition(".")[2].replace("_", " "))


def area(queue: str) -> str:
    """The part of the shop that a queue works for."""
    return str(AREAS.get(queue, queue))


def every(period: timedelta) -> str:
    """A period in words, such as "every 5 minutes"."""
    seconds = int(period.total_seconds())
    if seconds % 86400 == 0:
        count = seconds // 86400
        return ngettext("every day", "every %(count)d days", count) % {"count": count}
    if seconds % 3600 == 0:
        count = seconds // 3600
        return ngettext("every hour", "every %(count)d hours", count) % {"count": count}
    if seconds % 60 == 0:
        count = seconds // 60
        return ngettext("every minute", "every %(count)d minutes", count) % {"count": count}
    return ngettext("every second", "every %(count)d seconds", seconds) % {"count": seconds}
