"""What the pages name is there: links, files, commands, options, settings, addresses, fields,
metrics, tests.
"""

from __future__ import annotations

import importlib
import json
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer
import yaml

from executions.cli.app import app
from tests.live import ROOT

DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted(DOCS.glob("*.md")),
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
BLOCK = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
FOLDERS = (
    "benchmarks",
    "dashboard",
    "docs",
    "examples",
    "executions",
    "scripts",
    "static",
    "stigmer_site",
    "templates",
    "tests",
)
SOURCES = ("benchmarks", "dashboard", "executions", "scripts", "stigmer_site", "tests")
# What looks like a file of the project and is none: media types, networks, files in a data folder.
NO_FILES = re.compile(
    r"application/|text/|multipart/|\d|STIGMER_HOME/|imports/|stigmer/config|test-artifacts/|workflow-"
)
# Beside the operations of the API, addresses that the site serves itself.
OTHER_ADDRESSES = ("/", "/admin/", "/healthz", "/metrics", "/readyz", "/log-in")
FIELD_PAGES = ("docs/api.md", "docs/external-runners.md")


def page(name: str) -> str:
    return (ROOT / name).read_text()


def spans(name: str) -> list[str]:
    """Whatever stands in backticks on a page, outside of blocks."""
    return SPAN.findall(BLOCK.sub("", page(name)))


def lines(name: str) -> Iterator[str]:
    """Each command line: of blocks, and in backticks."""
    for block in BLOCK.findall(page(name)):
        yield from block.replace("\\\n", " ").splitlines()
    yield from spans(name)


@cache
def source() -> str:
    """All code, as one text."""
    files = [path for folder in SOURCES for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [ROOT / "Makefile", ROOT / "pyproject.toml"]
    readable = (
        path
        for path in files
        if path.suffix in (".py", ".js", ".toml", ".html", "") and "pyc" not in path.suffix
    )
    return "\n".join(path.read_text(errors="replace") for path in readable)


@cache
def templates() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))


@cache
def document() -> str:
    return (DOCS / "openapi.json").read_text()


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (ROOT / name).parent / path if path else ROOT / name
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def anchors(linked: Path) -> list[str]:
    """The anchors of a page's headings, as they are made for Markdown."""
    headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.MULTILINE)
    return [
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    ]


@pytest.mark.parametrize("name", NAMES)
def test_files_exist(name: str) -> None:
    bases = [ROOT, ROOT / "executions", ROOT / "tests", (ROOT / name).parent]
    # What a page has its reader make is not there yet.
    made = set(re.findall(r"^Make `([^`]+)`", page(name), re.MULTILINE))
    for path in (
        set(re.findall(rf"(?<![\w./-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w", page(name))) - made
    ):
        assert (ROOT / path).exists(), path
    for span in spans(name):
        is_path = (
            re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", span)
            and not NO_FILES.match(span)
            and span not in made
        )
        if is_path:
            assert any((base / span).exists() for base in bases), span
        elif re.fullmatch(r"[a-z]\w*\.py", span):
            assert any(ROOT.glob(f"*/**/{span}")) or (ROOT / span).exists(), span


def test_examples_that_pages_and_the_command_name_exist() -> None:
    named = set(re.findall(r"examples/[\w./-]+\.yaml", source() + templates()))
    assert "examples/order-fulfilment.yaml" in named
    for path in named:
        assert (ROOT / path).exists(), path


@pytest.mark.parametrize("name", [name for name in NAMES if name != "CHANGELOG.md"])
def test_settings_are_read(name: str) -> None:
    # A secret's variable has the name of the secret.
    named = r"\b(?:STIGMER_(?!SECRET_NAME)|DATABASE_|REDIS_)[A-Z_]*[A-Z]\b"
    for setting in set(re.findall(named, page(name))):
        assert re.search(rf"\b{setting}\b", source()), setting


