"""How an account is connected: its owner says yes at the instance (OAuth 2.0), or a token is pasted."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from etalage.kit.clock import now
from etalage.kit.http_network import AnswerLost, NotSent
from etalage.networks.base import (
    Abilities,
    Account,
    Authorization,
    ChannelRefused,
    Client,
    Connected,
    CouldNotRead,
    Entry,
    NotAccepted,
    Reason,
    Tokens,
)
from etalage.networks.mastodon.answers import could_not_read, error_of
from etalage.networks.mastodon.instance import Typed, abilities_from, host_of, read_address
from etalage.networks.mastodon.wire import READ_SECONDS, WRITE_SECONDS, Wire
from etalage.networks.wire import LONGEST_ID, id_of, not_sent, object_of, whole

APP_NAME = "Etalage"
#: Just what is needed: read the own posts and what comes in, post, upload.
SCOPES = ("read:accounts", "read:statuses", "read:notifications", "write:statuses", "write:media")
LONGEST_LIFE = 1 << 33  # seconds of a token's life that are believed; beyond it no end is known
NODEINFO = "http://nodeinfo.diaspora.software/ns/schema/"
_PASSING = frozenset({Reason.UNREACHABLE, Reason.RATE_LIMITED, Reason.PLATFORM_DOWN})

Refused = ChannelRefused | NotAccepted


class Authorizing:
    """Connector and Authorizer: verified accounts out of addresses, tokens and authorizations."""

    def __init__(self, *, read_seconds: float = READ_SECONDS, write_seconds: float = WRITE_SECONDS) -> None:
        """The longest waits for an answer: to requests that change nothing, and to those that do."""
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds

    def wire(self, origin: str, token: str = "") -> Wire:
        """The way to an instance."""
        return Wire(origin, token, read_seconds=self._read_seconds, write_seconds=self._write_seconds)

    @property
    def entry(self) -> Entry:
        """The instance's address; then its owner says yes there, or gives a token made there."""
        return Entry(asks_address=True, proof="token", by_authorization=True)

    def connect(self, address: str, handle: str, token: str) -> Connected | Refused:
        """Verify a token; `handle`, or a name within `address`, must be the account that it opens."""
        typed = _typed(address)
        if not isinstance(typed, Typed):
            return typed
        lacking = self._lacking(self.wire(typed.origin, token.strip()))
        if lacking:
            return ChannelRefused(Reason.PERMISSION_MISSING, lacking)
        name = handle.strip().lstrip("@").partition("@")[0].lower() or typed.username
        return self._connected(Typed(typed.origin, name), token.strip())

    def begin(
        self, address: str, redirect_uri: str, *, handle: str = "", client: Client | None = None
    ) -> Authorization | Refused:
        """Register this installation at the instance, and say where its owner is asked."""
        typed = _typed(address)
        if not isinstance(typed, Typed):
            return typed
        wire = self.wire(typed.origin)
        has_pkce = self._has_pkce(wire)
        if not isinstance(has_pkce, bool):
            return has_pkce
        form = {"client_name": APP_NAME, "redirect_uris": redirect_uri, "scopes": " ".join(SCOPES)}
        made = _posted(wire, "/api/v1/apps", form, "client_id", "client_secret")
        if not isinstance(made, dict):
            return made
        state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        asked = {
            "response_type": "code",
            "client_id": made["client_id"],
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
            "state": state,
        }
        memory = {
            "origin": typed.origin,
            "username": typed.username,
            "client_id": made["client_id"],
            "client_secret": made["client_secret"],
        }
        if has_pkce:
            digest = hashlib.sha256(verifier.encode()).digest()
            asked["code_challenge"] = urlsafe_b64encode(digest).decode().rstrip("=")
            asked["code_challenge_method"] = "S256"
            memory["verifier"] = verifier
        return Authorization(f"{typed.origin}/oauth/authorize?{urlencode(asked)}", state, memory)

    def finish(
        self, memory: Mapping[str, str], redirect_uri: str, answer: Mapping[str, str]
    ) -> Connected | Refused:
        """Exchange the code for a token, and verify the account that it opens."""
        if answer.get("error") or not answer.get("code"):
            return ChannelRefused(Reason.PERMISSION_MISSING, answer.get("error", ""))
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "client_id": memory["client_id"],
            "client_secret": memory["client_secret"],
            "redirect_uri": redirect_uri,
            "scope": " ".join(SCOPES),
        }
        if "verifier" in memory:
            form["code_verifier"] = memory["verifier"]
        made = _posted(self.wire(memory["origin"]), "/oauth/token", form, "access_token")
        if not isinstance(made, dict):
            return made
        ours = {name: memory[name] for name in ("client_id", "client_secret")}
        tokens = replace(_tokens(made), memory=json.dumps(ours))
        lacking = missing_scopes(tokens.scopes) if tokens.scopes else ""
        typed = Typed(memory["origin"], memory.get("username", ""))
        found: Connected | Refused = ChannelRefused(Reason.PERMISSION_MISSING, lacking)
        if not lacking:
            found = self._connected(typed, tokens.access, tokens)
        if not isinstance(found, Connected):
            # What is not kept is given back, as well as can be; a token of Mastodon's has no end of its own.
            self.revoke(Account("mastodon", typed.origin, tokens.access), tokens)
        return found

    def renew(self, account: Account, refresh: str) -> Tokens | CouldNotRead | ChannelRefused:
        """Trade the refresh token in for new tokens (RFC 6749, 6), on servers whose tokens end.

        A pasted one belongs to an application that is not ours, so nothing can be traded in for it.
        """
        if not account.memory:
            return ChannelRefused(Reason.AUTH_DEAD)
        form = {"grant_type": "refresh_token", "refresh_token": refresh, **json.loads(account.memory)}
        made = _posted(self.wire(account.base_url), "/oauth/token", form, "access_token")
        if isinstance(made, NotAccepted):
            return CouldNotRead(made.reason, made.retry_after, made.detail)
        return _tokens(made) if isinstance(made, dict) else made

    def revoke(self, account: Account, tokens: Tokens) -> CouldNotRead | ChannelRefused | None:
        """Have the instance forget a token that it gave to this program (RFC 7009).

        One that was pasted belongs to somebody's own application: only they can delete it, at the instance.
        """
        if not tokens.memory:
            return None
        form = {**json.loads(tokens.memory), "token": tokens.access}
        try:
            answer = self.wire(account.base_url).call("POST", "/oauth/revoke", data=form)
        except (NotSent, AnswerLost) as error:
            return could_not_read(error)
        return None if answer.ok else could_not_read(answer)

    def abilities(self, account: Account) -> Abilities | CouldNotRead | ChannelRefused:
        """Ask the instance for its limits and its software, after asking whether it still knows the account."""
        wire = self.wire(account.base_url, account.token)
        known = wire.read("/api/v1/accounts/verify_credentials")
        return self._abilities(wire) if isinstance(known, dict) else known

    # --- Steps --------------------------------------------------------------------------------------------------

    def _connected(self, typed: Typed, token: str, tokens: Tokens | None = None) -> Connected | Refused:
        """The account that a token opens, when it is the one that was meant."""
        wire = self.wire(typed.origin, token)
        try:
            answer = wire.call("GET", "/api/v1/accounts/verify_credentials")
        except (NotSent, AnswerLost) as error:
            return _as_refusal(could_not_read(error))
        data = object_of(answer) or {}
        if answer.status == 422:  # nothing was sent that could be invalid but the token; snac answers so
            return ChannelRefused(Reason.AUTH_DEAD, error_of(answer) or "")
        handle = f"{id_of(data, 'username')}@{host_of(typed.origin)}"
        if not answer.ok or not id_of(data) or not id_of(data, "username") or len(handle) > LONGEST_ID:
            return _as_refusal(could_not_read(answer))
        if typed.username and data["username"].lower() != typed.username:
            return ChannelRefused(Reason.ACCOUNT_OTHER, f"@{data['username']}")
        abilities = self._abilities(wire)
        if not isinstance(abilities, Abilities):
            return _as_refusal(abilities)
        account = Account(
            "mastodon",
            typed.origin,
            token,
            data["id"],
            handle,
            abilities.mechanism,
        )
        name, url = data.get("display_name"), data.get("url")
        return Connected(
            account,
            abilities,
            name if isinstance(name, str) and name else data["username"],
            tokens,
            url if isinstance(url, str) and url.startswith("https://") else "",
        )

    def _abilities(self, wire: Wire) -> Abilities | CouldNotRead | ChannelRefused:
        data = wire.read("/api/v2/instance")
        if isinstance(data, CouldNotRead) and data.reason not in _PASSING:
            data = wire.read("/api/v1/instance")  # older servers, and servers that are like Mastodon
        software = self._software(wire)
        if not isinstance(data, dict):
            return data
        return abilities_from(data, software) if isinstance(software, str) else software

    def _software(self, wire: Wire) -> str | CouldNotRead:
        """The server's name for its software in NodeInfo, which it cannot borrow as it does Mastodon's version."""
        found = wire.read("/.well-known/nodeinfo")
        if isinstance(found, dict):
            address = _nodeinfo_address(found, wire.origin)
            found = wire.read(address) if address else {}
        if isinstance(found, dict):
            software = found.get("software")
            return str(software.get("name", "")).lower() if isinstance(software, dict) else ""
        return found if isinstance(found, CouldNotRead) and found.reason in _PASSING else ""

    def _has_pkce(self, wire: Wire) -> bool | Refused:
        """Whether the server says that it takes a code challenge (RFC 8414); older ones do not say anything."""
        try:
            answer = wire.call("GET", "/.well-known/oauth-authorization-server")
        except (NotSent, AnswerLost) as error:
            return _as_refusal(could_not_read(error))
        methods = (object_of(answer) or {}).get("code_challenge_methods_supported")
        return answer.ok and isinstance(methods, list) and "S256" in methods

    def _lacking(self, wire: Wire) -> str:
        """Scopes that a pasted token lacks, as far as the server tells; else publishing shows it."""
        data = wire.read("/api/v1/apps/verify_credentials")
        granted = data.get("scopes") if isinstance(data, dict) else None
        return missing_scopes(tuple(map(str, granted))) if isinstance(granted, list) and granted else ""


