"""What the shop said in six weeks: campaigns, codes, and posts with a publication for each chosen channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from etalage.channels.models import Channel
from etalage.demo.goods import Names
from etalage.demo.past import WEEKS, Past
from etalage.demo.people import House
from etalage.demo.sayings import ARRIVALS, CAMPAIGNS, CARE, PROMOTIONS
from etalage.demo.shelves import Ware
from etalage.kit import clock
from etalage.publishing.links import CODE_LENGTH, SHOP, product_target
from etalage.publishing.models import (
    Aim,
    Campaign,
    Post,
    PostPicture,
    PostProduct,
    PostState,
    PromotionCode,
    Publication,
    TrackedLink,
)

CAMPAIGN_WEEKS = ((0.0, 3.6), (3.4, 6.4), (2.0, 7.5), (0.0, 8.0))  # begin and end, counted from six weeks ago
PERCENT = {"AUTUMN10": 10, "LIGHT15": 15}
GIFT_MINOR = 500
REACH = {"fr": 1.2, "nl": 1.0, "en": 0.8, "ar": 0.55}  # how many follow the channel of each language


@dataclass
class Shown:
    """One publication of the past with its link, what it drew, and how well it sold."""

    publication: Publication
    link: TrackedLink
    at: datetime
    clicks: int
    sells: float  # chance that somebody who clicked buys
    figures: dict[str, int] = field(default_factory=dict)


@dataclass
class Said:
    """One post of the past: its rows, what it shows, and where it went."""

    post: Post
    picture: PostPicture
    wares: list[Ware]
    code: PromotionCode | None
    shown: list[Shown] = field(default_factory=list)


@dataclass
class Stage:
    """Everything that was said."""

    campaigns: list[Campaign]
    codes: list[PromotionCode]
    said: list[Said]

    @property
    def shown(self) -> Iterator[tuple[Said, Shown]]:
        """Every publication with its post."""
        return ((said, shown) for said in self.said for shown in said.shown)


def set_stage(past: Past, count: int, house: House, channels: Sequence[Channel], wares: list[Ware]) -> Stage:
    """Invent `count` posts, the oldest first; nothing is written yet."""
    chance = past.chance("posts")
    campaigns = [_campaign(past, number) for number in range(len(CAMPAIGNS))]
    stage = Stage(campaigns, _campaign_codes(past, campaigns), [])
    span = WEEKS * 7 * 24.0
    for number in range(count):
        # The first days are a little quieter; the last post went out some hours ago.
        hours = span * ((number + chance.uniform(0.1, 0.9)) / count) * 0.985 + 2
        due_at = _posting_hour(past, past.start + timedelta(hours=hours), chance)
        stage.said.append(_say(past, chance, due_at, house=house, stage=stage, wares=wares))
    stage.said.sort(key=lambda said: said.post.due_at or past.now)
    for said in stage.said:
        _send(past, chance, said, channels)
    return stage


def _campaign(past: Past, number: int) -> Campaign:
    name, aim, _texts, _code = CAMPAIGNS[number]
    begins, ends = (past.start + timedelta(weeks=weeks) for weeks in CAMPAIGN_WEEKS[number])
    made = begins - timedelta(days=4)
    return Campaign(
        id=past.id_at(made),
        name=name,
        aim=aim,
        starts_on=clock.local_day(begins, past.zone),
        ends_on=clock.local_day(ends, past.zone),
        created_at=made,
    )


def _campaign_codes(past: Past, campaigns: list[Campaign]) -> list[PromotionCode]:
    rows = []
    for campaign, (_name, _aim, _texts, code), (begins, ends) in zip(
        campaigns, CAMPAIGNS, CAMPAIGN_WEEKS, strict=True
    ):
        if not code:
            continue
        percent = PERCENT.get(code)
        rows.append(
            PromotionCode(
                id=past.id_at(campaign.created_at),
                code=code,
                campaign=campaign,
                percent=percent,
                amount_minor=None if percent else GIFT_MINOR,
                starts_at=past.start + timedelta(weeks=begins),
                ends_at=past.start + timedelta(weeks=ends),
                created_at=campaign.created_at,
            )
        )
    return rows


def _posting_hour(past: Past, moment: datetime, chance: Random) -> datetime:
    """The same day, between nine in the morning and eight in the evening, at a round five minutes."""
    day = clock.local_day(moment, past.zone)
    due_at = past.at(day, chance.randrange(9 * 12, 20 * 12) / 12)
    return due_at if due_at < past.now - timedelta(minutes=40) else due_at - timedelta(days=1)


def _say(
    past: Past, chance: Random, due_at: datetime, *, house: House, stage: Stage, wares: list[Ware]
) -> Said:
    """Write one post: about one product, now and then about a few."""
    number = _running_campaign(past, chance, due_at)
    campaign = stage.campaigns[number] if number is not None else None
    texts = CAMPAIGNS[number][2] if number is not None else chance.choice((ARRIVALS, CARE))
    shown = chance.sample(wares, 1 if chance.random() < 0.85 else 3)
    created = due_at - timedelta(hours=chance.uniform(3, 60))
    author = chance.choice((*house.authors, house.manager))
    post = Post(
        id=past.id_at(created),
        campaign=campaign,
        aim=campaign.aim if campaign else Aim.PROMOTION if texts is ARRIVALS else Aim.RELATION,
        state=PostState.APPROVED,
        due_at=due_at,
        created_by=author,
        approved_by=house.manager,
        approved_at=created + (due_at - created) * 0.4,
        created_at=created,
        updated_at=created + (due_at - created) * 0.4,
        version=6,
    )
    code = _code_of(past, chance, post, stage, shown[0]) if texts is PROMOTIONS else None
    post.text = words(chance.choice(texts), shown[0], code.code if code else "")
    picture = shown[0].picture
    picture_id = past.id_at(created)
    copy = PostPicture(
        id=picture_id,
        post=post,
        file=f"posts/{picture_id}.jpg",
        width=picture.width,
        height=picture.height,
        alt=picture.alt,
    )
    return Said(post, copy, shown, code)


def words(saying: Names, ware: Ware, code: str = "") -> Names:
    """A saying about a product, in every language."""
    return {
        language: text.format(title=ware.good.titles[language], code=code)
        for language, text in saying.items()
    }


def _running_campaign(past: Past, chance: Random, at: datetime) -> int | None:
    weeks = (at - past.start) / timedelta(weeks=1)
    running = [number for number, (begins, ends) in enumerate(CAMPAIGN_WEEKS) if begins <= weeks < ends]
    return chance.choice(running) if running and chance.random() < 0.8 else None


def _code_of(past: Past, chance: Random, post: Post, stage: Stage, ware: Ware) -> PromotionCode | None:
    """The campaign's code, or one of the post's own, which tells this post's buyers apart."""
    if chance.random() < 0.6:
        return next(
            (code for code in stage.codes if code.campaign == post.campaign and code.post is None), None
        )
    taken = {code.code for code in stage.codes}
    name = next(
        name
        for name in (f"{ware.good.model.upper()}{number}" for number in range(10, 99))
        if name not in taken
    )
    own = PromotionCode(
        id=past.id_at(post.created_at),
        code=name,
        campaign=post.campaign,
        post=post,
        percent=10,
        usage_limit=200,
        starts_at=post.created_at,
        ends_at=(post.due_at or past.now) + timedelta(days=21),
        created_at=post.created_at,
    )
    stage.codes.append(own)
    return own