@pytest.mark.parametrize("name", NAMES)
def test_commands_and_their_options_exist(name: str) -> None:
    group = typer.main.get_command(app)
    for line in lines(name):
        found = re.search(r"(?:^|[\s/])stigmer ((?!stigmer)[a-z].*)", line.split("#")[0])
        if found is None or not re.match(
            r"(\$ |[A-Z_]+=\S+ |\S*/)*(exec )?(\.venv/bin/)?stigmer ", line.strip()
        ):
            continue
        words = said(found[1])
        command = getattr(group, "commands", {}).get(words[0])
        assert command is not None, line
        while (
            getattr(command, "commands", None) and len(words) > 1 and words[1] in command.commands
        ):
            words, command = words[1:], command.commands[words[1]]
        known = {
            option
            for parameter in command.params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        for word in words:
            option = re.match(r"--[a-z][a-z-]*", word)
            assert option is None or option[0] in known | {"--help"}, line


@pytest.mark.parametrize("name", NAMES)
def test_a_start_of_an_example_gives_the_input_that_it_requires(name: str) -> None:
    for line in lines(name):
        found = re.search(r"stigmer run workflow (\S+)(.*)", line)
        example = ROOT / "examples" / f"{found[1]}.yaml" if found else None
        if found is None or example is None or not example.exists():
            continue
        schema = (
            yaml.safe_load(example.read_text())
            .get("input", {})
            .get("schema", {})
            .get("document", {})
        )
        given = set(re.findall(r"(?:-i|--input) (\w+)=", found[2]))
        assert set(schema.get("required", [])) <= given, line


def said(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


@pytest.mark.parametrize("name", NAMES)
def test_what_make_makes_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in lines(name):
        for target in re.findall(r"^(?:[A-Z]+=\S+ )*make ([a-z-]+)", line.strip()):
            assert target in targets, line


@pytest.mark.parametrize("name", NAMES)
def test_addresses_are_served(name: str) -> None:
    served = {re.sub(r"{[^}]*}", "{}", path) for path in json.loads(document())["paths"]}
    for span in spans(name):
        found = re.fullmatch(r"(?:GET|POST|PUT|PATCH|DELETE) (/[^\s?]*)(\?.*)?", span)
        if found is None:
            continue
        address = re.sub(r"{[^}]*}", "{}", found[1]).rstrip("/")
        asked = re.compile(r"(/api/v1)?" + re.sub(r"<[^>]*>", r"[a-z-]+", re.escape(address)))
        known = any(asked.fullmatch(path) for path in served) or found[1] in OTHER_ADDRESSES
        assert known or found[1].startswith("/ws/"), span


@pytest.mark.parametrize("name", FIELD_PAGES)
def test_fields_are_those_of_the_document(name: str) -> None:
    for span in spans(name):
        if re.fullmatch(r"[a-z]+(_[a-z]+)+|[a-z_]+(\.[a-z_]+)+", span) and not span.endswith(
            (".yaml", ".json")
        ):
            for part in span.split("."):
                assert f'"{part}"' in document(), span


@pytest.mark.parametrize("name", NAMES)
def test_modules_metrics_and_tests_are_called_so(name: str) -> None:
    for span in spans(name):
        if re.fullmatch(r"(executions|dashboard|stigmer_site)(\.\w+)+", span):
            assert resolves(span), span
        elif metric := re.match(r"stigmer_(\w+)", span):
            if metric[1] != "site":
                assert re.search(rf'"{metric[1]}"', source()), span
        elif re.fullmatch(r"test_\w+", span):
            assert f"def {span}(" in source(), span


def resolves(dotted: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, rest = dotted, "", ""
    while module:
        try:
            found = importlib.import_module(module)
        except ImportError:
            module, _, last = module.rpartition(".")
            rest = f"{last}.{rest}" if rest else last
            continue
        for part in filter(None, rest.split(".")):
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def test_a_response_has_the_parts_that_the_page_names() -> None:
    (parts,) = re.findall(r"# or response \(([^)]*)\)", page("docs/workflows.md"))
    written = (ROOT / "executions" / "calls" / "http" / "step.py").read_text()
    assert all(f'"{part.strip()}":' in written for part in parts.split(","))
