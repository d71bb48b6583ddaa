"""A small instance for what no recording holds: lost answers, waits, broken answers. A program behind HTTP.

    python -m etalage.networks.mastodon.tests.fake_instance [SOFTWARE]

It prints its address. It honours idempotency keys, unless SOFTWARE (its name in NodeInfo) is not "mastodon", and
works on every uploaded picture until it was asked for twice. `POST /--fault` orders faults for one kind of request:
{"on": "POST /api/v1/statuses", "times": 1, "accepted": true, "cut": true} or with "status", "headers", "body";
"skip": so many such requests are answered well before it.
`GET /--ledger` lists every status ever accepted and every request; `POST /--notify` lets notifications come in;
`POST /--stream` {"at": "ws://…"} lets it stream there ("here": itself), `POST /--hang-up` ends the streams that are
open; `POST /--forget` begins anew.
"""

from __future__ import annotations

import json
import sys
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

ME = {
    "id": "1",
    "username": "lune",
    "acct": "lune",
    "display_name": "Maison Lune",
    "url": "https://fake.example/@lune",
}
LIMITS = {
    "statuses": {"max_characters": 700, "max_media_attachments": 4, "characters_reserved_per_url": 23},
    "media_attachments": {"image_size_limit": 9_000_000, "supported_mime_types": ["image/png", "video/mp4"]},
}
STREAM = "/api/v1/streaming/user/notification"
APPLICATION = "a secret of the application"
Reply = tuple[int, dict[str, str], Any]


class World:
    """All that the instance knows."""

    def __init__(self, software: str) -> None:
        self.lock, self.software, self.origin = Lock(), software, ""
        self.begin()

    def begin(self) -> None:
        """An instance on which nothing has happened."""
        self.statuses: list[dict[str, Any]] = []
        self.gone: set[str] = set()
        self.keys: dict[str, dict[str, Any]] = {}
        self.media: dict[str, dict[str, Any]] = {}
        self.notifications: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.streams, self.calls = "", 0  # how often streams were hung up
        self.asked: list[dict[str, Any]] = []

    def reply(
        self, method: str, path: str, query: dict[str, str], headers: dict[str, str], raw: bytes
    ) -> Reply:
        """What the API says; a status of 404 for what it does not have."""
        match method, path.strip("/").split("/"):
            case "GET", [".well-known", "nodeinfo"]:
                rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
                return 200, {}, {"links": [{"rel": rel, "href": f"{self.origin}/nodeinfo/2.0"}]}
            case "GET", ["nodeinfo", "2.0"]:
                return 200, {}, {"software": {"name": self.software, "version": "4.7.3"}}
            case "GET", ["api", "v2", "instance"]:
                here = self.origin.replace("http", "ws")
                urls = {"streaming": here if self.streams == "here" else self.streams} if self.streams else {}
                configuration = {**LIMITS, "urls": urls}
                return 200, {}, {"domain": "fake.example", "version": "4.7.3", "configuration": configuration}
            case "GET", ["api", "v1", "accounts", "verify_credentials"]:
                return 200, {}, ME
            case "GET", ["api", "v1", "apps", "verify_credentials"]:
                return (
                    200,
                    {},
                    {"name": "Hand", "scopes": headers["authorization"].removeprefix("Bearer ").split()},
                )
            case "POST", ["oauth", "revoke"]:
                form = {name: values[0] for name, values in parse_qs(raw.decode()).items()}
                is_ours = form["token"] and (form["client_id"], form["client_secret"]) == ("app", APPLICATION)
                return (200, {}, {}) if is_ours else (403, {}, {"error": "unauthorized_client"})
            case "POST", ["api", "v2", "media"]:
                return self._uploaded(headers, raw)
            case "GET", ["api", "v1", "media", name]:
                return self._picture(name)
            case "POST", ["api", "v1", "statuses"]:
                return self._published(json.loads(raw), headers.get("idempotency-key", ""))
            case "GET", ["api", "v1", "accounts", "1", "statuses"]:
                return self._page([row for row in self.statuses if row["id"] not in self.gone], query, path)
            case "GET", ["api", "v1", "notifications"]:
                is_all = query.get("include_filtered") == "true"
                rows = [row for row in self.notifications if is_all or not row.get("filtered")]
                return self._page(sorted(rows, key=lambda row: int(row["id"])), query, path)
            case "GET", ["api", "v1", "statuses"]:
                return 200, {}, [row for row in self.statuses if row["id"] in query["id[]"].split(",")]
            case _, ["api", "v1", "statuses", name] if name not in self.gone:
                return self._one(method, name, raw)
        return 404, {}, {"error": "Not Found"}

    def _uploaded(self, headers: dict[str, str], raw: bytes) -> Reply:
        head = f"content-type: {headers['content-type']}\r\n\r\n".encode()
        parts = BytesParser(policy=HTTP).parsebytes(head + raw)
        facts = {part.get_param("name", header="content-disposition"): part for part in parts.iter_parts()}
        name = str(len(self.media) + 100)
        alt = bytes(facts["description"].get_payload(decode=True)).decode()
        self.media[name] = {"id": name, "type": "image", "description": alt, "url": None, "_asked": 0}
        return 202, {}, self.media[name]

    def _picture(self, name: str) -> Reply:
        if name not in self.media:
            return 404, {}, {"error": "Record not found"}
        self.media[name]["_asked"] += 1
        return (200 if self.media[name]["_asked"] > 1 else 206), {}, self.media[name]

    def _published(self, body: dict[str, Any], key: str) -> Reply:
        if self.software == "mastodon" and key in self.keys:
            return 200, {}, self.keys[key]
        name = str(1000 + len(self.statuses))
        row = {
            "id": name,
            "url": f"https://fake.example/@lune/{name}",
            "created_at": f"2026-11-21T10:{len(self.statuses):02d}:00.000Z",
            "content": f"<p>{body['status']}</p>",
            "language": body["language"],
            "visibility": body["visibility"],
            "media_attachments": [self.media[one] for one in body["media_ids"]],
            "favourites_count": 3,
            "replies_count": 0,
        }
        self.statuses.append(row)
        self.keys[key] = row
        return 200, {}, row

    def _one(self, method: str, name: str, raw: bytes) -> Reply:
        found = next((row for row in self.statuses if row["id"] == name), None)
        if found is None:
            return 404, {}, {"error": "Record not found"}
        if method == "DELETE":
            self.gone.add(name)
        if method == "PUT":
            body = json.loads(raw)
            found["content"] = f"<p>{body['status']}</p>"
            for one in body["media_attributes"]:
                self.media[one["id"]]["description"] = one["description"]
        return 200, {}, found

    def _page(self, rows: list[dict[str, Any]], query: dict[str, str], path: str) -> Reply:
        """Newest first; `min_id` gives the ones just after it, as Mastodon does."""
        limit = min(int(query.get("limit", "20")), 5)  # small pages, so that paging is seen
        if "min_id" in query:
            found = [row for row in rows if int(row["id"]) > int(query["min_id"])][:limit][::-1]
        else:
            most = int(query.get("max_id", "9" * 18))
            found = [row for row in rows if int(row["id"]) < most][::-1][:limit]
        ends = {"next": ("max_id", -1), "prev": ("min_id", 0)}
        links = [
            f'<{self.origin}{path}?{name}={found[at]["id"]}>; rel="{rel}"'
            for rel, (name, at) in ends.items()
            if found
        ]
        return 200, {"link": ", ".join(links)} if links else {}, found


