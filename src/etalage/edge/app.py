"""The edge as an ASGI application, alone under a server or in front of the pages in the same process."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import Any

from etalage.edge import answers, clicks, intake, visits
from etalage.edge.answers import Answer, Receive, Scope, Send
from etalage.edge.clicks import click_store
from etalage.edge.config import EdgeConfig
from etalage.edge.deliveries import journal_store
from etalage.edge.disk import DiskGuard
from etalage.edge.intake import Intake
from etalage.edge.visits import Visits
from etalage.edge.writer import GroupWriter

HEALTH = "/edge/health"


class EdgeApp:
    """Mount it with `if edge.owns(scope["path"]): await edge(scope, receive, send)`, from start to stop."""

    paths: tuple[str, ...] = (visits.PREFIX, intake.PREFIX, "/edge/")

    def __init__(self, config: EdgeConfig) -> None:
        disk = DiskGuard(config.data_folder, config.min_free_bytes)
        self._clicks = GroupWriter(
            click_store(config.clicks_path),
            name="edge-clicks",
            capacity=config.waiting_clicks,
            linger_s=clicks.LINGER_S,
            settle_s=clicks.SETTLE_S,
        )
        self._deliveries = GroupWriter(
            journal_store(config.journal_path), name="edge-journal", capacity=config.waiting_deliveries
        )
        self._visits = Visits(config, self._clicks, disk)
        self._intake = Intake(config, self._deliveries, disk)

    def owns(self, path: str) -> bool:
        """True when the edge answers this path."""
        return path.startswith(self.paths)

    async def start(self) -> None:
        """Open both files. Raises `store.StoreUnavailable` with the file's name."""
        await asyncio.to_thread(self._clicks.start)
        try:
            await asyncio.to_thread(self._deliveries.start)
        except BaseException:
            await asyncio.to_thread(self._clicks.stop)
            raise

    async def stop(self) -> None:
        """Write what waits and close; call it when no request is being answered any more."""
        for stop in (self._deliveries.stop, self._clicks.stop, self._visits.links.close):
            await asyncio.to_thread(stop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            raise RuntimeError(f"the edge speaks HTTP only, not {scope['type']}")
        path: str = scope["path"]
        if path.startswith(visits.PREFIX):
            await self._visits(scope, send)
        elif path.startswith(intake.PREFIX):
            await self._intake(scope, receive, send)
        elif path == HEALTH and scope["method"] in {"GET", "HEAD"}:
            await self._health().send(send, without_body=scope["method"] == "HEAD")
        else:
            await answers.NOT_FOUND.send(send, without_body=scope["method"] == "HEAD")

    def report(self) -> dict[str, Any]:
        """Counts since the start, for the shop's own pages and logs."""
        return {
            "clicks": {"waiting": self._clicks.waiting, **asdict(self._clicks.tally)},
            "deliveries": {
                "waiting": self._deliveries.waiting,
                "refused": self._intake.refused,
                "late": self._intake.late,  # of the refused
                **asdict(self._deliveries.tally),
            },
            "links": {"unknown": self._visits.unknown, "unanswered": self._visits.links.unanswered},
        }

    def _health(self) -> Answer:
        """Whether both sides work, and the last write of each did, what waits and what was lost. Anyone may ask.

        A file that failed is tried again by whatever comes next, and every half second without.
        """
        clicks, deliveries = self._clicks, self._deliveries
        well = clicks.runs and self._intake.takes and clicks.writes and deliveries.writes
        state = {
            "status": "ok" if well else "degraded",
            "clicks": {
                "runs": clicks.runs,
                "writes": clicks.writes,
                "waiting": clicks.waiting,
                "dropped": clicks.tally.dropped + clicks.tally.lost,
            },
            "intake": {
                "takes": self._intake.takes,
                "writes": deliveries.writes,
                "waiting": deliveries.waiting,
            },
        }
        return Answer(
            200 if well else 503, json.dumps(state).encode(), answers.NO_STORE, kind=b"application/json"
        )


def edge_app(config: EdgeConfig) -> EdgeApp:
    """The edge for this configuration, not started yet."""
    return EdgeApp(config)
