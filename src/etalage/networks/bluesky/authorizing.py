"""How an account is connected: its owner says yes at its own server (OAuth), or gives an app password."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlencode, urlsplit

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
    Reason,
    Rejected,
    Tokens,
    Unknown,
)
from etalage.networks.bluesky import dpop, identity, oauth, scopes
from etalage.networks.bluesky.identity import LONGEST_NAME
from etalage.networks.bluesky.oauth import Session
from etalage.networks.bluesky.records import ABILITIES, SITE
from etalage.networks.bluesky.wire import (
    READ_SECONDS,
    WRITE_SECONDS,
    Wire,
    claims,
    ends_at,
    origin_of,
    own_server,
)
from etalage.networks.wire import Failure, whole

SERVICE = "https://bsky.social"
PROFILE = "app.bsky.actor.profile"
WHOLE_ACCOUNT = "com.atproto.access"  # the scope of a session that was opened with the account's own password

Refused = ChannelRefused | NotAccepted


class Authorizing:
    """Connector, authorizer and renewer: verified accounts out of app passwords and of their owners' yes."""

    def __init__(self, *, read_seconds: float = READ_SECONDS, write_seconds: float = WRITE_SECONDS) -> None:
        """The longest waits for an answer: to requests that change nothing, and to those that do."""
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds

    @property
    def entry(self) -> Entry:
        """A handle; then its owner says yes there, or gives an app password. The usual server stands there already."""
        return Entry(
            asks_address=True,
            address=SERVICE,
            asks_handle=True,
            proof="app_password",
            by_authorization=True,
        )

    # --- With an app password -----------------------------------------------------------------------------------

    def connect(self, address: str, handle: str, token: str) -> Connected | Refused:
        """Open one session with the app password, which is then forgotten, at the account's own server."""
        origin, name = origin_of(address or SERVICE), _typed(handle).lstrip("@")
        who = identity.find(name, origin, self._read_seconds)
        if isinstance(who, identity.Identity):
            origin = who.server  # no other is shown the secret
        elif who.reason is not Reason.ACCOUNT_UNKNOWN:
            return who  # else it is an e-mail address, or a name that its server alone knows
        body = {"identifier": name, "password": _typed(token)}
        session = self._session(self._wire(origin), "com.atproto.server.createSession", body)
        if not isinstance(session, dict):
            return session
        found = _not_wanted(session) or self._connected(
            own_server(session, origin), _tokens(session), session["did"], session["handle"]
        )
        if not isinstance(found, Connected):
            self._wire(origin, session["refreshJwt"]).write("com.atproto.server.deleteSession")
        return found

    def _session(self, wire: Wire, name: str, body: Mapping[str, str] | None) -> dict[str, Any] | Refused:
        """A session. What is unclear may be asked again: nothing visible was done."""
        made = wire.write(name, body)
        if isinstance(made, Rejected | Unknown):
            reason = Reason.UNREACHABLE if made.reason is Reason.AMBIGUOUS else made.reason
            return NotAccepted(reason, detail=made.detail)
        if not isinstance(made, dict):
            return made
        is_whole = all(isinstance(made.get(key), str) and made[key] for key in ("accessJwt", "refreshJwt"))
        names = [made.get(key) for key in ("did", "handle")]
        if not is_whole or not all(isinstance(name, str) and 0 < len(name) <= LONGEST_NAME for name in names):
            return NotAccepted(Reason.NONSENSE_ANSWER, detail="session")
        return made

    # --- By its owner's yes -------------------------------------------------------------------------------------

    def can_ask(self, public_address: str) -> bool:
        """Whether the account's server could read our page; or whether we and the person share a machine."""
        parts = urlsplit(public_address)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return host in ("localhost", "127.0.0.1", "::1")
        try:
            ip_address(host)
        except ValueError:
            return parts.scheme == "https" and "." in host
        return False

    def new_client_key(self) -> str:
        """A fresh private key for this installation."""
        return dpop.new_key()

    def client_page(self, client: Client, redirect_uri: str) -> dict[str, Any]:
        """What the account's server is told about this installation."""
        return oauth.client_page(client, redirect_uri)

    def page_in(self, memory: str) -> str:
        """The name of the program that the session was opened for, where that is a page."""
        session = Session.read(memory)
        return session.client_id if session and session.client_key else ""

    def begin(
        self, address: str, redirect_uri: str, *, handle: str = "", client: Client | None = None
    ) -> Authorization | Refused:
        """Find who is meant and who speaks for them, and have the question taken down there."""
        redirect_uri = oauth.back_here(redirect_uri)
        if not self.can_ask(redirect_uri):
            return NotAccepted(Reason.MISCONFIGURED, detail="public address")
        who = identity.find(_typed(handle), origin_of(address or SERVICE), self._read_seconds)
        if not isinstance(who, identity.Identity):
            return who
        server = oauth.server_of(who, self._read_seconds)
        if not isinstance(server, oauth.Server):
            return server
        client = client if redirect_uri.startswith("https://") else None
        client_id, client_key = oauth.client_id_of(client, redirect_uri), client.key if client else ""
        session = Session(
            dpop.new_key(), client_id, client_key, server.issuer, server.token_at, server.revoked_at
        )
        state = secrets.token_urlsafe(32)
        pushed = oauth.push(server, session, redirect_uri, state, who.handle)
        if not isinstance(pushed, oauth.Pushed):
            return pushed
        asked = urlencode({"client_id": client_id, "request_uri": pushed.request_uri})
        memory = {
            "did": who.did,
            "handle": who.handle,
            "server": who.server,
            "redirect_uri": redirect_uri,
            "verifier": pushed.verifier,
            "session": session.text(),
        }
        return Authorization(f"{server.asks_at}?{asked}", state, memory)

    def finish(
        self, memory: Mapping[str, str], redirect_uri: str, answer: Mapping[str, str]
    ) -> Connected | Refused:
        """Exchange the code, and verify that the account which said yes is the one that was named."""
        session = Session.read(memory["session"])
        if session is None or answer.get("iss") != session.issuer:  # another server's answer (RFC 9207)
            return NotAccepted(Reason.MISCONFIGURED, detail="iss")
        if answer.get("error") or not answer.get("code"):
            return ChannelRefused(Reason.PERMISSION_MISSING)
        form = {
            "grant_type": "authorization_code",
            "code": answer["code"],
            "code_verifier": memory["verifier"],
            "redirect_uri": memory["redirect_uri"],
        }
        made = oauth.posted(session, session.token_at, form)
        if not isinstance(made, dict):
            return made
        tokens = oauth.tokens_of(session, made, memory["did"])
        if isinstance(tokens, Tokens) and (lacking := scopes.missing(" ".join(tokens.scopes))):
            tokens = ChannelRefused(Reason.PERMISSION_MISSING, lacking)
        if not isinstance(tokens, Tokens):
            # What is not kept is given back, as well as can be; it ends by itself too.
            oauth.revoke(session, str(made.get("refresh_token") or made.get("access_token") or ""))
            return tokens
        found = self._connected(memory["server"], tokens, memory["did"], memory["handle"])
        if not isinstance(found, Connected):
            oauth.revoke(session, tokens.refresh or tokens.access)
        return found

    # --- Both ---------------------------------------------------------------------------------------------------

    def renew(self, account: Account, refresh: str) -> Tokens | CouldNotRead | ChannelRefused:
        """Trade the refresh token in for new ones.

        That of an app password still gives the same new ones for two hours; that of an owner's yes serves once.
        """
        if session := Session.read(account.memory):
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
            made = oauth.posted(session, session.token_at, form)
            found = oauth.tokens_of(session, made, account.remote_id) if isinstance(made, dict) else made
        else:
            wire = self._wire(account.base_url, refresh)
            opened = self._session(wire, "com.atproto.server.refreshSession", None)
            found = _tokens(opened) if isinstance(opened, dict) else opened
        if isinstance(found, NotAccepted):
            return CouldNotRead(found.reason, found.retry_after, found.detail)
        if isinstance(found, ChannelRefused) and found.reason is Reason.ACCOUNT_OTHER:
            return ChannelRefused(Reason.AUTH_DEAD, "sub")
        return found

    def revoke(self, account: Account, tokens: Tokens) -> CouldNotRead | ChannelRefused | None:
        """Have the account's server forget the session: all its tokens with it."""
        made: dict[str, Any] | Failure | None
        if session := Session.read(tokens.memory):
            made = oauth.revoke(session, tokens.refresh or tokens.access)
        else:
            made = self._wire(account.base_url, tokens.refresh).write("com.atproto.server.deleteSession")
        if made is None or isinstance(made, dict):
            return None
        is_dead = isinstance(made, ChannelRefused) and made.reason is Reason.AUTH_DEAD
        return None if is_dead else _as_unread(made)

    def abilities(self, account: Account) -> Abilities | CouldNotRead | ChannelRefused:
        """Ask whether the account is in order, and how large a picture its server takes."""
        session = self._of(account).read("com.atproto.server.getSession")
        if not isinstance(session, dict):
            return session
        if session.get("active") is False:
            return ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, str(session.get("status", "")))
        server = self._wire(account.base_url).read("com.atproto.server.describeServer")
        if not isinstance(server, dict):
            return server
        limit = whole(server.get("blobUploadLimit")) or ABILITIES.picture_max_bytes
        return replace(ABILITIES, picture_max_bytes=min(limit, ABILITIES.picture_max_bytes))

    def _connected(self, server: str, tokens: Tokens, did: str, handle: str) -> Connected | Refused:
        """The account that these tokens open, when it is in good order."""
        account = Account("bluesky", server, tokens.access, did, handle, Mechanism.CLIENT_KEY, tokens.memory)
        abilities = self.abilities(account)
        if isinstance(abilities, CouldNotRead):
            return NotAccepted(abilities.reason, abilities.retry_after, abilities.detail)
        if isinstance(abilities, ChannelRefused):
            return abilities
        return Connected(account, abilities, self._name(account) or handle, tokens, f"{SITE}/profile/{did}")

    def _name(self, account: Account) -> str:
        """The name that the owner gave the account: a public record, which takes no right to read."""
        record = self._wire(account.base_url).read(
            "com.atproto.repo.getRecord", repo=account.remote_id, collection=PROFILE, rkey="self"
        )
        value = record.get("value") if isinstance(record, dict) else None
        name = value.get("displayName") if isinstance(value, dict) else None
        return name if isinstance(name, str) else ""

    def _of(self, account: Account) -> Wire:
        """The way to the account's server, with its token, and with proofs where the token is bound to a key."""
        session = Session.read(account.memory)
        return self._wire(account.base_url, account.token, session.key if session else "")

    def _wire(self, base_url: str, token: str = "", key: str = "") -> Wire:
        return Wire(base_url, token, self._read_seconds, self._write_seconds, key)


def _typed(text: str) -> str:
    """What a person pasted, without the invisible signs that the network's pages put around a handle."""
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf").strip()


def _not_wanted(session: Mapping[str, Any]) -> ChannelRefused | None:
    """Why a new session is not kept: it opens more than a shop's program should hold, or the account rests.

    One that is renewed is kept whatever its account's state: the old tokens are of no use any more.
    """
    if claims(session["accessJwt"]).get("scope") == WHOLE_ACCOUNT:
        return ChannelRefused(Reason.WHOLE_ACCOUNT)
    if session.get("active") is False:
        return ChannelRefused(Reason.NEEDS_HUMAN_AT_NETWORK, str(session.get("status", "")))
    return None


def _tokens(session: Mapping[str, Any]) -> Tokens:
    access = session["accessJwt"]
    return Tokens(
        access, session["refreshJwt"], ends_at(access), tuple(str(claims(access).get("scope", "")).split())
    )


def _as_unread(failed: Failure) -> CouldNotRead | ChannelRefused:
    """What failed, where it may be repeated."""
    if isinstance(failed, ChannelRefused):
        return failed
    return CouldNotRead(failed.reason, getattr(failed, "retry_after", None), failed.detail)
