"""What became of the jobs of the family `queue`, read from the queue's rows and the ledger, and from nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from etalage.jobs.models import UNFINISHED, Event, Job, Schedule, State
from tests.faults import queue_work
from tests.faults.queue_work import CEILING, HANDLERS, Entry

TICK = queue_work.tick.module_path
HOPELESS = (queue_work.poison.module_path, queue_work.despair.module_path)
#: What stands in the shop's own rows, written in one transaction with the job's end.
ONCE = frozenset({"book", "sell", "stumble", "credit", "thank"})
MUST_BE_NONE = ("lost", "twice", "untrue", "stale", "left", "unburied", "dead", "off schedule")


def judge(began: datetime, ended: datetime) -> dict[str, int]:
    """Compare what was asked for with what was done. `ended`: when the last worker was killed."""
    entries = queue_work.ledger()
    asked, done = _numbers(entries, "asked"), _numbers(entries, "done")
    expected = {(kind, number) for kind in ("book", "sell", "call", "stumble") for number in asked[kind]}
    expected |= {(name, number) for name in HANDLERS for number in asked["sell"] + asked["event"]}
    found = Counter((kind, number) for kind, numbers in done.items() for number in numbers)
    keys = [kind for kind in asked | done if kind.startswith("keep_up")]
    behind = sum(max(asked[key], default=0) > max(done[key], default=0) for key in keys)
    invented = sum(not set(done[key]) <= set(asked[key]) for key in keys)
    once = sum(count > 1 for (kind, _number), count in found.items() if kind in ONCE)
    return {
        "events": Event.objects.count(),
        "jobs": Job.objects.count(),
        "claims": sum(Job.objects.values_list("token", flat=True)),
        "refused": sum(entry.said == "refused" for entry in entries),
        "late": _late(entries),
        "lost": len(expected - found.keys()) + behind,
        "twice": once + _twice_by_one_claim(entries),
        "untrue": sum(kind in (*ONCE, "call", "tell") for kind, _number in found.keys() - expected)
        + invented,
        "stale": _stale(entries),
        "left": _left(),
        "unburied": _unburied(entries),
        "dead": Job.objects.filter(state=State.DEAD).exclude(task__in=HOPELESS).count(),
        "off schedule": _off_schedule(len(done["tick"]), began, ended),
    }


def ticked_since(moment: datetime) -> bool:
    """Whether the schedule has gone on since then."""
    return Job.objects.filter(task=TICK, state=State.DONE, created_at__gte=moment).exists()


def _numbers(entries: Iterable[Entry], said: str) -> defaultdict[str, list[int]]:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for entry in entries:
        if entry.said == said:
            found[entry.kind].append(entry.number)
    return found


def _twice_by_one_claim(entries: Iterable[Entry]) -> int:
    """A job whose worker died after its effect on the outside has it again, but by its next claim."""
    claims = Counter(
        (entry.said, entry.job, entry.token) for entry in entries if entry.said in ("begun", "done")
    )
    return sum(count > 1 for count in claims.values())


def _late(entries: Iterable[Entry]) -> int:
    """Who stood still before it began, and said so after its successor. It is no fault: no effect may follow."""
    latest: Counter[str] = Counter()
    count = 0
    for entry in entries:
        if entry.said == "begun":
            count += entry.token < latest[entry.job]
            latest[entry.job] = max(latest[entry.job], entry.token)
    return count


def _stale(entries: Iterable[Entry]) -> int:
    """What was done outside after a later claim had begun, and ends that a claim wrote which was not the last."""
    latest: Counter[str] = Counter()
    count = 0
    for entry in entries:
        if entry.said == "begun":
            latest[entry.job] = max(latest[entry.job], entry.token)
        elif entry.said == "done":
            count += entry.token < latest[entry.job]
    ends = Job.objects.filter(state=State.DONE, event=None).values_list("result", "token")
    return count + len([job for job in ends if job[0] != job[1]])


def _left() -> int:
    """What is not finished; the schedule's next run may wait."""
    unfinished = Job.objects.filter(state__in=UNFINISHED)
    return int(unfinished.exclude(task=TICK, state=State.WAITING).count())


def _unburied(entries: Iterable[Entry]) -> int:
    """What cannot succeed and had more than its attempts, or ended in another way."""
    kinds = ("poison", "despair")
    begun = Counter(entry.job for entry in entries if entry.said == "begun" and entry.kind in kinds)
    ended = Job.objects.filter(task__in=HOPELESS).exclude(state__in=UNFINISHED)
    return sum(count > CEILING for count in begun.values()) + sum(
        (state, attempts) != (State.DEAD, CEILING)
        for state, attempts in ended.values_list("state", "attempts")
    )


def _off_schedule(ticks: int, began: datetime, ended: datetime) -> int:
    """Runs without a job or jobs without their run, more than there were periods, and none since the last kill."""
    jobs = Job.objects.filter(task=TICK)
    done = jobs.filter(state=State.DONE)
    latest = max((at for at in done.values_list("finished_at", flat=True) if at), default=began)
    rows = Schedule.objects.filter(last_at__gte=ended)
    too_many = jobs.count() > (max(latest, ended) - began) / timedelta(seconds=1) + 3
    return abs(ticks - done.count()) + too_many + (not rows.exists())
