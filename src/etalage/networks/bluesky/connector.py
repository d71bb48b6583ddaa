"""Etalage's side of Bluesky: the protocols of `networks.base` over the AT Protocol's XRPC methods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from etalage.kit import clock
from etalage.kit.http_network import Answer
from etalage.networks.base import (
    Absent,
    Accepted,
    Account,
    CannotTell,
    ChannelRefused,
    CouldNotRead,
    Delivery,
    Found,
    Look,
    Metric,
    NotAccepted,
    Outcome,
    Page,
    Prepared,
    Reason,
    Received,
    Rejected,
    Rendition,
    Step,
    Unknown,
)
from etalage.networks.bluesky.answers import error_of, failure
from etalage.networks.bluesky.authorizing import Authorizing
from etalage.networks.bluesky.keys import record_key
from etalage.networks.bluesky.notifications import Place, received
from etalage.networks.bluesky.records import (
    LONGEST_PART,
    NOBODY,
    POST,
    blob_part,
    is_ours,
    mention_parts,
    post_page,
    post_uri,
    record,
    why_invalid,
)
from etalage.networks.posts import picture_parts
from etalage.networks.rows import each_read, read_again
from etalage.networks.wire import object_of, whole

PAGES_AT_ONCE = 5
PAGE = 100  # notifications; the network's most
POSTS_AT_ONCE = 25  # the network's most
FIGURES = {"likes": "likeCount", "comments": "replyCount", "shares": "repostCount", "quotes": "quoteCount"}


class BlueskyConnector(Authorizing):
    """Publisher, editor, receiver and measurer for accounts on any server of the network."""

    ids_are_global = True  # a DID is the person's own, wherever they live and whoever tells of them

    # --- Publishing ---------------------------------------------------------------------------------------------

    def client_key(self, publication_id: str) -> str:
        """The post's record key, out of the publication's id alone."""
        return record_key(publication_id)

    def next_step(self, account: Account, rendition: Rendition, delivery: Delivery) -> Step | None:
        """Whom each mention means, then each picture's upload."""
        names = [*mention_parts(rendition), *picture_parts(rendition)]
        return next((Step(name) for name in names if name not in delivery.parts), None)

    def take_step(
        self, account: Account, rendition: Rendition, delivery: Delivery, step: Step
    ) -> Prepared | Rejected | NotAccepted | Unknown | ChannelRefused:
        """Look up one handle, or upload one picture; its part keeps the reference that a post needs."""
        if step.name in (mentions := mention_parts(rendition)):
            return self._resolved(account, step.name, mentions[step.name])
        picture = rendition.pictures[picture_parts(rendition).index(step.name)]
        headers = {"content-type": picture.media_type}
        made = self._of(account).write(
            "com.atproto.repo.uploadBlob", None, content=picture.data, headers=headers
        )
        if not isinstance(made, dict):
            return made
        blob = blob_part(made.get("blob"))
        return Prepared(step.name, blob) if blob else Unknown(Reason.NONSENSE_ANSWER, "blob")

    def _resolved(
        self, account: Account, name: str, handle: str
    ) -> Prepared | Rejected | NotAccepted | ChannelRefused:
        """The DID behind a handle; one that means nobody stays plain words."""
        found = self._wire(account.base_url).read("com.atproto.identity.resolveHandle", handle=handle)
        if isinstance(found, ChannelRefused):
            return found
        if isinstance(found, CouldNotRead) and found.reason not in (Reason.GONE, Reason.UNKNOWN):
            return NotAccepted(found.reason, found.retry_after, found.detail)
        did = found.get("did") if isinstance(found, dict) else None
        is_somebody = isinstance(did, str) and did.startswith("did:") and len(did) <= LONGEST_PART
        return Prepared(name, str(did) if is_somebody else NOBODY)

    def commit(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        """Write the record where none stands yet. A record that stands there already is never touched."""
        body = {
            "repo": account.remote_id,
            "collection": POST,
            "rkey": delivery.client_key,
            "record": record(rendition, delivery),
            "swapRecord": None,  # "there is none yet": unlike createRecord, this refuses a second one in clear words
        }
        answer = self._of(account).post("com.atproto.repo.putRecord", body)
        if not isinstance(answer, Answer):
            return answer
        uri = post_uri(account, delivery.client_key)
        if answer.ok and (object_of(answer) or {}).get("uri") == uri:
            return Accepted(uri, post_page(account.remote_id, uri))
        match error_of(answer):
            case "InvalidSwap":
                return self._standing(account, delivery)
            case "BlobNotFound":
                return self._uploaded_again(account, rendition, delivery)
            case "InvalidRequest" if answer.status == 400:
                refused = failure(answer)
                return Rejected(why_invalid(rendition), getattr(refused, "detail", ""))
        return failure(answer)

    def _standing(self, account: Account, delivery: Delivery) -> Outcome:
        """A record stands under our key: ours from an earlier attempt, or another post's of the same millisecond."""
        found = self._record(account, delivery)
        look = self._look_at(found, account, delivery)
        if isinstance(look, Found):
            return Accepted(look.remote_id, look.url)
        if isinstance(look, Absent) and isinstance(found, dict):
            return Rejected(Reason.UNKNOWN, "key taken")
        return Unknown(Reason.DUPLICATE_AT_NETWORK, "key")

    def _uploaded_again(self, account: Account, rendition: Rendition, delivery: Delivery) -> Outcome:
        """The server keeps pictures without a post for some hours only. The same bytes get the same reference."""
        for name in picture_parts(rendition):
            made = self.take_step(account, rendition, delivery, Step(name))
            if not isinstance(made, Prepared):
                return NotAccepted(made.reason, detail=made.detail) if isinstance(made, Unknown) else made
            if made.remote_id != delivery.parts[name]:
                return Rejected(Reason.MEDIA_INVALID, "BlobNotFound")
        return NotAccepted(Reason.MEDIA_INVALID, detail="BlobNotFound")

    def look(self, account: Account, delivery: Delivery, since: datetime) -> Look:
        """Read the record under our key from the account's own server, which shows it from the first moment."""
        if not delivery.client_key:
            return CannotTell(Reason.MISCONFIGURED, "no key")
        return self._look_at(self._record(account, delivery), account, delivery)

    def _record(self, account: Account, delivery: Delivery) -> dict[str, Any] | CouldNotRead | ChannelRefused:
        """What stands under our key. Records are public: asking without a token, a dead one hides nothing."""
        return self._wire(account.base_url).read(
            "com.atproto.repo.getRecord", repo=account.remote_id, collection=POST, rkey=delivery.client_key
        )

    def _look_at(
        self, found: dict[str, Any] | CouldNotRead | ChannelRefused, account: Account, delivery: Delivery
    ) -> Look:
        uri = post_uri(account, delivery.client_key)
        if isinstance(found, dict):
            if found.get("uri") != uri or not isinstance(found.get("value"), dict):
                return CannotTell(Reason.NONSENSE_ANSWER, "record")
            if not delivery.marker:
                return CannotTell(Reason.MISCONFIGURED, "no marker")
            if not is_ours(found["value"], delivery.marker):
                return Absent()  # another post's record; ours cannot stand beside it
            return Found(uri, post_page(account.remote_id, uri))
        if isinstance(found, CouldNotRead) and found.reason is Reason.GONE:
            return self._surely_absent(account)
        return CannotTell(found.reason, found.detail)

    def _surely_absent(self, account: Account) -> Look:
        """Nothing is shown: proof only of an account in good order, for a hidden one's server shows nothing at all."""
        status = self._wire(account.base_url).read("com.atproto.sync.getRepoStatus", did=account.remote_id)
        if not isinstance(status, dict):
            return CannotTell(status.reason, status.detail)
        if status.get("active") is True:
            return Absent()
        return CannotTell(Reason.NEEDS_HUMAN_AT_NETWORK, str(status.get("status", "")))

    # --- Changing -----------------------------------------------------------------------------------------------

    def edit(self, account: Account, remote_id: str, rendition: Rendition, delivery: Delivery) -> Outcome:
        """Refused: the network's apps show a post as it was first written, so a change would be seen by few."""
        return Rejected(Reason.NO_EDITING)

    def withdraw(self, account: Account, remote_id: str) -> Outcome:
        """Take a post away; one that is gone already counts as taken away."""
        ours, _, key = remote_id.partition(post_uri(account, ""))
        if ours or not key or "/" in key:
            return Rejected(Reason.GONE, "not a post of this account")
        body = {"repo": account.remote_id, "collection": POST, "rkey": key}
        made = self._of(account).write("com.atproto.repo.deleteRecord", body)
        if isinstance(made, dict) or (isinstance(made, Rejected) and made.reason is Reason.GONE):
            return Accepted(remote_id)
        return made

    # --- Receiving ----------------------------------------------------------------------------------------------

    def verify(self, secret: str, headers: Mapping[str, str], raw: bytes) -> bool:
        """False: this network sends nothing by itself."""
        return False

    def parse(self, raw: bytes) -> list[Received]:
        """Always raises `ValueError`: this network sends nothing by itself."""
        raise ValueError("Bluesky sends no webhooks.")

    def fetch(self, account: Account, cursor: str) -> Page | CouldNotRead | ChannelRefused:
        """Read notifications back to the last place. In a long line, the newer pieces come before the older."""
        try:
            place = Place.read(cursor)
        except ValueError:
            place = Place()  # read all of it again rather than nothing: what is known already is known again
        rows: list[Any] = []
        for _ in range(PAGES_AT_ONCE):
            # Whatever the owner set for their own eyes: also people whom the account does not follow.
            params = {"priority": "false"} | ({"cursor": place.walk} if place.walk else {})
            data = self._of(account).read("app.bsky.notification.listNotifications", limit=PAGE, **params)
            if not isinstance(data, dict):
                return data
            listed = data.get("notifications")
            try:
                if not isinstance(listed, list):
                    raise ValueError("no list")
                fresh, place = place.after(listed, str(data.get("cursor") or ""))
            except ValueError:
                return CouldNotRead(Reason.NONSENSE_ANSWER, detail="notifications")
            rows += fresh
            if not place.walk:
                break
        items, odd = each_read(rows, lambda row: received(account, row))
        items.sort(key=lambda item: (item.at, item.remote_id))
        return Page(tuple(items), place.text(), bool(place.walk), odd)

    def read_row(self, account: Account, raw: bytes) -> list[Received]:
        """Read one notification."""
        return read_again(raw, lambda row: received(account, row))

    def measure(
        self, account: Account, remote_ids: Sequence[str]
    ) -> list[Metric] | CouldNotRead | ChannelRefused:
        """The counts of likes, answers, reposts and quotes; what the network leaves out is None."""
        at = clock.now()
        found: dict[str, Any] = {}
        for start in range(0, len(remote_ids), POSTS_AT_ONCE):
            uris = list(remote_ids[start : start + POSTS_AT_ONCE])
            data = self._of(account).read("app.bsky.feed.getPosts", uris=uris)
            if not isinstance(data, dict):
                return data
            posts = data.get("posts")
            if not isinstance(posts, list) or not all(isinstance(post, dict) for post in posts):
                return CouldNotRead(Reason.NONSENSE_ANSWER, detail="posts")
            found |= {str(post.get("uri")): post for post in posts}
        return [
            Metric(remote_id, name, whole(found.get(remote_id, {}).get(count)), at)
            for remote_id in remote_ids
            for name, count in FIGURES.items()
        ]
