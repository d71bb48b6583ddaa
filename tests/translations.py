"""Keeps the texts of the interface complete in French, Dutch and Arabic.

    python -m tests.translations            says what is missing or wrong; the exit status is 1 when something is
    python -m tests.translations update     writes new messages into the .po files (then translate them)
    python -m tests.translations compile    writes the .mo files that the program reads

Messages are found by GNU xgettext (Debian: gettext), on a copy of the package; the rest is Babel's. The .po files carry
no places and no dates, so that a change of a text changes its own lines alone.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "etalage"
LOCALE = PACKAGE / "locale"
SAME = Path(__file__).with_name("translations_same.toml")
PLURALS = {
    "fr": (2, "(n > 1)"),
    "nl": (2, "(n != 1)"),
    "ar": (
        6,
        "(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5)",
    ),
}
# Forms that stand for few enough things to be said without the number: "one page" for "%(count)s page".
MAY_LEAVE_THE_NUMBER_OUT = {"fr": {0}, "nl": {0}, "ar": {0, 1, 2}}
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%[a-z%]|\{(\w*)\}")
TAG = re.compile(r"</?[a-z][a-z0-9]*")
LETTERS = re.compile(r"[^\W\d_]{2,}")
Key: TypeAlias = tuple[str | None, str]


def main(words: list[str]) -> int:
    """Run one command; returns the exit status."""
    command = words[0] if words else "check"
    if command == "update":
        update()
    elif command == "compile":
        compile_all()
    elif command == "check":
        return report(troubles())
    else:
        sys.stderr.write("Choose one of: check, update, compile\n")
        return 2
    return 0


def report(found: list[str]) -> int:
    """Print what was found, at most 60 lines of it."""
    for line in found[:60]:
        sys.stdout.write(line + "\n")
    rest = len(found) - 60
    if rest > 0:
        sys.stdout.write(f"… and {rest} more\n")
    sys.stdout.write(
        f"{len(found)} troubles with translations.\n" if found else "All texts are translated.\n"
    )
    return int(bool(found))


def template() -> Catalog:
    """Every message that the code and the templates use now; the working tree is not touched."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.core.management import call_command
    from django.test.utils import override_settings

    django.setup()
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "etalage"
        ignore = shutil.ignore_patterns("locale", "__pycache__", "migrations", "static", "*.svg")
        shutil.copytree(PACKAGE, copy, ignore=ignore)
        (copy / "locale").mkdir()
        os.chdir(copy)
        try:
            with override_settings(LOCALE_PATHS=[str(copy / "locale")]):
                call_command(
                    "makemessages", locale=["fr"], keep_pot=True, verbosity=0, no_wrap=True, no_location=True
                )
        finally:
            os.chdir(before)
        text = (copy / "locale" / "django.pot").read_text("utf-8")
        # xgettext leaves these two words for the translator; Babel wants a number.
        return read_po(
            io.StringIO(text.replace("nplurals=INTEGER; plural=EXPRESSION", "nplurals=2; plural=(n != 1)"))
        )


