"""Pictures of a product, and the words for those who cannot see them."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from etalage.accounts.models import Role
from etalage.accounts.permissions import StaffRequest, require
from etalage.catalogue import actions
from etalage.catalogue.forms import AltForm, PicturesForm
from etalage.catalogue.views.finding import find_picture, find_product
from etalage.kit.images import PictureRefused


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def add_pictures(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """Add pictures; one that is refused does not keep the others out."""
    found = find_product(product_id).product
    form = PicturesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        added = 0
        for file in form.cleaned_data["pictures"]:
            try:
                actions.add_picture(request.user, found.pk, file, form.cleaned_data["alt"])
                added += 1
            except PictureRefused as refusal:
                form.add_error("pictures", f"{file.name}: {refusal.message}")
        if added:
            said = ngettext("%(number)d picture added.", "%(number)d pictures added.", added)
            messages.success(request, said % {"number": added})
        if form.is_valid():
            return redirect("catalogue:product", found.pk)
    status = 422 if form.errors else 200
    return render(request, "catalogue/pictures.html", {"form": form, "product": found}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@require(Role.MEMBER)
def picture(request: StaffRequest, picture_id: UUID) -> HttpResponse:
    """Change the words for a picture."""
    found = find_picture(picture_id)
    form = AltForm(request.POST or None, initial={"alt": found.alt})
    if request.method == "POST" and form.is_valid():
        actions.describe_picture(request.user, found.pk, form.cleaned_data["alt"])
        messages.success(request, _("Saved."))
        return redirect("catalogue:product", found.product_id)
    return render(
        request, "catalogue/picture.html", {"form": form, "picture": found, "product": found.product}
    )


@require_POST
@require(Role.MEMBER)
def remove_picture(request: StaffRequest, picture_id: UUID) -> HttpResponse:
    """Take a picture out of the product."""
    found = find_picture(picture_id)
    actions.remove_picture(request.user, found.pk)
    messages.success(request, _("The picture was removed."))
    return redirect("catalogue:product", found.product_id)


@require_POST
@require(Role.MEMBER)
def pictures_again(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """Try the pictures that could not be fetched once more."""
    actions.fetch_again(request.user, product_id)
    messages.success(request, _("The pictures are fetched once more."))
    return redirect("catalogue:product", product_id)


@require_POST
@require(Role.MEMBER)
def pictures_forget(request: StaffRequest, product_id: UUID) -> HttpResponse:
    """Do without the pictures that could not be fetched."""
    actions.forget_wanted(request.user, product_id)
    messages.success(request, _("Saved."))
    return redirect("catalogue:product", product_id)
