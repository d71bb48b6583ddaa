"""The pages of the public shop that only show: products, what a link says, and how data is treated."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.crypto import get_random_string
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe

from etalage.accounts.queries import current_business
from etalage.orders.queries.shop import ProductPage, categories, linked_product, product_page, shop_cards
from etalage.orders.shop.forms import ReserveForm
from etalage.orders.shop.page import link_code, shop_page


@require_safe
def home(request: HttpRequest, lang: str) -> HttpResponse:
    """What the shop sells, the newest first; `q` searches, `c` is a category, `after` goes on."""
    search, category = request.GET.get("q", "").strip()[:100], request.GET.get("c", "")[:160]
    cards, after = shop_cards(search, category, _uuid(request.GET.get("after", "")))
    context = {
        "cards": cards,
        "search": search,
        "category": category,
        "categories": categories(),
        "after": after,
        "lost": request.GET.get("lost", ""),
    }
    return shop_page(request, "orders/shop/home.html", lang, context)


@require_safe
def product(request: HttpRequest, lang: str, slug: str) -> HttpResponse:
    """One product with the form to reserve it; `v` is the article number of the chosen variant."""
    page = product_page(slug, request.GET.get("v", ""))
    if page is None:
        raise Http404
    return show_product(request, lang, page, blank_form(request, page))


def show_product(
    request: HttpRequest,
    lang: str,
    page: ProductPage,
    form: ReserveForm,
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The product's page with a form, filled in or not; `problem` is why the last try was refused."""
    first = page.pictures[0] if page.pictures else None
    context = {
        "page": page,
        "form": form,
        "problem": problem,
        "chosen_store": str(form["store"].value() or _only_store(page)),
        "picture_address": settings.PUBLIC_ADDRESS + first.file.url if first else "",
    }
    path = reverse("shop:product", args=(lang, page.product.slug)) if problem else ""
    return shop_page(request, "orders/shop/product.html", lang, context, status=status, path=path)


def blank_form(request: HttpRequest, page: ProductPage) -> ReserveForm:
    """An empty form for the chosen variant, with a key of its own: sent twice, it reserves once."""
    initial = {
        "variant": page.chosen.pk,
        "seen": page.chosen.price_minor,
        "request_key": get_random_string(32),
        "l": link_code(request),
        "quantity": 1,
    }
    return ReserveForm(initial=initial)


@require_safe
def ended(request: HttpRequest, lang: str) -> HttpResponse:
    """Where a link leads whose time is over: what it was about, and what is there now."""
    cards, _after = shop_cards(size=8)
    linked = linked_product(request.GET.get("l", ""))
    return shop_page(request, "orders/shop/ended.html", lang, {"cards": cards, "linked": linked})


@require_safe
def privacy(request: HttpRequest, lang: str) -> HttpResponse:
    """What is kept of a customer and why, and how to take a consent back."""
    return shop_page(request, "orders/shop/privacy.html", lang, {"business": current_business()})


@require_safe
def any_language(request: HttpRequest, rest: str = "") -> HttpResponse:
    """An address without a language, as in a tracked link: go on in the visitor's language, query kept."""
    query = request.META.get("QUERY_STRING", "")
    target = f"/{visit_language(request)}/shop/{rest.lstrip('/')}"
    response = redirect(f"{target}?{query}" if query else target)
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    response["Cache-Control"] = "private, no-store"
    return response


def visit_language(request: HttpRequest) -> str:
    """The language chosen before, else the first that the browser asks for and we have, else the business's."""
    ours = dict(settings.LANGUAGES)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in ours:
        return chosen
    wanted = parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
    spoken = (tag.split("-")[0] for tag, _weight in wanted)
    return next((tag for tag in spoken if tag in ours), current_business().language)


def _only_store(page: ProductPage) -> str:
    """The store to choose beforehand: the only one that has some left, else none."""
    having = [entry.store for entry in page.stores if entry.left]
    return str(having[0].pk) if len(having) == 1 else ""


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
