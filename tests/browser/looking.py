"""Looks at a page as a browser shows it: axe, the console, the security policy, and what does not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text("utf-8")
EVERYTHING: dict[str, Any] = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
}
BUT_CONTRAST = EVERYTHING | {"rules": {"color-contrast": {"enabled": False}}}
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
FINDINGS = """
async options => (await axe.run(document, {...options, resultTypes: ["violations"]})).violations
  .map(rule => `${rule.id}: ${rule.nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(" | ")}`)
"""
TOO_WIDE = """
() => document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll("body *")].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width && (box.right > innerWidth + 1 || box.left < -1);
  }).slice(0, 3).map(each => each.outerHTML.slice(0, 160))
"""
# The browser says so of any answer of 400 and above; `_see` tells those apart that are meant.
SEEN_ALREADY = "Failed to load resource: the server responded with a status of"


class Eye:
    """Watches one page object over many addresses and keeps what it does not like."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.found: list[str] = []
        self._said: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._said.append(str(error)))
        page.on("response", self._see)

    def open(self, address: str) -> None:
        """Go to an address; whatever the browser complains of is a finding."""
        self._said.clear()
        self.page.goto(address, wait_until="load")
        self._keep(address, "browser", self._said)

    def axe(self, address: str, kind: str, options: dict[str, Any] = EVERYTHING) -> None:
        """What axe finds on the page as it is now."""
        if not self.page.evaluate("typeof axe === 'object'"):
            self.page.evaluate(AXE)
        self._keep(address, f"axe {kind}", self.page.evaluate(FINDINGS, options))

    def fits(self, address: str, width: int) -> None:
        """Nothing is wider than a screen of this width."""
        self.page.set_viewport_size({"width": width, "height": 844})
        self._keep(address, f"too wide at {width}", self.page.evaluate(TOO_WIDE))

    def whole_phone(self) -> None:
        """Make the screen as wide as a phone and as long as the page: what sticks to its edge covers nothing."""
        length = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": 390, "height": min(max(length, 844), 9000)})

    def _keep(self, address: str, kind: str, things: list[str]) -> None:
        self.found += [f"{address} [{kind}] {thing}" for thing in things]

    def _hear(self, message: Any) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(SEEN_ALREADY):
            self._said.append(message.text)

    def _see(self, answer: Any) -> None:
        """Whatever a page asks for besides itself must be there; the page itself may be missing, not broken."""
        if answer.status >= 500 or (answer.status >= 400 and answer.request.resource_type != "document"):
            self._said.append(f"{answer.status} {answer.url}")
