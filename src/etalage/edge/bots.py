"""Who is not a customer: previews, crawlers, tools and browsers that fetch ahead. Marked, never turned away."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

Reason = Literal["", "head", "prefetch", "embedded", "preview", "crawler", "tool", "monitor", "unnamed"]

# Fragments of the programs' own names, in lower case. People's in-app browsers carry other names of the same
# houses (FBAN, FBAV, Instagram, "Twitter for", LinkedInApp, [Pinterest/iOS]) and must not be met by any of
# these.
_PREVIEWS = (
    b"facebookexternalhit", b"facebookcatalog", b"facebot", b"meta-externalfetcher", b"twitterbot",
    b"whatsapp/", b"slackbot", b"slack-imgproxy", b"telegrambot", b"mastodon/", b"cardyb", b"discordbot",
    b"linkedinbot", b"skypeuripreview", b"microsoftpreview", b"snap url preview", b"pinterestbot",
    b"pinterest/0.", b"redditbot", b"vkshare", b"line-poker", b"kakaotalk-scrap", b"iframely", b"embedly",
    b"opengraph", b"google-pagerenderer", b"googleimageproxy", b"yahoomailproxy", b"bitlybot", b"pleroma",
    b"akkoma", b"misskey", b"lemmy/", b"pixelfed", b"friendica", b"gotosocial", b"peertube/", b"rogerbot",
    b"flipboardproxy", b"linkpreview", b"link preview", b"link-preview", b"urlpreview",
)  # fmt: skip
_CRAWLERS = (
    b"googlebot", b"googleother", b"google-inspectiontool", b"adsbot-google", b"mediapartners-google",
    b"apis-google", b"storebot-google", b"feedfetcher-google", b"bingbot", b"bingpreview", b"adidxbot",
    b"applebot", b"duckduckbot", b"yandex.com/bots", b"yandexbot", b"baiduspider", b"petalbot", b"seznambot",
    b"qwantify", b"ahrefsbot", b"semrushbot", b"mj12bot", b"dotbot", b"bytespider", b"ccbot", b"gptbot",
    b"chatgpt-user", b"oai-searchbot", b"claudebot", b"claude-web", b"anthropic-ai", b"perplexitybot",
    b"amazonbot", b"meta-externalagent", b"ia_archiver", b"archive.org_bot", b"dataforseo", b"barkrowler",
    b"coccocbot", b"serpstat", b"screaming frog", b"crawler", b"spider", b"bot/", b"bot;", b"bot)",
    b"+http://", b"+https://",
)  # fmt: skip
_TOOLS = (
    b"curl/", b"wget/", b"python-", b"python/", b"aiohttp", b"httpx", b"go-http-client", b"okhttp", b"java/",
    b"apache-httpclient", b"axios/", b"node-fetch", b"undici", b"libwww-perl", b"lwp::", b"guzzlehttp",
    b"http.rb/", b"postmanruntime", b"insomnia/", b"headlesschrome", b"phantomjs", b"puppeteer",
    b"playwright", b"selenium", b"scrapy", b"colly", b"wkhtmlto", b"cfnetwork/", b"dart/", b"powershell",
)  # fmt: skip
_MONITORS = (
    b"lighthouse", b"pagespeed", b"gtmetrix", b"pingdom", b"uptimerobot", b"statuscake", b"site24x7",
    b"datadog", b"newrelicpinger", b"better uptime", b"uptime-kuma", b"barracuda", b"proofpoint", b"mimecast",
    b"safebrowsing", b"existence discovery", b"virustotal", b"nessus", b"censys", b"zgrab", b"masscan",
    b"nmap", b"expanse",
)  # fmt: skip
_FAMILIES: tuple[tuple[Reason, tuple[bytes, ...]], ...] = (
    ("preview", _PREVIEWS), ("crawler", _CRAWLERS), ("monitor", _MONITORS), ("tool", _TOOLS),
)  # fmt: skip
_FETCH_AHEAD = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")


@lru_cache(maxsize=4096)
def why_agent_is_no_person(agent: bytes) -> Reason:
    """The family of program that a User-Agent names, empty for people's browsers. Judged once per text."""
    name = agent.lower().replace(b"cubot", b"")  # a maker of phones, not a bot
    if not name.strip():
        return "unnamed"
    for reason, fragments in _FAMILIES:
        if any(fragment in name for fragment in fragments):
            return reason
    # Every browser that people use, on any phone, begins like this (Opera Mini: the second).
    return "" if name.startswith((b"mozilla/", b"opera/")) else "tool"


def why_no_person(method: str, headers: Mapping[bytes, bytes]) -> Reason:
    """Why this request is not a customer's click, empty when it is one. Header names are in lower case."""
    if method == "HEAD":
        return "head"
    for name in _FETCH_AHEAD:
        value = headers.get(name)
        if value is not None and value.lower().startswith((b"prefetch", b"prerender", b"preview")):
            return "prefetch"
    if headers.get(b"sec-fetch-mode", b"navigate") != b"navigate":
        return "embedded"  # an address used as a picture, a frame's script or a fetch: nobody tapped on it
    return why_agent_is_no_person(headers.get(b"user-agent", b"")[:512])
