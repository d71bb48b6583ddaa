"""What the audit trail's codes say to people: a sentence per action, and the kinds to narrow the trail to."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, Promise] = {
    "business": _("Business"),
    "store": _("Stores"),
    "member": _("People and sign-in"),
    "channel": _("Channels"),
    "post": _("Posts"),
    "publication": _("Publications"),
    "campaign": _("Campaigns"),
    "code": _("Promotion codes"),
    "product": _("Catalogue"),
    "import": _("Imports"),
    "reservation": _("Reservations"),
    "orders": _("Orders"),
    "customer": _("Customers"),
    "consent": _("Consents"),
    "job": _("Background work"),
}

SENTENCES: dict[str, Promise] = {
    "business.created": _("Set up the business."),
    "business.changed": _("Changed the business's details."),
    "store.created": _("Added a store."),
    "store.changed": _("Changed a store."),
    "store.closed": _("Closed a store for good."),
    "member.invited": _("Invited somebody."),
    "member.changed": _("Changed what somebody may do."),
    "member.link_made": _("Made a one-time sign-in link."),
    "member.signed_in_by_link": _("Used a one-time sign-in link."),
    "member.signed_in": _("Signed in."),
    "member.signed_out": _("Signed out."),
    "member.password_set": _("Set a first password."),
    "member.password_changed": _("Changed the password."),
    "member.password_reset": _("Set a new password by e-mail."),
    "member.email_changed": _("Changed the e-mail address."),
    "member.email_added": _("Added an e-mail address."),
    "member.email_confirmed": _("Confirmed an e-mail address."),
    "member.email_removed": _("Removed an e-mail address."),
    "member.second_step_added": _("Added a passkey or a second step."),
    "member.second_step_removed": _("Removed a passkey or a second step."),
    "member.recovery_codes_made": _("Made new recovery codes."),
    "member.second_steps_removed": _("Removed all passkeys and second steps of somebody."),
    "member.language_chosen": _("Chose a language."),
    "member.theme_chosen": _("Chose light or dark."),
    "channel.connected": _("Connected a channel."),
    "channel.reconnected": _("Connected a channel again."),
    "channel.paused": _("Paused a channel."),
    "channel.resumed": _("Let a channel publish again."),
    "channel.disconnected": _("Disconnected a channel."),
    "channel.renamed": _("Renamed a channel."),
    "channel.language_set": _("Chose the language of a channel."),
    "channel.language_changed": _("Changed the language of a channel."),
    "channel.incoming_replayed": _("Had something that came in tried again."),
    "channel.incoming_dropped": _("Gave up something that came in."),
    "channel.author_exported": _("Exported what somebody said and did on a network."),
    "channel.author_erased": _("Erased what somebody said and did on a network."),
    "post.created": _("Wrote a new post."),
    "post.edited": _("Edited a post."),
    "post.edited_after_publication": _("Edited a post that was published."),
    "post.duplicated": _("Copied a post."),
    "post.deleted": _("Deleted a post."),
    "post.submitted": _("Asked for approval of a post."),
    "post.approved": _("Approved a post."),
    "post.sent_back": _("Sent a post back to its author."),
    "post.scheduled": _("Scheduled a post."),
    "post.withdrawn": _("Withdrew a post."),
    "post.picture_added": _("Added a picture to a post."),
    "post.picture_described": _("Described a picture of a post."),
    "post.picture_removed": _("Removed a picture from a post."),
    "post.pictures_ordered": _("Changed the order of a post's pictures."),
    "post.products_set": _("Chose the products of a post."),
    "post.channels_set": _("Chose the channels of a post."),
    "publication.tried_again": _("Had a failed publication tried again."),
    "publication.seen_there": _("Said that a publication is there."),
    "publication.sent_again": _("Had a publication sent again."),
    "publication.copies_kept": _("Left two copies of a post on its network."),
    "publication.copy_deleted": _("Had a second copy of a post deleted."),
    "publication.dropped": _("Gave a publication up."),
    "publication.withdrawn": _("Withdrew a publication."),
    "campaign.created": _("Started a campaign."),
    "campaign.edited": _("Edited a campaign."),
    "campaign.archived": _("Archived a campaign."),
    "code.created": _("Made a promotion code."),
    "code.edited": _("Edited a promotion code."),
    "code.ended": _("Ended a promotion code."),
    "code.redeemed": _("Redeemed a promotion code at the till."),
    "product.created": _("Added a product."),
    "product.changed": _("Changed a product."),
    "product.status_changed": _("Put a product on or off sale."),
    "product.stock_counted": _("Counted the stock of a product."),
    "product.article_added": _("Added an article to a product."),
    "product.article_changed": _("Changed an article of a product."),
    "product.article_retired": _("Took an article off sale."),
    "product.article_back": _("Put an article back on sale."),
    "product.picture_added": _("Added a picture to a product."),
    "product.picture_described": _("Described a picture of a product."),
    "product.picture_removed": _("Removed a picture from a product."),
    "product.pictures_fetched_again": _("Had the pictures of a product fetched again."),
    "product.pictures_forgotten": _("Gave up fetching pictures of a product."),
    "import.received": _("Uploaded a file."),
    "import.started": _("Started an import."),
    "import.started_again": _("Started an import again."),
    "import.stopped": _("Stopped an import."),
    "import.dropped": _("Dropped an import."),
    "reservation.made": _("Reserved goods in a store."),
    "reservation.handed_over": _("Handed a reservation over."),
    "reservation.cancelled": _("Cancelled a reservation."),
    "orders.exported": _("Exported orders to a file."),
    "customer.exported": _("Exported what is kept about a customer."),
    "customer.erased": _("Erased a customer's data."),
    "customer.merged": _("Joined two customers who are one person."),
    "consent.withdrawn": _("Took a customer's consent back."),
    "job.retried": _("Had background work tried again."),
    "job.kind_retried": _("Had all failed background work of one kind tried again."),
    "job.dropped": _("Dropped background work."),
}


def sentence_of(action: str) -> Promise | str:
    """What an action says to people; a code that nobody knows stands for itself."""
    return SENTENCES.get(action, action)


def kind_choices() -> list[tuple[str, Promise]]:
    """The kinds that have at least one action, in order."""
    used = {action.split(".", 1)[0] for action in SENTENCES}
    return [(kind, label) for kind, label in KINDS.items() if kind in used]


def actions_of(kind: str) -> list[str]:
    """The codes of one kind; none for a kind that nobody knows."""
    return [action for action in SENTENCES if action.split(".", 1)[0] == kind]
