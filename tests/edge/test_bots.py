"""Who counts as a customer."""

from __future__ import annotations

import pytest

from etalage.edge.bots import why_agent_is_no_person, why_no_person

_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_ANDROID = (
    "Mozilla/5.0 (Linux; Android 15; SM-S928B Build/AP3A; wv) AppleWebKit/537.36"
    " Version/4.0 Chrome/138.0 Mobile Safari/537.36"
)
_DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36"

PEOPLE = [
    _IPHONE + " Version/18.5 Mobile/15E148 Safari/604.1",
    _IPHONE + " Mobile/15E148 [FBAN/FBIOS;FBAV/520.0.0.38;FBBV/1;FBDV/iPhone16,2;FBMD/iPhone;FBLC/fr_BE]",
    _ANDROID + " [FB_IAB/FB4A;FBAV/520.0.0.38.104;]",
    _ANDROID + " Instagram 390.0.0.43.81 Android (35/15; 480dpi; samsung; fr_BE)",
    _IPHONE + " Mobile/15E148 Instagram 390.0.0 (iPhone16,2; iOS 18_5; nl_BE)",
    _IPHONE + " Mobile/15E148 Twitter for iPhone/11.5",
    _IPHONE + " Mobile/15E148 [Pinterest/iOS]",
    _ANDROID + " [Pinterest/Android]",
    _IPHONE + " Mobile/15E148 [LinkedInApp]/9.31",
    _IPHONE + " Mobile/15E148 Snapchat/13.40 (like Safari/8620, panda)",
    _ANDROID + " trill_400603 BytedanceWebview/d8a21c6",
    _ANDROID + " Line/15.9.0/IAB",
    _IPHONE + " GSA/380.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 11; CUBOT) AppleWebKit/537.36 Chrome/120.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Opera/9.80 (Android; Opera Mini/36.2/191.249; U; ar) Presto/2.12.423 Version/12.16",
    _DESK,
    _DESK + " Edg/138.0",
]
PREVIEWS = [
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "Facebot", "facebookcatalog/1.0",
    "Twitterbot/1.0", "WhatsApp/2.23.20.0 A", "WhatsApp/2.2587.9 W",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)", "Mastodon/4.4.1 (http.rb/5.3.1; +https://social.example/)",
    "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1; +mailto:support@bsky.app)",
    "LinkedInBot/1.0 (compatible; Mozilla/5.0)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "Pinterest/0.2 (+https://www.pinterest.com/bot.html)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "redditbot/1.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 Safari/601.2.4"
    " facebookexternalhit/1.1 Facebot Twitterbot/1.0",
]  # fmt: skip
CRAWLERS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "Googlebot-Image/1.0",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "AdsBot-Google (+http://www.google.com/adsbot.html)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "Mozilla/5.0 (Macintosh) Applebot/0.1",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl)", "Baiduspider+(+http://www.baidu.com/search/spider.htm)",
    "Mozilla/5.0 (compatible; UnheardOfBot/0.1)",
]  # fmt: skip
TOOLS = [
    "curl/8.5.0", "Wget/1.21", "python-httpx/0.28.1", "python-requests/2.32", "Go-http-client/2.0", "okhttp/4.12",
    _DESK.replace("Chrome/138.0", "HeadlessChrome/138.0"), "Java/17.0.1", "PostmanRuntime/7.40", "anything else",
]  # fmt: skip


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_and_their_in_app_browsers_count(agent: str) -> None:
    assert why_agent_is_no_person(agent.encode()) == ""


@pytest.mark.parametrize(
    ("agent", "reason"),
    [
        *((agent, "preview") for agent in PREVIEWS),
        *((agent, "crawler") for agent in CRAWLERS),
        *((agent, "tool") for agent in TOOLS),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/138.0 Chrome-Lighthouse", "monitor"),
        ("", "unnamed"),
        ("  ", "unnamed"),
    ],
)
def test_programs_are_marked_with_their_family(agent: str, reason: str) -> None:
    assert why_agent_is_no_person(agent.encode()) == reason


@pytest.mark.parametrize(
    ("method", "headers", "reason"),
    [
        ("HEAD", {}, "head"),
        ("GET", {b"purpose": b"prefetch"}, "prefetch"),
        ("GET", {b"sec-purpose": b"prefetch;prerender"}, "prefetch"),
        ("GET", {b"x-purpose": b"preview"}, "prefetch"),
        ("GET", {b"x-moz": b"Prefetch"}, "prefetch"),
        ("GET", {b"sec-fetch-mode": b"no-cors"}, "embedded"),
        ("GET", {b"sec-fetch-mode": b"navigate"}, ""),
        ("GET", {}, ""),
    ],
)
def test_what_a_browser_fetches_ahead_is_no_tap(
    method: str, headers: dict[bytes, bytes], reason: str
) -> None:
    assert why_no_person(method, {b"user-agent": PEOPLE[0].encode(), **headers}) == reason