class Hand(BaseHTTPRequestHandler):
    """One request."""

    world: World
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, or do what a fault orders."""
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        address = urlsplit(self.path)
        query = {name: ",".join(values) for name, values in parse_qs(address.query).items()}
        world = self.world
        with world.lock:
            if address.path.startswith("/--"):
                self._send(200, {}, self._behind(address.path, raw))
                return
            said = {"method": self.command, "path": self.path, "headers": headers}
            world.asked.append({**said, "body": raw.decode(errors="replace")})
            fault = self._fault(f"{self.command} {address.path}")
            carried_out = fault is None or fault.get("accepted", False)
            reply = (
                world.reply(self.command, address.path, query, headers, raw) if carried_out else (200, {}, {})
            )
        if fault is None and world.streams and address.path == STREAM:
            self._stream()
        elif fault is None:
            self._send(*reply)
        elif fault.get("cut"):
            self.close_connection = True
        elif fault.get("half"):
            self._send(*reply, half=True)
        else:
            self._send(fault["status"], fault.get("headers", {}), fault.get("body", {"error": "a fault"}))

    do_POST = do_PUT = do_DELETE = do_GET

    def _fault(self, request: str) -> dict[str, Any] | None:
        for fault in self.world.faults:
            if fault["on"] != request:
                continue
            if fault["skip"] > 0:
                fault["skip"] -= 1
            elif fault["times"] > 0:
                fault["times"] -= 1
                return fault
        return None

    def _behind(self, path: str, raw: bytes) -> Any:
        """The back door."""
        if path == "/--fault":
            self.world.faults.append({"times": 1, "skip": 0, **json.loads(raw)})
        elif path == "/--notify":
            self.world.notifications.extend(json.loads(raw))
        elif path == "/--stream":
            self.world.streams = json.loads(raw)["at"]
        elif path == "/--hang-up":
            self.world.calls += 1
        elif path == "/--forget":
            self.world.begin()
        return {"statuses": self.world.statuses, "gone": sorted(self.world.gone), "asked": self.world.asked}

    def _stream(self) -> None:
        """Tell of each notification as it comes, and every now and then that we are there, as Mastodon does."""
        told, calls = len(self.world.notifications), self.world.calls  # before anybody knows that we listen
        self.send_response_only(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while self.world.calls == calls:
                for row in self.world.notifications[told:]:
                    self.wfile.write(f"event: notification\ndata: {json.dumps(row)}\n\n".encode())
                    told += 1
                self.wfile.write(b":thump\n")
                self.wfile.flush()
                sleep(0.05)
        except OSError:
            pass  # whoever listened has gone

    def _send(self, status: int, headers: dict[str, str], data: Any, *, half: bool = False) -> None:
        body = data.encode() if isinstance(data, str) else json.dumps(data).encode()
        self.send_response_only(status)
        lines = {
            "date": self.date_time_string(),
            "content-type": "application/json; charset=utf-8",
            **headers,
            "connection": "close",
        }
        for name, value in {**lines, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    Hand.world = World(sys.argv[1] if len(sys.argv) > 1 else "mastodon")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hand)
    Hand.world.origin = f"http://localhost:{server.server_address[1]}"
    sys.stdout.write(f"{Hand.world.origin}\n")
    sys.stdout.flush()
    server.serve_forever()
