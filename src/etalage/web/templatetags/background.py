"""Template filters of the page of background work."""

from __future__ import annotations

from django import template

from etalage.web.jobs_page import reasons, words

register = template.Library()
register.filter("work", words.work)
register.filter("area", words.area)
register.filter("every", words.every)
register.filter("reason", reasons.reason_of)
