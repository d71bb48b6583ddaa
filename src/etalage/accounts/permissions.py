"""Who may open which page: one decorator, one rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member, Role
from etalage.kit.errors import Refusal

P = ParamSpec("P")


class StaffRequest(HttpRequest):
    """A request of a signed-in member."""

    user: Member


StaffView = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def require(role: Role) -> Callable[[StaffView[P]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """Let only members of `role` or higher in; others get 403, strangers the sign-in page.

    The role stands on the view as `required_role`, where the table of routes reads it.
    """

    def decorate(view: StaffView[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            user: Any = request.user
            if not isinstance(user, Member):
                return redirect_to_login(request.get_full_path())
            if not user.may(role):
                raise PermissionDenied
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        guarded.required_role = role  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]  # wraps() keeps the narrower request in the type

    return decorate


def refuse_above(actor: Member, role: Role) -> None:
    """Raise Refusal when `role` is above the actor's own: nobody gives or takes what they may not do themselves."""
    if not actor.may(role):
        raise Refusal(_("Only an owner can do this for an owner."), code="role_too_high", status=403)
