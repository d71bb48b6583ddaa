"""A program of its own on the shop that the environment names: `python -m tests.keeping.shop_program DEED [WORDS]`.

Each deed prints one line of JSON. Publications are named as they are in `PLAN`.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any

SECOND = timedelta(seconds=1)
#: name → seconds until it is due, counted from the end of the seeding
PLAN = {"went_out": 0, "did_not": 0, "later": 172_800, "brought_forward": 172_800}


def seed(network: str, *accounts: str) -> dict[str, Any]:
    """Connect these accounts ("face:token") and schedule one post of each kind on each."""
    from etalage.accounts.models import Member, Role
    from etalage.channels.actions import connect_channel
    from etalage.kit import clock
    from etalage.publishing import actions
    from etalage.publishing.actions import ChannelChoice, PostContent
    from etalage.publishing.models import Publication

    owner = Member.objects.get(role=Role.OWNER)
    made, due_now = {}, []
    for account in accounts:
        face, _, token = account.partition(":")
        channel = connect_channel("practice", network, token, actor=owner)
        for name, seconds in PLAN.items():
            words = PostContent(text={"en": f"{name} on {face}"}, no_picture_reason="Only words today.")
            post = actions.create_post(words, actor=owner)
            actions.set_channels(post.pk, [ChannelChoice(channel.pk)], actor=owner)
            post.refresh_from_db()
            # An hour lies ahead however slow this machine is; what is due at once is moved there below.
            actions.schedule_post(
                post.pk, post.version, clock.now() + (seconds or 3600) * SECOND, actor=owner
            )
            made[f"{face}/{name}"] = str(post.publications.get().pk)
            due_now += [] if seconds else [made[f"{face}/{name}"]]
    Publication.objects.filter(pk__in=due_now).update(due_at=clock.now(), next_attempt_at=clock.now())
    return made


def approve(network: str, *accounts: str) -> dict[str, Any]:
    """Connect these accounts ("face:token"), with an approved post on each that nobody has scheduled."""
    from etalage.accounts.models import Member, Role
    from etalage.channels.actions import connect_channel
    from etalage.publishing import actions
    from etalage.publishing.actions import ChannelChoice, PostContent

    owner, made = Member.objects.get(role=Role.OWNER), {}
    for account in accounts:
        face, _, token = account.partition(":")
        channel = connect_channel("practice", network, token, actor=owner)
        words = PostContent(text={"en": f"Some day on {face}"}, no_picture_reason="Only words today.")
        post = actions.create_post(words, actor=owner)
        actions.set_channels(post.pk, [ChannelChoice(channel.pk)], actor=owner)
        post.refresh_from_db()
        made[face] = str(actions.approve_post(post.pk, post.version, actor=owner).publications.get().pk)
    return made


def publish(*keys: str) -> dict[str, Any]:
    """Say of the posts of these publications that they go out now."""
    from etalage.accounts.models import Member, Role
    from etalage.publishing import actions
    from etalage.publishing.models import Publication

    owner = Member.objects.get(role=Role.OWNER)
    for key in keys:
        post = Publication.objects.get(pk=key).post
        actions.publish_now(post.pk, post.version, actor=owner)
    return state()


def send(*keys: str) -> dict[str, Any]:
    """Send just these publications, now; those that are due later are brought forward."""
    from etalage.accounts.models import Member, Role
    from etalage.kit import clock
    from etalage.publishing import actions
    from etalage.publishing.delivery import machine
    from etalage.publishing.delivery.send import send as send_claim
    from etalage.publishing.models import DeliveryState, Publication

    owner = Member.objects.get(role=Role.OWNER)
    for key in keys:
        row = Publication.objects.get(pk=key)
        if row.due_at and row.due_at > clock.now():
            actions.publish_now(row.post_id, row.post.version, actor=owner)
    for claim in machine.claim_due(clock.now(), 50):
        if str(claim.publication_id) in keys:
            send_claim(claim)
        else:
            back = {"next_attempt_at": clock.now()}
            machine.move(claim.publication_id, claim.token, DeliveryState.SCHEDULED, **back)
    return state()


def work() -> dict[str, Any]:
    """Do what workers do until nothing is due and nothing is in doubt that could be looked for."""
    import time

    from etalage.kit import clock
    from etalage.publishing.delivery import machine
    from etalage.publishing.delivery.reconcile import reconcile, sweep
    from etalage.publishing.delivery.send import send as send_claim
    from etalage.publishing.models import DeliveryState, Publication

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        now = clock.now()
        sweep(now)
        for claim in machine.claim_due(now, 50):
            send_claim(claim)
        for claim in machine.claim_unknown(now, 50):
            reconcile(claim)
        doubtful = Publication.objects.filter(state__in=(DeliveryState.UNKNOWN, DeliveryState.RECONCILING))
        due = Publication.objects.filter(state=DeliveryState.SCHEDULED, next_attempt_at__lte=clock.now())
        if not doubtful.exists() and not due.exists():
            break
        time.sleep(0.1)
    return state()


def send_nothing() -> dict[str, Any]:
    """Do what workers do once; a copy has no channel that could send."""
    from etalage.kit import clock
    from etalage.publishing.delivery import machine
    from etalage.publishing.delivery.reconcile import sweep

    sweep(clock.now())
    assert machine.claim_due(clock.now() + timedelta(days=3), 50) == []
    assert machine.claim_unknown(clock.now(), 50) == []
    return state()


def plant(network: str, token: str, mail: str) -> dict[str, Any]:
    """Publish with a token, let jobs fail that hold secrets, import a file, and say what failed."""
    from django.core.mail import send_mail

    from etalage.accounts.models import Member, Role
    from etalage.channels.actions import connect_channel
    from etalage.jobs.idle import run_until_idle
    from etalage.jobs.models import Job, State
    from etalage.kit import clock
    from etalage.publishing import actions
    from etalage.publishing.actions import ChannelChoice, PostContent

    owner = Member.objects.get(role=Role.OWNER)
    channel = connect_channel("practice", network, token, actor=owner)
    words = PostContent(text={"en": "Boots"}, no_picture_reason="Only words today.")
    post = actions.create_post(words, actor=owner)
    actions.set_channels(post.pk, [ChannelChoice(channel.pk)], actor=owner)
    post.refresh_from_db()
    actions.publish_now(post.pk, post.version, actor=owner)
    run_until_idle(raising=False)
    failures = []
    try:
        send_mail("Hello", "Hello", None, ["nour@example.com"])
    except OSError as error:
        failures.append(repr(error))
    # A letter of a reservation that does not exist, whose own words carry what must not be kept.
    letter = "etalage.orders.tasks.send_reservation_letter"
    Job.objects.create(
        task=letter, args=["00000000-0000-0000-0000-000000000000"], queue="orders", max_attempts=1, backoff=1,
        lease_seconds=60, run_after=clock.now(),
    )  # fmt: skip
    run_until_idle(raising=False)
    dead = Job.objects.filter(state=State.DEAD)
    return {"failed": [*failures, *dead.values_list("last_error", flat=True)], "state": state()}


def customer() -> dict[str, Any]:
    """Make a customer."""
    from etalage.customers.models import Customer

    return {"id": str(Customer.objects.create(name="Nour Haddad").pk)}


def forget(key: str) -> dict[str, Any]:
    """Erase a customer."""
    from etalage.customers.actions import erase_customer

    return {"erased": erase_customer(key)}  # type: ignore[arg-type]


def is_erased(key: str) -> dict[str, Any]:
    """Whether nothing is left of a customer's name."""
    from etalage.customers.models import Customer

    found = Customer.objects.get(pk=key)
    return {"erased": bool(found.erased_at) and not found.name}