def _nodeinfo_address(index: dict[str, Any], origin: str) -> str:
    """Where the index says that the facts are, on the same origin; empty when nowhere."""
    links = index.get("links")
    for link in links if isinstance(links, list) else ():
        facts = link if isinstance(link, dict) else {}
        address = str(facts.get("href", ""))
        if str(facts.get("rel", "")).startswith(NODEINFO) and address.startswith(f"{origin}/"):
            return address
    return ""


def missing_scopes(granted: tuple[str, ...]) -> str:
    """The scopes that we need and were not given; "write" holds every "write:…"."""
    return " ".join(
        scope for scope in SCOPES if scope not in granted and scope.partition(":")[0] not in granted
    )


def _typed(address: str) -> Typed | NotAccepted:
    try:
        return read_address(address)
    except ValueError:
        return NotAccepted(Reason.MISCONFIGURED, detail="bad_address")


def _posted(wire: Wire, path: str, form: dict[str, str], *names: str) -> dict[str, Any] | Refused:
    """What a form got back, with these texts in it. Nothing that anybody sees comes of sending it twice."""
    try:
        answer = wire.call("POST", path, data=form)
    except NotSent as error:
        return not_sent(error)
    except AnswerLost as error:
        return NotAccepted(Reason.UNREACHABLE, detail=error.reason)
    data = object_of(answer)
    if answer.ok and data and all(isinstance(data.get(name), str) and data[name] for name in names):
        return data
    if (
        answer.status in (400, 401) and error_of(answer) is not None
    ):  # RFC 6749, 5.2: the code or the client is dead
        return ChannelRefused(Reason.AUTH_DEAD, error_of(answer) or "")
    return _as_refusal(could_not_read(answer))


def _as_refusal(found: CouldNotRead | ChannelRefused) -> Refused:
    if isinstance(found, ChannelRefused):
        return found
    # At the address of an instance, "there is no such thing here" means that it is none.
    reason = Reason.MISCONFIGURED if found.reason is Reason.GONE else found.reason
    return NotAccepted(reason, found.retry_after, found.detail)


def _tokens(made: dict[str, Any]) -> Tokens:
    refresh, scope = made.get("refresh_token"), made.get("scope")
    seconds = whole(made.get("expires_in")) or 0
    return Tokens(
        made["access_token"],
        refresh if isinstance(refresh, str) else "",
        now() + timedelta(seconds=seconds) if 0 < seconds < LONGEST_LIFE else None,
        tuple(scope.split()) if isinstance(scope, str) else (),
    )
