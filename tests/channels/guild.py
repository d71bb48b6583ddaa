"""The Guild: a small network of our own that asks its accounts' owners (OAuth), whose tokens end and whose refresh
tokens serve once. A real HTTP server, with a connector of its own; what it was asked is counted.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from etalage.kit.clock import from_micros, now, to_micros
from etalage.kit.http_network import Answer, AnswerLost, NetworkClient, NotSent
from etalage.networks.base import (
    Abilities,
    Account,
    Authorization,
    ChannelRefused,
    Client,
    Connected,
    CouldNotRead,
    Entry,
    Mechanism,
    NotAccepted,
    Page,
    Reason,
    Received,
    ReceivedKind,
    Tokens,
)
from etalage.networks.rows import each_read, read_again


class Guild:
    """The network: accounts by code, tokens, a stream; `calls` counts requests by path."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.access: set[str] = set()
        self.refresh: dict[str, bool] = {}  # token: whether it was used
        self.calls: Counter[str] = Counter()
        self.reused = 0
        self.lives_s = 3600
        self.is_down = False
        self.is_forbidden = False
        self.gives_refresh = True
        self.answers_slowly_s = 0.0
        self.meanwhile: Callable[[], object] = bool  # what happens while tokens are being given
        self.is_deactivated = False
        self.retry_after = ""
        self.items: list[dict[str, Any]] = []
        self.base_url = ""

    def say_yes(self, url: str) -> dict[str, str]:
        """The account's owner agrees on the page at `url`; what the browser is sent back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked["challenge"]
        return {"code": code, "state": asked["state"]}

    def say_no(self, url: str) -> dict[str, str]:
        """The owner does not agree."""
        return {"error": "access_denied", "state": parse_qs(urlsplit(url).query)["state"][0]}

    def forget_access(self) -> None:
        """All access tokens die before their time."""
        self.access.clear()

    def answer(self, path: str, form: Mapping[str, str], token: str) -> tuple[int, dict[str, Any]]:
        """What a request is answered."""
        self.calls[path] += 1
        if self.retry_after:
            return 429, {}
        if self.is_down:
            return 503, {}
        if path == "/revoke":
            self.access.discard(form["token"])
            return 200, {}
        if path == "/token":
            time.sleep(self.answers_slowly_s)
            return self._token(form)
        if token not in self.access:
            return 401, {}
        if path == "/me":
            return 200, {"id": "7", "handle": "guild_shop"}
        if self.is_forbidden:
            return 403, {}
        after = int(form.get("after") or 0)
        page = self.items[after : after + 10]
        return 200, {"items": page, "cursor": str(after + len(page)), "more": len(self.items) > after + 10}

    def _token(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if form.get("grant_type") == "refresh_token":
            used = self.refresh.get(form["refresh_token"])
            self.reused += bool(used)
            if self.is_deactivated:
                return 403, {"error": "deactivated"}
            if used is not False:
                return 401, {}
            self.refresh[form["refresh_token"]] = True
        else:
            digest = urlsafe_b64encode(hashlib.sha256(form["verifier"].encode()).digest()).decode()
            if self.codes.pop(form["code"], None) != digest:
                return 401, {}
        access, refresh = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self.access.add(access)
        self.refresh[refresh] = False
        self.meanwhile()
        shown = refresh if self.gives_refresh else ""
        return 200, {"access": access, "refresh": shown, "expires_in": self.lives_s}


@contextmanager
def running_guild() -> Iterator[Guild]:
    """A guild on a free port."""
    guild = Guild()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._say(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            self._say(self.path, {name: values[0] for name, values in parse_qs(raw.decode()).items()})

        def _say(self, path: str, form: Mapping[str, str]) -> None:
            token = self.headers.get("authorization", "").removeprefix("Bearer ")
            status, body = guild.answer(path, form, token)
            raw = json.dumps(body).encode()
            self.send_response(status)
            if guild.retry_after:
                self.send_header("retry-after", guild.retry_after)
            self.send_header("content-length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    guild.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield guild
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class GuildConnector:
    """Connector, authorizer, renewer and receiver for the guild."""

    @property
    def entry(self) -> Entry:
        return Entry(asks_address=True, by_authorization=True)

    def connect(self, address: str, handle: str, token: str) -> Connected | ChannelRefused | NotAccepted:
        return self._connected(address, Tokens(token))

    def begin(
        self, address: str, redirect_uri: str, *, handle: str = "", client: Client | None = None
    ) -> Authorization | ChannelRefused | NotAccepted:
        address = address if "://" in address else "https://" + address.rpartition("@")[2]
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
        asked = {"state": state, "redirect_uri": redirect_uri, "challenge": challenge}
        memory = {"address": address, "verifier": verifier}
        return Authorization(f"{address}/authorize?{urlencode(asked)}", state, memory)

    def finish(
        self, memory: Mapping[str, str], redirect_uri: str, answer: Mapping[str, str]
    ) -> Connected | ChannelRefused | NotAccepted:
        form = {"code": answer["code"], "verifier": memory["verifier"], "grant_type": "authorization_code"}
        tokens = self._tokens(memory["address"], form)
        return self._connected(memory["address"], tokens) if isinstance(tokens, Tokens) else _refusal(tokens)

    def renew(self, account: Account, refresh: str) -> Tokens | CouldNotRead | ChannelRefused:
        return self._tokens(account.base_url, {"grant_type": "refresh_token", "refresh_token": refresh})

    def revoke(self, account: Account, tokens: Tokens) -> CouldNotRead | ChannelRefused | None:
        answer = self._ask(account.base_url, "POST", "/revoke", "", data={"token": tokens.access})
        return None if isinstance(answer, Answer) else answer

    def verify(self, secret: str, headers: Mapping[str, str], raw: bytes) -> bool:
        """The moment is signed with the bytes; the shop itself says whether it is near."""
        expected = guild_signature(secret, self.signed_at(headers), raw)
        return hmac.compare_digest(expected.encode(), headers.get("x-guild-signature", "").encode())

    def signed_at(self, headers: Mapping[str, str]) -> str:
        return headers.get("x-guild-at", "")

    def parse(self, raw: bytes) -> list[Received]:
        return [_received(item) for item in json.loads(raw)["items"]]

    def fetch(self, account: Account, cursor: str) -> Page | CouldNotRead | ChannelRefused:
        answer = self._ask(account.base_url, "GET", "/stream", account.token, params={"after": cursor})
        if not isinstance(answer, Answer):
            return answer
        data = answer.json()
        items, odd = each_read(data["items"], _received)
        return Page(tuple(items), data["cursor"], data["more"], odd)

    def read_row(self, account: Account, raw: bytes) -> list[Received]:
        return read_again(raw, _received)

    def _connected(self, address: str, tokens: Tokens) -> Connected | ChannelRefused | NotAccepted:
        answer = self._ask(address, "GET", "/me", tokens.access)
        if not isinstance(answer, Answer):
            return _refusal(answer)
        account = Account("guild", address, tokens.access, answer.json()["id"], answer.json()["handle"])
        return Connected(account, ABILITIES, "Guild shop", tokens, f"{address}/@guild_shop")

    def _tokens(self, address: str, form: Mapping[str, str]) -> Tokens | CouldNotRead | ChannelRefused:
        answer = self._ask(address, "POST", "/token", "", data=form)
        if not isinstance(answer, Answer):
            return answer
        data = answer.json()
        return Tokens(data["access"], data["refresh"], now() + timedelta(seconds=data["expires_in"]))

    def _ask(
        self, address: str, method: str, path: str, token: str, **request: Any
    ) -> Answer | CouldNotRead | ChannelRefused:
        client = NetworkClient(frozenset({address}), address, timeout=10)
        try:
            headers = {"authorization": f"Bearer {token}"} if token else {}
            answer = client.request(method, path, headers=headers, **request)
        except (NotSent, AnswerLost) as error:
            return CouldNotRead(Reason.UNREACHABLE, detail=error.reason)
        if answer.status == 401:
            return ChannelRefused(Reason.AUTH_DEAD)
        if answer.status == 403:
            is_missing = "error" not in answer.json()
            return ChannelRefused(Reason.PERMISSION_MISSING if is_missing else Reason.NEEDS_HUMAN_AT_NETWORK)
        if answer.status == 429:
            return CouldNotRead(Reason.RATE_LIMITED, float(answer.headers["retry-after"]))
        return answer if answer.ok else CouldNotRead(Reason.PLATFORM_DOWN)


ABILITIES = Abilities(text_limit=100, mechanism=Mechanism.NONE, settle=timedelta(seconds=1))


def _refusal(answer: CouldNotRead | ChannelRefused) -> NotAccepted | ChannelRefused:
    return answer if isinstance(answer, ChannelRefused) else NotAccepted(answer.reason)


def guild_signature(secret: str, at: int | str, raw: bytes) -> str:
    """The signature over the moment (seconds since 1970) and the bytes."""
    return hmac.new(secret.encode(), f"{at}.".encode() + raw, hashlib.sha256).hexdigest()


def item(number: int, kind: str = "comment", *, at: datetime | None = None, **more: str) -> dict[str, Any]:
    """Something that somebody did, in the guild's words."""
    base = {"kind": kind, "remote_id": str(number), "author_id": "p1", "author_handle": "noor"}
    texts = {"author_name": "Noor", "text": "Still there?", "language": "en", "on_remote_id": "post-1"}
    return {**base, **texts, "at": to_micros(at or now()), **more}


#: What an upgrade may teach us to understand.
WORDS: dict[str, str] = {}


def _received(data: Mapping[str, Any]) -> Received:
    kind = ReceivedKind(WORDS.get(data["kind"], data["kind"]))
    return Received(**{**data, "kind": kind, "at": from_micros(data["at"])})