def hear(network: str, token: str) -> dict[str, Any]:
    """Connect this account where it is not, and take in all that its network tells; what is known of people."""
    from etalage.accounts.models import Member, Role
    from etalage.channels import actions
    from etalage.channels.models import Channel, Listening
    from etalage.kit import clock

    owner = Member.objects.get(role=Role.OWNER)
    if not Channel.objects.exists():
        actions.connect_channel("practice", network, token, actor=owner)
    Listening.objects.update(cursor="", due_at=clock.now())
    actions.read_channel(Channel.objects.get().pk)
    actions.drain_incoming()
    return heard()


def hear_on() -> dict[str, Any]:
    """Ask the network for what came in since the last time, and take in what waits; what is known of people."""
    from etalage.channels import actions
    from etalage.channels.models import Channel, Listening
    from etalage.kit import clock

    Listening.objects.update(due_at=clock.now())
    actions.read_channel(Channel.objects.get().pk)
    actions.drain_incoming()
    return heard()


def heard() -> dict[str, Any]:
    """What is kept of people who spoke on networks, in the database and in the journal."""
    from django.conf import settings

    from etalage.channels.models import Incoming

    rows = Incoming.objects.order_by("at").values_list("author_name", "text", "author_id")
    path = settings.DATA / "journal.sqlite3"
    raw = path.read_bytes() if path.exists() else b""
    return {"said": [[name, text] for name, text, _id in rows], "in_journal": b"my own words" in raw}


