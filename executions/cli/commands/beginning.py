"""``new``: a first workflow or agent, as a file to change."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from executions.cli.exits import CommandError, ExitCode

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
WORKFLOW = """\
# stigmer apply -f {file}, then: stigmer run workflow {name} -i who=World --follow
document:
  dsl: '1.0.0'
  namespace: default
  name: {name}
  version: '1.0.0'
  summary: Greets somebody, waits a moment, and says how long the greeting was.
input:
  schema:
    document:
      type: object
      properties:
        who: {{type: string, title: Whom to greet, default: World}}
do:
  - greet:
      set:
        greeting: '${{ "Hello, " + (.who // "World") + "!" }}'
  - pause:
      wait: {{seconds: 2}}
  - count:
      set:
        greeting: '${{ .greeting }}'
        letters: '${{ .greeting | length }}'
"""
AGENT = """\
# stigmer apply -f {file}, then: stigmer chat {name}
kind: Agent
name: {name}
description: Answers questions briefly.
instructions: |
  You help whoever asks, in a few plain sentences.
  Say so where you do not know something.
"""
_TEXTS = {"workflow": WORKFLOW, "agent": AGENT}


class Beginning(StrEnum):
    WORKFLOW = "workflow"
    AGENT = "agent"


def new(
    kind: Annotated[Beginning, typer.Argument(help="The thing to begin with.", show_default=False)],
    name: Annotated[str, typer.Argument(help="Its name.", show_default=False)],
) -> None:
    """Write a first workflow or agent into NAME.yaml; no file is ever overwritten."""
    if not _NAME.match(name) or len(name) > 60:
        raise CommandError(
            f"{name[:80]!r} is no name.",
            remedy="Use lower-case letters, digits and -, such as first-steps.",
            code=ExitCode.USAGE,
        )
    file = Path(f"{name}.yaml")
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(_TEXTS[kind.value].format(name=name, file=file))
    except FileExistsError:
        raise CommandError(
            f"{file} is there already.", remedy="Choose another name.", code=ExitCode.REFUSED
        ) from None
    except OSError as problem:
        raise CommandError(f"{file} cannot be written: {problem.strerror}.") from None
    print(f"{file} was written. Change it, then: stigmer apply -f {file}")
