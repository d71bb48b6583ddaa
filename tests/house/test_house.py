"""What holds for every file of the house."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template import Context, Template, engines
from django.template.defaulttags import URLNode

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "etalage"
LONGEST = 400


@lru_cache
def tracked() -> list[Path]:
    """The files of the repository; without git, those of its folders."""
    if shutil.which("git") and (ROOT / ".git").exists():
        told = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
        paths = [ROOT / line for line in told.stdout.splitlines()]
    else:
        folders = (ROOT / name for name in ("src", "tests", "benchmarks", "docs"))
        paths = [path for folder in folders for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return [path for path in paths if path.is_file()]


def python_files(*folders: str) -> list[Path]:
    """The Python files of these folders, without migrations."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py"
        and "migrations" not in path.parts
        and path.relative_to(ROOT).parts[0] in (folders or ("src", "tests", "benchmarks"))
    ]


def places(paths: list[Path], pattern: str, allowed: dict[str, str] | None = None) -> list[str]:
    """Where a pattern occurs, but for allowed files."""
    found = []
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        if allowed and any(name.startswith(prefix) for prefix in allowed):
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    return found


def test_no_file_is_longer_than_a_person_reads() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in python_files()
        if (lines := len(path.read_text("utf-8").splitlines())) > LONGEST
    }
    assert not long


def test_the_usual_file_is_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in python_files("src"))
    assert lengths[len(lengths) // 2] <= 100


# A pattern, where it may stand all the same (with the reason), and what to do instead.
FORBIDDEN = [
    (
        r"\bdatetime\.now\(|\butcnow\(|\btimezone\.now\(",
        {"src/etalage/kit/clock.py": "it is the clock"},
        "kit.clock",
    ),
    (r"\bget_model\(|\bpost_save\b|\bpre_save\b|\bpost_delete\b", {}, "events and handlers"),
    (
        r"(?<![\w.])print\(",
        {"src/etalage/cli/": "its words are its output"},
        "logging, or the command line's say()",
    ),
    (r"#\s*(TODO|FIXME|XXX|HACK)\b", {}, "an issue"),
    (r"\bimport (pdb|ipdb)\b|\bbreakpoint\(", {}, "nothing"),
]
PLAIN_PLACES = {
    "src/etalage/networks/practice/server/": "a program of its own, outside of Django: it has no kit and no settings",
}


@pytest.mark.parametrize(("pattern", "allowed", "instead"), FORBIDDEN, ids=[row[2] for row in FORBIDDEN])
def test_forbidden_words_stand_nowhere(pattern: str, allowed: dict[str, str], instead: str) -> None:
    found = places(python_files("src"), pattern, allowed | PLAIN_PLACES)
    assert not found, f"use {instead}: {found}"


SAFE_MARKUP = {
    "src/etalage/web/templatetags/": "draws icons and charts, each value escaped by format_html or escape",
    "src/etalage/web/": "draws the QR code and the sprite from numbers of its own",
    "src/etalage/orders/qr.py": "draws the QR code from numbers of its own",
}


def test_text_is_called_safe_only_where_it_is_drawn() -> None:
    assert not places(python_files("src"), r"\bmark_safe\(|\bSafeString\(", SAFE_MARKUP)


def test_templates_call_no_text_safe() -> None:
    pages = [path for path in tracked() if path.suffix == ".html"]
    allowed = {"src/etalage/web/templates/web/forms/field.html": "help texts are code; Django's hold a list"}
    assert not places(pages, r"\|\s*safe\b|\{%\s*autoescape\s+off", allowed)


def test_no_file_is_called_after_nothing() -> None:
    names = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path in tracked() if path.name in names]


def test_no_place_of_a_single_machine_is_written_down() -> None:
    texts = [
        path
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".html", ".css", ".js", ".po", ""}
    ]
    readable = [path for path in texts if "vendor" not in path.parts and path.name != Path(__file__).name]
    assert not places(
        readable, r"/(work|root|home/\w+)/|/tmp/\w+/", {".ci/": "runs on a machine that it prepares"}
    )