def forget_author(name: str) -> dict[str, Any]:
    """Erase somebody who spoke on a network, as a manager does."""
    from etalage.accounts.models import Member, Role
    from etalage.channels import actions
    from etalage.channels.models import Incoming

    row = Incoming.objects.filter(author_name=name).latest("at")
    owner = Member.objects.get(role=Role.OWNER)
    return {"rows": actions.erase_author(row.channel_id, row.author_id, actor=owner), "ids": row.author_id}


def deliver(name: str) -> dict[str, Any]:
    """Keep a delivery as the edge's writer does."""
    from django.conf import settings

    from etalage.edge.deliveries import Delivery, journal_store

    store = journal_store(settings.DATA / "journal.sqlite3")
    written = store.write([Delivery(name, "practice", "key", name, 0, "{}", b"{}")])
    store.close()
    return {"written": written}


def handle() -> dict[str, Any]:
    """Handle what waits in the journal."""
    from django.conf import settings

    from etalage.edge.journal import Journal

    journal = Journal(settings.DATA / "journal.sqlite3")
    found = journal.pending()
    journal.mark_done(*found)
    return {"handled": sorted(one.delivery_id for one in found)}


def sign_in(times: str) -> dict[str, Any]:
    """Sign the owner in so often, each in a browser of their own, and out again in every third; all their cookies."""
    from django.conf import settings
    from django.test import Client

    from etalage.accounts.actions import issue_sign_in_link
    from etalage.accounts.models import Member, Role

    owner, cookies = Member.objects.get(role=Role.OWNER), []
    for number in range(int(times)):
        browser = Client(headers={"host": "localhost"})
        assert browser.post(f"/enter/{issue_sign_in_link(owner)}/").status_code == 302
        cookies.append(browser.cookies[settings.SESSION_COOKIE_NAME].value)
        assert browser.get("/").status_code == 200
        if not number % 3:
            browser.logout()
    return {"cookies": cookies}


def grant(token: str) -> dict[str, Any]:
    """Keep a token, sealed."""
    from etalage.channels.models import Grant

    Grant.objects.create(network="practice", base_url="https://n.example", access_token=token)
    return tokens()


def tokens() -> dict[str, Any]:
    """Every token that is kept, opened."""
    from etalage.channels.models import Grant

    return {"tokens": [str(one.access_token) for one in Grant.objects.order_by("pk")]}


def fall_reading(name: str) -> None:
    """Be killed while rows with this name are laid by."""
    import signal

    from etalage.orders.importing.staging import Rows, staging

    with staging() as staged:
        for number in range(1000):
            staged.add(str(number), Rows([number], [[name]]))
        os.kill(os.getpid(), signal.SIGKILL)


def let_go() -> dict[str, Any]:
    """Delete files of imports that nobody needs any more."""
    from etalage.imports.actions import let_go_of_files

    return {"released": let_go_of_files()}


def state() -> dict[str, Any]:
    """The state and the marker of every publication."""
    from etalage.publishing import links
    from etalage.publishing.models import Publication

    rows = Publication.objects.select_related("link")
    return {str(row.pk): {"state": row.state, "marker": links.address_of(row.link)} for row in rows}


def main(deed: str, *words: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "etalage.settings")
    import django

    django.setup()
    print(json.dumps(globals()[deed](*words)))


if __name__ == "__main__":
    main(*sys.argv[1:])
