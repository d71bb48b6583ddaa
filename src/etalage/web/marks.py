"""Small signs: letter marks of networks, initials of people, tones of states."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

# Letters, not logos: the networks' own signs are trademarks.
_LETTERS = {
    "facebook": "f",
    "instagram": "i",
    "x": "X",
    "pinterest": "p",
    "mastodon": "m",
    "bluesky": "b",
    "wordpress": "w",
    "rss": "r",
    "practice": "P",
}

_TONES = {
    "good": "good published approved active connected paid handed_over handed completed complete done success "
    "succeeded delivered adopted open live ok redeemed in_stock",
    "warn": "warn warning unknown reconciling paused needs_person expiring part_handed partly_handed partial late "
    "low_stock attention",
    "bad": "bad error danger rejected failed refused dead revoked oversold alarm",
    "info": "info scheduled claimed prepared sending pending waiting running reserved held queued active_reservation",
}
_BY_STATE = {state: name for name, states in _TONES.items() for state in states.split()}

TONE_ICONS = {
    "good": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "info": "info",
    "plain": "info",
}


def tone(state: str) -> str:
    """The tone of a state's name or of a message level; `plain` for those that call for nothing."""
    return _BY_STATE.get(state.lower().replace("-", "_"), "plain")


def network(name: str, label: str = "") -> SafeString:
    """A letter mark; `label` is read aloud when no name of the network stands beside it."""
    letter = _LETTERS.get(name, name[:1] or "?")
    if label:
        return format_html('<span class="mark {}" role="img" aria-label="{}">{}</span>', name, label, letter)
    return format_html('<span class="mark {}" aria-hidden="true">{}</span>', name, letter)


def initials(name: str) -> str:
    """One or two letters for a name in any script; handles lose their @."""
    words = [word for word in name.replace("@", " ").replace(".", " ").replace("_", " ").split() if word]
    if not words:
        return "?"
    # Arabic letters join: two of them side by side would read as a word.
    if not words[0][0].isascii() and words[0][0].upper() == words[0][0].lower():
        return words[0][0]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
