"""Behind an encrypted public address: cookies that no other site and no plain line ever sees. With a real server."""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from etalage.cli.ports import free_port
from tests.cli.conftest import SECONDS, Shop, link_in
from tests.cli.test_serve import first_line, status_of, stopped

HOST = "lune.example.com"
PUBLIC = f"https://{HOST}"


class Browser:
    """Speaks to the server as the proxy in front of it does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.cookies: dict[str, str] = {}
        self.set: dict[str, str] = {}

    def ask(self, method: str, path: str, **form: str) -> tuple[int, dict[str, str], str]:
        """Send one request; cookies are kept."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=SECONDS)
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.9",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Origin": PUBLIC,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel.value:  # not the line that takes a cookie away
                    self.set[name] = line
        connection.close()
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, text


def test_cookies_are_for_this_host_and_encrypted_lines_only(shop: Shop) -> None:
    link = link_in(shop.init("--address", PUBLIC).stdout)
    assert link.startswith(PUBLIC)
    port = free_port()
    process = shop.start("serve", "web", "--port", str(port))
    first_line(process)
    assert status_of(f"http://127.0.0.1:{port}/account/login/", process) == 200

    browser = Browser(port)
    status, headers, page = browser.ask("GET", urlsplit(link).path)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert status == 200 and token
    assert int(headers["strict-transport-security"].removeprefix("max-age=")) >= 31536000
    status, headers, _page = browser.ask("POST", urlsplit(link).path, csrfmiddlewaretoken=token[1])
    assert (status, headers["location"]) == (302, "/")
    assert browser.ask("GET", "/")[0] == 200

    assert {"__Host-etalage", "__Host-csrf"} <= set(browser.set)
    for name, line in browser.set.items():
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "path=/"} <= attributes and not any("domain" in a for a in attributes), name
        assert "samesite=lax" in attributes or "samesite=strict" in attributes, name
    assert "httponly" in browser.set["__Host-etalage"].lower()

    stranger = Browser(port)
    stranger.cookies = {"etalage": browser.cookies["__Host-etalage"]}  # set from a neighbouring host
    assert stranger.ask("GET", "/")[0] == 302
    assert stopped(process) == 0
