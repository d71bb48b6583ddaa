"""Every page that can be looked at, from the URLconf, filled with what the shop holds."""

from __future__ import annotations

from django.urls import reverse

from tests.browser.shop import Shop
from tests.house.table import ROWS
from tests.house.urls import addresses

# What is no page: streams, files, and parts that other pages fetch.
NO_PAGES = {
    "orders:waiting",
    "web:live",
    "web:media",
    "insights:export",
    "orders:export",
    "imports:refused",
    "account_logout",
}
QUESTIONS = {
    "post_id": "SELECT id FROM publishing_post ORDER BY id DESC",
    "publication_id": "SELECT id FROM publishing_publication WHERE state = 'published'",
    "campaign_id": "SELECT id FROM publishing_campaign",
    "code_id": "SELECT id FROM publishing_promotioncode",
    "channel_id": "SELECT id FROM channels_channel",
    "product_id": "SELECT id FROM catalogue_product",
    "variant_id": "SELECT id FROM catalogue_variant",
    "picture_id": "SELECT id FROM catalogue_productpicture",
    "customer_id": "SELECT id FROM customers_customer WHERE name <> ''",
    "order_id": "SELECT order_id FROM insights_credit",
    "store_id": "SELECT id FROM accounts_store",
    "member_id": "SELECT id FROM accounts_member WHERE role = 'member'",
    "code": "SELECT code FROM orders_reservation WHERE state = 'open'",
    "slug": "SELECT slug FROM catalogue_product WHERE status = 'active'",
}
# Where the state matters: (route, words of its row) → question for the id that stands for `post_id` and so on.
SPECIAL = {
    "publishing:edit": ("post_id", "SELECT id FROM publishing_post WHERE state = 'draft'"),
    "publishing:edit_published": (
        "post_id",
        "SELECT post_id FROM publishing_publication WHERE state = 'published'",
    ),
    "publishing:post_deed submit": ("post_id", "SELECT id FROM publishing_post WHERE state = 'draft'"),
    "publishing:post_deed approve": ("post_id", "SELECT id FROM publishing_post WHERE state = 'review'"),
    "publishing:post_deed send-back": ("post_id", "SELECT id FROM publishing_post WHERE state = 'review'"),
    "publishing:post_deed schedule": ("post_id", "SELECT id FROM publishing_post WHERE state = 'review'"),
    "publishing:post_deed delete": ("post_id", "SELECT id FROM publishing_post WHERE state = 'draft'"),
    "publishing:publication_deed it-is-there": (
        "publication_id",
        "SELECT id FROM publishing_publication WHERE state = 'needs_person'",
    ),
    "publishing:publication_deed try-again": (
        "publication_id",
        "SELECT id FROM publishing_publication WHERE state IN ('rejected', 'expired')",
    ),
}
SAME_AS_ANOTHER = {
    "publishing:post_deed",
    "publishing:publication_deed",
    "shop:any_language",
    "shop:any_language_page",
}
EXTRA = (
    "/nothing/stands/here/",
    "/results/?by=channel&model=linear",
    "/posts/?state=needs_person",
    "/calendar/?view=week",
)


def staff_pages(shop: Shop) -> list[str]:
    """The addresses that the owner may open."""
    return [*_filled(shop, public=False), *EXTRA]


def shop_pages(shop: Shop, language: str) -> list[str]:
    """The addresses of the public shop in one language."""
    return _filled(shop, public=True, lang=language)


def sign_in_pages() -> list[str]:
    """What somebody sees who is not signed in."""
    names = [address.name for address in addresses() if address.name.startswith(("account_", "mfa_"))]
    known = [name for name in names if ROWS[name].expected("stranger", "GET") == "ok"]
    facts = {
        "account_reset_password_from_key": {"uidb36": "1", "key": "set-password"},
        "account_confirm_email": {"key": "x"},
    }
    return [reverse(name, kwargs=facts.get(name)) for name in known] + ["/enter/not-a-link/"]


def _filled(shop: Shop, *, public: bool, **given: str) -> list[str]:
    routes = {address.name: address for address in addresses()}
    found: dict[str, None] = {}
    for name, row in ROWS.items():
        route, _space, word = name.partition(" ")
        address = routes.get(route)
        if address is None or route in NO_PAGES or address.is_public_page != public:
            continue
        if row.expected("owner", "GET") != "ok" or (route in SAME_AS_ANOTHER and name not in SPECIAL):
            continue
        known = {"name": word, **given}
        special, question = SPECIAL.get(name, ("", ""))
        values = {
            param: known.get(param)
            or shop.ask(question if param == special else QUESTIONS.get(param, "SELECT ''"))
            for param in address.params
        }
        if all(values.values()):
            found[reverse(route, kwargs=values)] = None
    return list(found)