def catalog(language: str, place: Path | None = None) -> Catalog:
    """The translations of a language as they lie in the tree; an empty catalogue when there are none."""
    path = (place or LOCALE) / language / "LC_MESSAGES" / "django.po"
    if not path.exists():
        return Catalog(locale=language, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(place: Path = LOCALE) -> None:
    """Bring new messages into each .po file, drop those that are no longer used, and leave translations alone."""
    found = template()
    for language in PLURALS:
        path = place / language / "LC_MESSAGES" / "django.po"
        old = catalog(language, place)
        fresh = _merged(found, old, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_po_bytes(fresh, language))
        empty = sum(1 for message in _messages(fresh) if not is_whole(message, language))
        sys.stdout.write(f"{language}: {len(fresh)} messages, {empty} to translate\n")


def compile_all(place: Path = LOCALE) -> None:
    """Write each language's .mo file beside its .po file."""
    for language in PLURALS:
        path = place / language / "LC_MESSAGES" / "django.mo"
        path.write_bytes(_mo_bytes(catalog(language, place), language))


def troubles(place: Path = LOCALE) -> list[str]:
    """Whatever is missing, unfinished or wrong in any language, one line each."""
    used = {_key(message): message for message in _messages(template())}
    return [line for language in PLURALS for line in _troubles(language, used, place)]


def _troubles(language: str, used: dict[Key, Message], place: Path) -> Iterator[str]:
    have = {_key(message): message for message in _messages(catalog(language, place))}
    for key in used.keys() - have.keys():
        yield f"{language}: {key[1]!r} is not in the file: run `python -m tests.translations update`"
    for key in have.keys() - used.keys():
        yield f"{language}: {key[1]!r} is used nowhere: run `python -m tests.translations update`"
    same = _allowed_same(language)
    for message in have.values():
        for trouble in _wrong(message, language, same):
            yield f"{language}: {_key(message)[1]!r}: {trouble}"
    yield from _plural_header(language, place)
    yield from _compiled(language, place)


def _wrong(message: Message, language: str, same: set[str]) -> Iterator[str]:
    source, forms = _source_forms(message), _forms(message)
    if message.fuzzy:
        yield "is marked fuzzy"
    if not is_whole(message, language):
        yield f"is not translated ({sum(bool(form) for form in forms)} of {_expected(message, language)} forms)"
        return
    for number, form in enumerate(forms):
        # The last English form holds every placeholder, the number too.
        wanted, got = _placeholders(source[-1]), _placeholders(form)
        may_be_short = isinstance(message.id, tuple) and number in MAY_LEAVE_THE_NUMBER_OUT[language]
        if got != wanted and not (may_be_short and got <= wanted and len(wanted - got) == 1):
            yield f"placeholders {sorted(got.elements())} instead of {sorted(wanted.elements())} in {form!r}"
        if Counter(TAG.findall(form)) != Counter(TAG.findall(source[-1])):
            yield f"the mark-up differs in {form!r}"
        if _edges(form) != _edges(source[-1]):
            yield f"white space at the beginning or end differs in {form!r}"
    if forms[0] == source[0] and source[0] not in same and LETTERS.search(PLACEHOLDER.sub("", source[0])):
        yield "is the English text (if that is right, add it to tests/translations_same.toml)"


def _plural_header(language: str, place: Path) -> Iterator[str]:
    path = place / language / "LC_MESSAGES" / "django.po"
    number, rule = PLURALS[language]
    if not path.exists() or f"nplurals={number}; plural={rule};" not in path.read_text("utf-8"):
        yield f"{language}: the header must say nplurals={number}; plural={rule};"


def _compiled(language: str, place: Path) -> Iterator[str]:
    path = place / language / "LC_MESSAGES" / "django.mo"
    if not path.exists():
        yield f"{language}: django.mo is missing: run `python -m tests.translations compile`"
        return
    with path.open("rb") as file:
        compiled = _texts(read_mo(file))
    fresh = _texts(read_mo(io.BytesIO(_mo_bytes(catalog(language, place), language))))
    if compiled != fresh:
        yield f"{language}: django.mo is older than django.po: run `python -m tests.translations compile`"


def _merged(found: Catalog, old: Catalog, language: str) -> Catalog:
    """The messages of `found` with the translations of `old`."""
    known = {_key(message): message for message in _messages(old)}
    fresh = Catalog(locale=language, fuzzy=False)
    for message in sorted(_messages(found), key=lambda each: (str(_key(each)[1]), _key(each)[0] or "")):
        plural = isinstance(message.id, tuple)
        before = known.get(_key(message))
        kept = before.string if before and isinstance(before.id, tuple) == plural else None
        if plural:
            forms = tuple(kept) if isinstance(kept, (tuple, list)) else ()
            kept = (*forms, *[""] * PLURALS[language][0])[: PLURALS[language][0]]
        flags = message.flags - {"fuzzy"}
        fresh.add(
            message.id,
            kept or "",
            context=message.context,
            flags=flags,
            auto_comments=[line for line in message.auto_comments if line.startswith("Translators")],
            user_comments=before.user_comments if before else (),
        )
    return fresh


def _po_bytes(texts: Catalog, language: str) -> bytes:
    """The file's text: sorted, one line per message part, no dates and no places."""
    out = io.BytesIO()
    write_po(out, texts, width=0, no_location=True, omit_header=True)
    number, rule = PLURALS[language]
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: nplurals={number}; plural={rule};\\n"\n\n'
    )
    return header.encode() + out.getvalue().rstrip() + b"\n"


def _mo_bytes(texts: Catalog, language: str) -> bytes:
    whole = Catalog(locale=language, fuzzy=False)
    whole.mime_headers = [
        ("Language", language),
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Plural-Forms", "nplurals={}; plural={};".format(*PLURALS[language])),
    ]
    for message in _messages(texts):
        if is_whole(message, language):
            whole.add(message.id, message.string, context=message.context)
    out = io.BytesIO()
    write_mo(out, whole)
    return out.getvalue()


def _messages(texts: Catalog) -> Iterator[Message]:
    return (message for message in texts if message.id)


def _texts(texts: Catalog) -> dict[Key, tuple[str, ...]]:
    return {_key(message): _forms(message) for message in _messages(texts)}


def _key(message: Message) -> Key:
    source = message.id
    return message.context, source if isinstance(source, str) else str(source[0])


def _source_forms(message: Message) -> tuple[str, ...]:
    return _as_tuple(message.id)


def _forms(message: Message) -> tuple[str, ...]:
    return _as_tuple(message.string or "")


def _as_tuple(texts: str | Iterable[str]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def _expected(message: Message, language: str) -> int:
    return PLURALS[language][0] if isinstance(message.id, tuple) else 1


def is_whole(message: Message, language: str) -> bool:
    """True when every form of the message is translated."""
    forms = _forms(message)
    return len(forms) == _expected(message, language) and all(forms)


def _placeholders(text: str) -> Counter[str]:
    return Counter(found.group(0) for found in PLACEHOLDER.finditer(text) if found.group(0) != "%%")


def _edges(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _allowed_same(language: str) -> set[str]:
    lists: dict[str, list[str]] = tomllib.loads(SAME.read_text("utf-8"))
    return set(lists["all"]) | set(lists.get(language, []))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