def _send(past: Past, chance: Random, said: Said, channels: Sequence[Channel]) -> None:
    """Choose the channels, and what luck the post has there: some sell a lot, some nothing."""
    luck = chance.lognormvariate(2.3, 0.9) if chance.random() < 0.82 else chance.uniform(0, 2)
    sells = chance.choice((0.0, 0.0, 0.12, 0.22, 0.3, 0.45)) * min(1.5, 0.6 + said.wares[0].charm / 3)
    chosen = [channel for channel in channels if chance.random() < 0.66] or [chance.choice(channels)]
    for channel in chosen:
        clicks = min(140, round(luck * REACH.get(channel.language, 1) * chance.uniform(0.5, 1.5)))
        said.shown.append(_shown(past, chance, said, channel, clicks=clicks, sells=sells))


def _shown(past: Past, chance: Random, said: Said, channel: Channel, *, clicks: int, sells: float) -> Shown:
    post = said.post
    due_at = post.due_at or past.now
    at = due_at + timedelta(seconds=chance.uniform(2, 9))
    publication = Publication(
        id=past.id_at(post.created_at), post=post, channel=channel, language=channel.language
    )
    link = TrackedLink(
        id=past.id_at(post.updated_at),
        code=past.code(CODE_LENGTH),
        publication=publication,
        post=post,
        campaign=post.campaign,
        channel=channel,
        target=product_target(said.wares[0].product.slug) if len(said.wares) == 1 else SHOP,
        created_at=post.updated_at,
    )
    views = clicks * chance.randint(9, 26) + chance.randint(30, 160)
    figures = {
        "views": views,
        "likes": round(views * chance.uniform(0.01, 0.05)),
        "shares": round(views * chance.uniform(0.0, 0.006)),
        "clicks": clicks,
        "previews": 2,
    }
    return Shown(publication, link, at, clicks, sells, figures)


def save_posts(stage: Stage) -> None:
    """Write campaigns, posts, what they show, and codes; publications follow once the network has them."""
    Campaign.objects.bulk_create(stage.campaigns)
    Post.objects.bulk_create(said.post for said in stage.said)
    PromotionCode.objects.bulk_create(stage.codes)
    PostPicture.objects.bulk_create(said.picture for said in stage.said)
    PostProduct.objects.bulk_create(
        PostProduct(post=said.post, product=ware.product, position=position)
        for said in stage.said
        for position, ware in enumerate(said.wares)
    )
