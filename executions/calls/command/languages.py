"""How a line for the shell and a program are started."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from executions.errors import StigmerError
from executions.sandbox.places import Place
from executions.sandbox.walls import PATH, SCRIPT_INSIDE

Json = Any
_SHELL = "/bin/sh"
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
# The program sees the keys of its arguments as variables, and its own lines in a traceback.
_PYTHON_START = """\
import json, runpy, sys
with open(sys.argv[1]) as file:
    variables = json.load(file)
program = sys.argv[2]
sys.argv = sys.argv[2:]
runpy.run_path(program, init_globals=variables, run_name="__main__")
"""
_JAVASCRIPT_START = """\
const { readFileSync } = require("node:fs");
Object.assign(globalThis, JSON.parse(readFileSync(process.argv[2], "utf8")));
process.argv.splice(1, 2);
require(process.argv[1]);
"""


@dataclass(frozen=True, slots=True)
class _Language:
    """``start`` is what begins the program, in its own language."""

    name: str
    program: str
    ending: str
    start: str
    options: tuple[str, ...] = ()


_PYTHON = _Language("Python", "python3", "py", _PYTHON_START, ("-I",))
_JAVASCRIPT = _Language("JavaScript", "node", "js", _JAVASCRIPT_START)
_LANGUAGES = {"python": _PYTHON, "javascript": _JAVASCRIPT, "js": _JAVASCRIPT}


class Unusable(StigmerError):
    """It cannot be started here; the message says why."""


def shell(definition: Mapping[str, Json]) -> list[str]:
    """The line, followed by its arguments, which no shell reads."""
    words = _words(definition.get("arguments"))
    line = str(definition["command"])
    if words:
        line = f'{line.rstrip()} "$@"'
    return [_SHELL, "-c", line, "sh", *words]


def container(definition: Mapping[str, Json]) -> list[str]:
    """The words for the image's own program, or its shell with a line."""
    return shell(definition) if definition.get("command") else _words(definition.get("arguments"))


def check_variables(environment: Mapping[str, str]) -> None:
    """Raises Unusable where an engine could not be told of one: it reads lines."""
    for name, value in environment.items():
        if not _VARIABLE.fullmatch(name):
            raise Unusable(f"{name[:60]!r} is no name of a variable of a container.")
        if "\n" in value or "\r" in value:
            raise Unusable(f"The variable {name} of a container may have no line break.")


def script(definition: Mapping[str, Json], place: Place) -> list[str]:
    """The program with its arguments; it is written to a file that it can only read.

    Raises OSError and Unusable.
    """
    language = _LANGUAGES[str(definition["language"])]
    interpreter = shutil.which(language.program, path=PATH)
    if interpreter is None:
        raise Unusable(
            f"There is no {language.program} in {PATH} on this worker: scripts in"
            f" {language.name} cannot be run."
        )
    arguments = definition.get("arguments")
    variables = arguments if isinstance(arguments, dict) else {}
    words = [] if isinstance(arguments, dict) else _words(arguments)
    program = f"program.{language.ending}"
    for name, body in (
        (program, str(definition["code"])),
        (f"start.{language.ending}", language.start),
        ("variables.json", json.dumps(variables)),
    ):
        (place.script / name).write_text(body)
    files = [f"start.{language.ending}", "variables.json", program]
    return [interpreter, *language.options, *(f"{SCRIPT_INSIDE}/{name}" for name in files), *words]


def text(value: Json) -> str:
    """A value as a command reads it: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _words(arguments: Json) -> list[str]:
    """Raises Unusable where an expression gave no list."""
    if arguments is None:
        return []
    if not isinstance(arguments, list):
        raise Unusable("The arguments of a command have to be a list.")
    return [text(word) for word in arguments]


KINDS: Mapping[str, Callable[[Mapping[str, Json], Place], list[str]]] = {
    "shell": lambda run, place: shell(run),
    "script": script,
    "container": lambda run, place: container(run),
}
