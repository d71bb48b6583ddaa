"""Posts and publications: lists, details, what needs somebody, what goes out next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from etalage.accounts.models import Language, Member
from etalage.catalogue.models import Product
from etalage.kit import clock
from etalage.publishing.models import (
    CopyState,
    DeliveryState,
    DeliveryStep,
    Post,
    PostPicture,
    PostState,
    PromotionCode,
    Publication,
    SecondCopy,
    TrackedLink,
)
from etalage.publishing.queries.explanations import Explanation, explain
from etalage.publishing.queries.pages import Page, keyset
from etalage.publishing.queries.rights import safe_actions
from etalage.publishing.queries.status import PostStatus, latest, post_status

FAILED = (DeliveryState.REJECTED, DeliveryState.EXPIRED)
FAILURES_SHOWN = timedelta(days=14)
PUBLICATIONS = Prefetch("publications", Publication.objects.select_related("channel").order_by("pk"))


@dataclass(frozen=True)
class PostFilter:
    """What a list is narrowed to; empty fields narrow nothing. `status` is a `PostStatus`."""

    status: str = ""
    campaign_id: UUID | None = None
    channel_id: UUID | None = None
    product_id: UUID | None = None
    words: str = ""
    mine: Member | None = None


@dataclass(frozen=True)
class PostRow:
    """One line of a list."""

    post: Post
    status: PostStatus
    publications: Sequence[Publication]
    picture: PostPicture | None


@dataclass(frozen=True)
class PostDetail:
    """Everything that a post's page shows."""

    post: Post
    status: PostStatus
    pictures: Sequence[PostPicture]
    products: Sequence[Product]
    publications: Sequence[Publication]
    codes: Sequence[PromotionCode]


@dataclass(frozen=True)
class PublicationDetail:
    """Everything that a publication's page shows; `safe` are the actions that can do no harm."""

    publication: Publication
    steps: Sequence[DeliveryStep]
    safe: frozenset[str]
    explanation: Explanation
    link: TrackedLink | None


def posts(
    wanted: PostFilter | None = None, after: str = "", before: str = "", size: int = 25
) -> Page[PostRow]:
    """A page of posts, newest first, in a constant number of queries."""
    rows = _narrowed(Post.objects.select_related("campaign", "created_by"), wanted or PostFilter())
    found, newer, older = keyset(rows.prefetch_related(PUBLICATIONS, "pictures"), after, before, size)
    return Page([post_row(post) for post in found], newer, older)


def post_row(post: Post) -> PostRow:
    """A post as lists show it; its publications and pictures should be fetched with it."""
    publications = latest(post.publications.all())
    return PostRow(post, post_status(post, publications), publications, next(iter(post.pictures.all()), None))


def _narrowed(rows: QuerySet[Post], wanted: PostFilter) -> QuerySet[Post]:
    if wanted.campaign_id:
        rows = rows.filter(campaign_id=wanted.campaign_id)
    if wanted.mine:
        rows = rows.filter(created_by=wanted.mine)
    if wanted.channel_id:
        rows = rows.filter(pk__in=Publication.objects.filter(channel_id=wanted.channel_id).values("post"))
    if wanted.product_id:
        rows = rows.filter(shown__product_id=wanted.product_id)
    if words := wanted.words.strip():
        matches = Q()
        for language in Language.values:
            matches |= Q(**{f"text__{language}__icontains": words})
        rows = rows.filter(matches)
    return rows.filter(_with_status(wanted.status)) if wanted.status else rows


# In the order in which `post_status` asks: a post belongs to the first group that one of its publications is in.
_GROUPS: dict[str, tuple[str, ...]] = {
    PostStatus.NEEDS_PERSON: ("needs_person",),
    PostStatus.SENDING: ("claimed", "prepared", "sending", "unknown", "reconciling"),
    PostStatus.SCHEDULED: ("scheduled",),
    PostStatus.PUBLISHED: ("published",),
    PostStatus.FAILED: ("rejected", "expired"),
    PostStatus.DROPPED: ("dropped",),
}


