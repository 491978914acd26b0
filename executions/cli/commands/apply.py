"""``apply`` and ``validate``: definitions from files to the server."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from executions.cli.commands.remote import AsText, talks
from executions.cli.exits import CommandError, ExitCode
from executions.cli.formats import Sentence
from executions.cli.remote.client import Client
from executions.cli.remote.problem import ServerProblem

SUFFIXES = (".yaml", ".yml", ".json")
OF_SKILLS = ".md"
Files = Annotated[
    list[str],
    typer.Option(
        "--file",
        "-f",
        metavar="FILE|DIR",
        help="A definition, a folder of them, or - for standard input.",
    ),
]


class Visibility(StrEnum):
    SHARED = "shared"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class Text:
    """One definition and where it was read."""

    place: str
    text: str
    kind: str


@talks
def apply(
    client: Client,
    file: Files,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    visibility: Annotated[
        Visibility, typer.Option(help="The people who see a new one.")
    ] = Visibility.SHARED,
    message: Annotated[
        str, typer.Option("--message", "-m", help="The change of the new versions.")
    ] = "",
    output: AsText = Sentence.TEXT,
) -> None:
    """Create workflows, agents and skills, or give them a new version."""
    query = {"dry_run": dry_run or None, "visibility": visibility.value}
    if message:
        query["message"] = message
    results = [_sent(client, text, query, output) for text in texts(file)]
    if output == Sentence.JSON:
        from executions.cli.display.structured import print_structured

        print_structured({"items": [result for result in results if result is not None]})
    if None in results:
        raise typer.Exit(ExitCode.FAILED)


@talks
def validate(
    client: Client,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|DIR", help="Definitions, or - for standard input."),
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option("--file", "-f", metavar="FILE|DIR", help="The same.")
    ] = None,
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Ask no server: which functions it has is not checked."),
    ] = False,
) -> None:
    """Check definitions: every problem with its line, nothing is stored."""
    names = [*(paths or ()), *(file or ())]
    if not names:
        raise CommandError(
            "There is nothing to check.", remedy="Name a file or a folder.", code=ExitCode.USAGE
        )
    failed = 0
    for text in texts(names):
        problems, warnings = _checked_here(text) if offline else _checked_there(client, text)
        _print_findings(text, problems)
        _print_findings(text, [f"warning: {warning}" for warning in warnings])
        failed += bool(problems)
        if not problems:
            print(f"{text.place}: valid {text.kind}")
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def texts(names: Iterable[str]) -> Iterator[Text]:
    """The definitions in these files and folders. Raises CommandError where one cannot be read."""
    from executions.cli.inputs import read_file

    for name in names:
        if name == "-":
            text = sys.stdin.read()
            yield Text("standard input", text, kind_of(text))
            continue
        for path in _files(Path(name)):
            text = read_file(path)
            yield Text(str(path), text, kind_of(text))


def kind_of(text: str) -> str:
    """``skill`` for Markdown with a head, ``agent`` for a text with instructions, else
    ``workflow``: its problems are then those of a workflow.
    """
    from executions.language.reading.problems import DefinitionError
    from executions.language.reading.yaml import read
    from executions.language.skill import is_skill

    if is_skill(text):
        return "skill"

    try:
        document = read(text).document
    except DefinitionError:
        return "workflow"
    is_agent = isinstance(document, dict) and "instructions" in document and "do" not in document
    return "agent" if is_agent else "workflow"


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    definitions = sorted(each for each in path.iterdir() if each.is_file() and _is_definition(each))
    if not definitions:
        raise CommandError(
            f"There is no definition in {path}.",
            remedy=f"Those end with {', '.join((*SUFFIXES, OF_SKILLS))}.",
            code=ExitCode.USAGE,
        )
    return definitions


def _is_definition(path: Path) -> bool:
    """Whether it is one by its name; of Markdown files those that begin as a skill does."""
    from executions.cli.inputs import read_file
    from executions.language.skill import is_skill

    return path.suffix in SUFFIXES or (path.suffix == OF_SKILLS and is_skill(read_file(path)))


def _sent(
    client: Client, text: Text, query: dict[str, Any], output: Sentence
) -> dict[str, Any] | None:
    """The result of applying it; None where it has problems, which are printed.

    One bad text does not stop the others.
    """
    try:
        applied = client.send_text(f"/{text.kind}s", text.text, **query)
    except ServerProblem as problem:
        if problem.status >= 500 or problem.status in (401, 429):
            raise
        _print_findings(text, problem.findings or [str(problem)])
        return None
    if output == Sentence.TEXT:
        would = " (dry run)" if applied["dry_run"] else ""
        print(
            f"{text.kind} {applied['slug']}: {applied['result']}, version"
            f" {applied['version']}{would}"
        )
    _print_findings(text, [f"warning: {warning}" for warning in applied["warnings"]])
    return applied


def _checked_there(client: Client, text: Text) -> tuple[list[str], list[str]]:
    try:
        applied = client.send_text(f"/{text.kind}s", text.text, dry_run=True)
    except ServerProblem as problem:
        if problem.kind != "invalid-definition":
            raise
        return problem.findings, []
    return [], applied["warnings"]


def _checked_here(text: Text) -> tuple[list[str], list[str]]:
    from executions.language import DefinitionError, parse
    from executions.language.agent import parse_agent
    from executions.language.skill import parse_skill

    try:
        if text.kind == "skill":
            parse_skill(text.text)
            return [], []
        if text.kind == "agent":
            parse_agent(text.text)
            return [], []
        return [], [str(warning) for warning in parse(text.text).warnings]
    except DefinitionError as error:
        return [str(problem) for problem in error.problems], []


def _print_findings(text: Text, findings: Iterable[str]) -> None:
    from executions.cli.display.words import plain

    for finding in findings:
        print(f"{text.place}: {plain(finding)}", file=sys.stderr)
