"""What every page knows: who looks, in which language and theme, and where they may go."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, get_language_info

from etalage.accounts.models import Business
from etalage.accounts.queries import current_business
from etalage.accounts.tabs import settings_tabs
from etalage.web.navigation import Item, items_for

if TYPE_CHECKING:
    from etalage.accounts.models import Member

THEMES = ("auto", "light", "dark")
THEME_COOKIE = "theme"
TABS = 4


class Shell:
    """The frame of a page. Everything is found out when a template first asks, so that a fragment costs nothing."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def member(self) -> Member | None:
        """The member who looks, or None for a stranger."""
        user: Any = getattr(self.request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @cached_property
    def business(self) -> Business | None:
        """The business; None before `etalage init`."""
        try:
            return current_business()
        except Business.DoesNotExist:
            return None

    @property
    def business_name(self) -> str:
        return self.business.name if self.business else "Etalage"

    @property
    def zone(self) -> str:
        """Name of the business's time zone."""
        return self.business.timezone if self.business else "UTC"

    @property
    def currency(self) -> str:
        return self.business.currency if self.business else "EUR"

    @property
    def language(self) -> str:
        return (get_language() or settings.LANGUAGE_CODE)[:2]

    @property
    def language_name(self) -> str:
        return str(get_language_info(self.language)["name_local"]).capitalize()

    @property
    def dir(self) -> str:
        """Writing direction of the page: `rtl` or `ltr`."""
        return "rtl" if get_language_info(self.language)["bidi"] else "ltr"

    @property
    def languages(self) -> list[tuple[str, str]]:
        """Code and own name of every language of the interface."""
        return [
            (code, str(get_language_info(code)["name_local"]).capitalize())
            for code, _name in settings.LANGUAGES
        ]

    @cached_property
    def theme(self) -> str:
        """`auto`, `light` or `dark`: the member's wish, else the browser's cookie."""
        wish = self.member.theme if self.member else ""
        wish = wish or self.request.COOKIES.get(THEME_COOKIE, "")
        return wish if wish in THEMES else "auto"

    @property
    def demo(self) -> bool:
        return bool(settings.DEMO)

    @property
    def practice_url(self) -> str:
        """Where the practice network shows its own page, in a demo."""
        return str(getattr(settings, "PRACTICE_NETWORK", ""))

    @cached_property
    def nav(self) -> list[Item]:
        if not self.member:
            return []
        path = self.request.path
        # One's own sign-in has addresses of its own, and lies under the settings all the same.
        return items_for(self.member, reverse("accounts:settings") if path.startswith("/account/") else path)

    @property
    def tabs(self) -> list[Item]:
        """The few pages in the bar at the foot of a phone."""
        return sorted(self.nav, key=lambda item: item.tab)[:TABS]

    @property
    def sign_in_tabs(self) -> list[dict[str, Any]]:
        """The tabs of the settings on the pages of one's own sign-in, which are not ours to give a context."""
        return settings_tabs(self.member, "security") if self.member else []

    @property
    def home_url(self) -> str:
        """Where the logo leads: the start page, or the first page that the member may open."""
        if self.nav:
            return self.nav[0].url
        try:
            return reverse("account_login")
        except NoReverseMatch:
            return "/"

    @property
    def live_url(self) -> str:
        """The event stream, for members only."""
        return reverse("web:live") if self.member else ""


def shell(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: `shell` in every template."""
    return {"shell": Shell(request)}