def _with_status(status: str) -> Q:
    """The rows of which `post_status` says this. Unknown words narrow nothing."""
    if status in (PostStatus.DRAFT, PostStatus.REVIEW, PostStatus.WITHDRAWN):
        return Q(state=status)
    wanted = PostStatus.PUBLISHED if status == PostStatus.PARTLY else status
    found = Q(state=PostState.APPROVED)
    for group, states in _GROUPS.items():
        if group == wanted:
            failed = _has(_GROUPS[PostStatus.FAILED])
            parts = {PostStatus.PARTLY: failed, PostStatus.PUBLISHED: ~failed}
            return found & _has(states) & parts.get(PostStatus(status), Q())
        found &= ~_has(states)
    return found & _has(("draft", "approved")) if status == PostStatus.APPROVED else Q()


def _has(states: tuple[str, ...]) -> Q:
    """Posts with a publication in one of these states that no later try replaced."""
    return Q(pk__in=Publication.objects.filter(state__in=states, replaced_by=None).values("post"))


def find_post(post_id: UUID) -> Post:
    """One post. Raises Post.DoesNotExist."""
    return Post.objects.select_related("campaign", "created_by", "approved_by", "store").get(pk=post_id)


def post_detail(post_id: UUID) -> PostDetail:
    """A post with all that belongs to it. Raises Post.DoesNotExist."""
    rows = Post.objects.select_related("campaign", "created_by", "approved_by", "store")
    several = Publication.objects.select_related("channel", "link", "post").prefetch_related(
        "replaced_by", "copies"
    )
    post = rows.prefetch_related(
        Prefetch("publications", several.order_by("pk")), "pictures", "shown__product", "codes"
    ).get(pk=post_id)
    publications = list(post.publications.all())
    return PostDetail(
        post=post,
        status=post_status(post, publications),
        pictures=list(post.pictures.all()),
        products=[shown.product for shown in post.shown.all()],
        publications=publications,
        codes=list(post.codes.all()),
    )


def publication_detail(publication_id: UUID) -> PublicationDetail:
    """A publication with its history. Raises Publication.DoesNotExist."""
    rows = Publication.objects.select_related("post", "channel", "replaces")
    rows = rows.prefetch_related("replaced_by", "copies")
    publication = rows.get(pk=publication_id)
    return PublicationDetail(
        publication=publication,
        steps=list(publication.steps.select_related("member")),
        safe=safe_actions(publication),
        explanation=explain(publication),
        link=TrackedLink.objects.filter(publication=publication).first(),
    )


def needs_person(size: int = 20) -> list[Publication]:
    """What waits for somebody: second copies and unanswerable doubts first, then what failed lately for good."""
    rows = Publication.objects.select_related("post", "channel").prefetch_related("copies")
    twice = rows.filter(pk__in=SecondCopy.objects.filter(state=CopyState.OPEN).values("publication"))
    rows = rows.filter(replaced_by=None)
    doubts = rows.filter(state=DeliveryState.NEEDS_PERSON).order_by("state_at")[:size]
    failed = rows.filter(
        state__in=FAILED, state_at__gte=clock.now() - FAILURES_SHOWN, post__state=PostState.APPROVED
    ).order_by("-state_at")[:size]
    found = {row.pk: row for row in (*twice.order_by("state_at")[:size], *doubts, *failed)}
    return list(found.values())[:size]


def waiting_for_approval(size: int = 20) -> list[Post]:
    """Posts that somebody submitted, the one that goes out first on top."""
    rows = Post.objects.filter(state=PostState.REVIEW).select_related("created_by", "campaign")
    return list(rows.prefetch_related("pictures").order_by("due_at", "updated_at")[:size])


def goes_out_next(size: int = 5) -> list[Publication]:
    """The next publications on the schedule."""
    rows = Publication.objects.filter(state=DeliveryState.SCHEDULED).select_related("post", "channel")
    return list(rows.prefetch_related("post__pictures").order_by("next_attempt_at", "pk")[:size])


def recently_published(size: int = 5) -> list[Publication]:
    """The newest publications that stand on a network."""
    rows = Publication.objects.filter(state=DeliveryState.PUBLISHED).select_related("post", "channel")
    return list(rows.prefetch_related("post__pictures").order_by("-published_at", "-pk")[:size])
