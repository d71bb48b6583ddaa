"""The deeds themselves: their words, their forms, and the action that each calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from etalage.accounts.models import Member
from etalage.publishing import actions
from etalage.publishing.actions import PostContent
from etalage.publishing.forms.deeds import AgainForm, DeedForm, HourForm, NoteForm, SeenForm
from etalage.publishing.models import Post
from etalage.publishing.queries import PostDetail, PublicationDetail

D = TypeVar("D")


@dataclass(frozen=True)
class Done:
    """What is told after a deed, and where it leads when not back."""

    sentence: str | Promise
    goes_to: str = ""


@dataclass(frozen=True)
class Deed(Generic[D]):
    """A deed: what it means to a person, what it asks for, what it does. Any of `offered` makes it possible."""

    offered: frozenset[str]
    title: Promise
    text: Promise
    button: Promise
    run: Callable[[D, DeedForm, Member], Done]
    form: type[DeedForm] = DeedForm
    danger: bool = False


def _version(form: DeedForm) -> int:
    return form.cleaned_data["version"] or 0


def _submit(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    actions.submit_for_review(detail.post.pk, _version(form), actor=actor)
    return Done(_("The post waits for approval."))


def _approve(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    post = actions.approve_post(detail.post.pk, _version(form), actor=actor)
    waits = post.publications.filter(state="scheduled").exists()
    return Done(
        _("Approved. It goes out at its hour.") if waits else _("Approved. Choose now when it goes out.")
    )


def _send_back(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    actions.send_back(detail.post.pk, _version(form), form.cleaned_data["note"], actor=actor)
    return Done(_("The post is a draft again."))


def _schedule(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    actions.schedule_post(detail.post.pk, _version(form), form.cleaned_data["due_at"], actor=actor)
    return Done(_("The post is scheduled."))


def _move(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    """A scheduled post gets a new hour; of a draft only the wish changes."""
    due_at = form.cleaned_data["due_at"]
    if any(row.state == "scheduled" for row in detail.publications):
        actions.schedule_post(detail.post.pk, _version(form), due_at, actor=actor)
    else:
        content = replace(_content_of(detail.post), due_at=due_at)
        actions.edit_post(detail.post.pk, _version(form), content, actor=actor)
    return Done(_("The post has a new time."))


def _content_of(post: Post) -> PostContent:
    return PostContent(
        text=post.text,
        aim=post.aim,
        campaign_id=post.campaign_id,
        no_picture_reason=post.no_picture_reason,
        target=post.target,
        due_at=post.due_at,
        expires_at=post.expires_at,
        store_id=post.store_id,
    )


def _publish(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    actions.publish_now(detail.post.pk, _version(form), actor=actor)
    return Done(_("The post goes out now."))


def _withdraw(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    result = actions.withdraw_post(detail.post.pk, actor=actor)
    if result.cannot:
        return Done(_("Part of the post could not be taken back. Each channel below says why."))
    if result.asked:
        return Done(_("The networks are asked to take the post down."))
    return Done(_("The post is withdrawn. It does not go out."))


def _delete(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    actions.delete_post(detail.post.pk, actor=actor)
    return Done(_("The draft is deleted."), reverse("publishing:posts"))


def _duplicate(detail: PostDetail, form: DeedForm, actor: Member) -> Done:
    post = actions.duplicate_post(detail.post.pk, actor=actor)
    return Done(_("This is the copy, a new draft."), reverse("publishing:edit", args=[post.pk]))


POST_DEEDS: Mapping[str, Deed[PostDetail]] = {
    "submit": Deed(
        frozenset({"submit"}),
        _("Send for approval?"),
        _("A manager looks at it and lets it go out, or sends it back with a note."),
        _("Send for approval"),
        _submit,
    ),
    "approve": Deed(
        frozenset({"approve"}),
        _("Approve this post?"),
        _("It goes out by itself at the time that it names. Without a time it waits until you choose one."),
        _("Approve"),
        _approve,
    ),
    "send-back": Deed(
        frozenset({"send_back"}),
        _("Make it a draft again?"),
        _("Nothing of it was sent. Its author sees your note and can change everything."),
        _("Make it a draft"),
        _send_back,
        NoteForm,
    ),
    "schedule": Deed(
        frozenset({"schedule"}),
        _("When does it go out?"),
        _("It goes out by itself on each of its channels."),
        _("Schedule"),
        _schedule,
        HourForm,
    ),
    "move": Deed(
        frozenset({"schedule", "edit"}),
        _("Another time"),
        _("Only the time changes. Everything else stays as it is."),
        _("Move"),
        _move,
        HourForm,
    ),
    "publish": Deed(
        frozenset({"publish_now"}),
        _("Publish now?"),
        _("It goes out on each of its channels within moments."),
        _("Publish now"),
        _publish,
    ),
    "withdraw": Deed(
        frozenset({"withdraw"}),
        _("Withdraw this post?"),
        _(
            "What waits is not sent. What is published is taken down where the network allows it. Its figures stay."
        ),
        _("Withdraw"),
        _withdraw,
        danger=True,
    ),
    "delete": Deed(
        frozenset({"delete"}),
        _("Delete this draft?"),
        _("Its words and pictures are gone for good. Nothing was sent."),
        _("Delete"),
        _delete,
        danger=True,
    ),
    "duplicate": Deed(
        frozenset({"duplicate"}),
        _("Make a copy?"),
        _("A new draft with the same words, pictures, products and channels."),
        _("Make a copy"),
        _duplicate,
    ),
}


def _withdraw_one(detail: PublicationDetail, form: DeedForm, actor: Member) -> Done:
    row = actions.withdraw_publication(detail.publication.pk, actor=actor)
    return Done(
        _("The network is asked to take it down.")
        if row.change
        else _("It is withdrawn. It does not go out.")
    )


def _try_again(detail: PublicationDetail, form: DeedForm, actor: Member) -> Done:
    new = actions.try_again(detail.publication.pk, form.cleaned_data["custom_text"], actor=actor)
    return Done(_("It goes out again now."), reverse("publishing:publication", args=[new.pk]))


def _it_is_there(detail: PublicationDetail, form: DeedForm, actor: Member) -> Done:
    actions.it_is_there(detail.publication.pk, form.cleaned_data["remote_url"], actor=actor)
    return Done(_("Thank you. It counts as published."))


def _send_again(detail: PublicationDetail, form: DeedForm, actor: Member) -> Done:
    actions.send_again(detail.publication.pk, actor=actor)
    return Done(_("It goes out again now."))


def _drop(detail: PublicationDetail, form: DeedForm, actor: Member) -> Done:
    actions.drop(detail.publication.pk, actor=actor)
    return Done(_("It is given up. Nothing more is sent."))


def _delete_copy(detail: PublicationDetail, form: DeedForm, actor: Member) -> Done:
    actions.delete_copy(detail.publication.pk, actor=actor)
    return Done(_("The network is asked to delete the younger copy."))


def _keep_copies(detail: PublicationDetail, form: DeedForm, actor: Member) -> Done:
    actions.keep_copies(detail.publication.pk, actor=actor)
    return Done(_("Both stay as they are."))


PUBLICATION_DEEDS: Mapping[str, Deed[PublicationDetail]] = {
    "withdraw": Deed(
        frozenset({"withdraw"}),
        _("Withdraw from this channel?"),
        _("What waits is not sent. What stands there is taken down. Its figures stay."),
        _("Withdraw"),
        _withdraw_one,
        danger=True,
    ),
    "try-again": Deed(
        frozenset({"try_again"}),
        _("Try again?"),
        _("It goes out now. If it may stand there already, you are asked first."),
        _("Try again now"),
        _try_again,
        AgainForm,
    ),
    "it-is-there": Deed(
        frozenset({"it_is_there"}),
        _("You see it on the network?"),
        _("Then it counts as published, and nothing is sent again."),
        _("It is there"),
        _it_is_there,
        SeenForm,
    ),
    "send-again": Deed(
        frozenset({"send_again"}),
        _("Send it again?"),
        _(
            "Only when you looked on the network and it is not there. If it is there after all, it will stand twice."
        ),
        _("It is not there: send again"),
        _send_again,
        danger=True,
    ),
    "drop": Deed(
        frozenset({"drop"}),
        _("Give it up?"),
        _("Nothing more is sent, and we stop looking. If it does stand there, take it down at the network."),
        _("Give it up"),
        _drop,
        danger=True,
    ),
    "delete-copy": Deed(
        frozenset({"delete_copy"}),
        _("Delete the younger copy?"),
        _("The network deletes the copy that came second. The first one stays, with its figures."),
        _("Delete the younger copy"),
        _delete_copy,
        danger=True,
    ),
    "keep-copies": Deed(
        frozenset({"keep_copies"}),
        _("Leave both there?"),
        _("Choose this too when you deleted one of them at the network yourself."),
        _("Leave it so"),
        _keep_copies,
    ),
}
