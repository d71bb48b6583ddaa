"""A picture that cannot be read: only what will never be good is final; a disk in trouble passes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from etalage.publishing import actions, queries
from etalage.publishing.models import Publication
from tests.conftest import World
from tests.publishing.conftest import NewChannel, NewPost, one_round, rounds
from tests.publishing.scripted import Play

pytestmark = pytest.mark.django_db
Ahead = Callable[[timedelta], None]


@pytest.fixture
def illustrated(
    scripted_channel: NewChannel, new_post: NewPost, red_png: bytes, world: World
) -> tuple[Publication, Path]:
    """A publication with a picture that is due now, and the picture's file."""
    post = new_post(scripted_channel())
    picture = actions.add_picture(post.pk, red_png, {"en": "A red boot"}, actor=world.member)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=world.manager)
    return post.publications.get(), Path(picture.file.path)


def test_what_the_disk_cannot_read_now_goes_out_when_it_can(
    illustrated: tuple[Publication, Path], traveller: Ahead
) -> None:
    publication, file = illustrated
    kept = file.rename(file.with_suffix(".kept"))
    file.symlink_to(file)  # reading it is an error of the system, and not that it is gone

    one_round()

    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("scheduled", "picture_unread")
    said = set()
    for language in ("en", "fr", "nl", "ar"):
        with translation.override(language):
            said.add(str(queries.explain(publication).what_to_do))
    assert len(said) == 4
    file.unlink()
    kept.rename(file)
    assert rounds(traveller, publication).state == "published"


def test_a_disk_that_is_not_there_is_waited_for(
    illustrated: tuple[Publication, Path], traveller: Ahead
) -> None:
    publication, _file = illustrated
    media = Path(settings.MEDIA_ROOT)
    away = media.rename(media.with_name("away"))

    one_round()

    publication.refresh_from_db()
    assert (publication.state, publication.reason) == ("scheduled", "picture_unread")
    away.rename(media)
    assert rounds(traveller, publication).state == "published"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda file: file.write_bytes(b"\xff\xd8\xff no picture")])
def test_what_is_gone_or_no_picture_is_refused(
    spoil: Callable[[Path], object], illustrated: tuple[Publication, Path], play: Play
) -> None:
    publication, file = illustrated
    spoil(file)

    one_round()

    publication.refresh_from_db()
    assert (publication.state, publication.reason, play.entries) == ("rejected", "media_invalid", [])