def test_money_is_no_float() -> None:
    """Minor units are whole numbers: no column of money is a float or a decimal."""
    assert not places(python_files("src"), r"(price|amount|total|minor)\w* = models\.(Float|Decimal)Field")


@lru_cache
def trees() -> list[tuple[str, ast.Module]]:
    return [
        (path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8")))
        for path in python_files("src")
    ]


def _swallows(handler: ast.ExceptHandler) -> bool:
    """True for a handler of everything that neither raises again nor tells anybody."""
    broad = handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"}
    )
    inside = [node for line in handler.body for node in ast.walk(line)]
    return broad and not any(isinstance(node, (ast.Raise, ast.Call)) for node in inside)


def test_no_error_is_swallowed() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _swallows(node)
    ]
    assert not found


def test_gettext_is_called_by_names_that_are_searched_for() -> None:
    """xgettext finds `_` and the names of Django; a call under another name would stay English for ever."""
    found = [
        f"{name}:{node.lineno}: {alias.name} as {alias.asname}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if "gettext" in alias.name and alias.asname not in {None, "_"}
    ]
    assert not found


def test_the_public_functions_of_the_house_say_what_they_do() -> None:
    """A docstring on every public function and class of actions and queries: they are the rooms' front doors."""
    found = []
    for name, tree in trees():
        if not re.search(r"/(actions|queries)(/\w+)?\.py$", name):
            continue
        for node in tree.body:
            public = isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
            if public and not ast.get_docstring(node):
                found.append(f"{name}:{node.lineno}: {node.name}")
    assert not found


@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def templates() -> list[str]:
    """The names of all templates of the house."""
    return [
        path.relative_to(path.parents[len(path.parts) - path.parts.index("templates") - 2]).as_posix()
        for path in tracked()
        if "templates" in path.parts and path.suffix in {".html", ".txt"} and SOURCE in path.parents
    ]


def url_nodes(nodes: object) -> Iterator[URLNode]:
    """Every `{% url %}` below these nodes."""
    for node in nodes if isinstance(nodes, list) else []:
        yield from ([node] if isinstance(node, URLNode) else node.get_nodes_by_type(URLNode))


@pytest.mark.parametrize("name", templates())
def test_a_template_parses_and_names_routes_that_exist(name: str) -> None:
    template: Template = engines["django"].get_template(name).template  # type: ignore[attr-defined]
    known = set(route_names())
    for node in url_nodes(list(template.nodelist)):
        said = node.view_name.resolve(Context())
        if said:  # a name that a view chose is known only when the page is drawn
            assert str(said) in known, f"{name} leads to {said}, which is no route"


def route_names() -> Iterator[str]:
    """The full names of all routes."""
    from tests.house.urls import addresses

    return (address.name for address in addresses())


def test_every_command_of_the_readme_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "etalage" in project["scripts"]
    from etalage.cli import parser

    choices = parser()._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    known = {*choices, "manage"} if choices is not None else set()
    said = re.findall(r"\betalage ([a-z][a-z-]+)", _code((ROOT / "README.md").read_text("utf-8")))
    assert set(said) <= known, set(said) - known


def _code(text: str) -> str:
    """What stands in code blocks and between back quotes."""
    return "\n".join(re.findall(r"```.*?```|`[^`]+`", text, re.S))


def test_every_version_is_pinned() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = [*data["dependency-groups"].values(), *data["project"]["optional-dependencies"].values()]
    direct = [*data["project"]["dependencies"], *(line for group in groups for line in group)]
    indirect = data["tool"]["uv"]["constraint-dependencies"]
    assert [line for line in [*direct, *indirect] if "==" not in line] == []
    assert len(indirect) > 20


def test_no_lock_file_is_kept() -> None:
    assert not [path for path in tracked() if path.name == "uv.lock"]
