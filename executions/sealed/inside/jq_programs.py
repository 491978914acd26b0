"""jq in sealed children: to compile a program, and to run it on an input.

A program has to compile alone *and* inside the frame ``(program) | tojson``. Inside the parentheses
``import`` and ``include`` do not parse, alone its parentheses cannot be left, and ``tojson`` keeps
numbers as they are. Two line ends close the frame: jq continues a comment that ends in a backslash.
"""

from __future__ import annotations

import re
import struct
from functools import lru_cache
from typing import Any

import jq

from executions.sealed.inside.operations import Operation, Refused

_ERROR = re.compile(r"^jq: error: (.*)$", re.MULTILINE)
HEAD = struct.Struct(">II")
_DEFINED = {"__now": "def now: $__now; ", "__uuid": "def uuid: $__uuid; "}


def run(payload: bytes) -> bytes:
    """The one output of a program, as JSON text.

    The payload is the lengths of program and names, the program, the names of its variables
    (without ``$``, apart by blanks), and a JSON array of their values and, last, the input.
    """
    source, names, text = _parts(payload)
    outputs = iter(_compiled(source, names).input_text(text))
    try:
        output = next(outputs, None)
        more = output is not None and next(outputs, None) is not None
    except ValueError as error:
        raise Refused("failed", str(error)) from None
    if more:
        raise Refused("several", "the expression gave more than one result")
    if output is None:
        raise Refused("nothing", "the expression gave no result")
    return str(output).encode()


def check(payload: bytes) -> bytes:
    """Nothing, if the program compiles; else :class:`Refused`. The payload is that of `run`."""
    source, names, _ = _parts(payload)
    _compiled(source, names)
    return b""


def builtins(payload: bytes) -> bytes:
    """The names of jq's functions with the number of their arguments, as a JSON array."""
    return str(jq.compile("builtins | tojson").input_text("null").first()).encode()


OPERATIONS: dict[str, Operation] = {"jq.run": run, "jq.compile": check, "jq.builtins": builtins}


def _parts(payload: bytes) -> tuple[str, str, str]:
    source_length, names_length = HEAD.unpack_from(payload)
    names_at = HEAD.size + source_length
    text_at = names_at + names_length
    return (
        payload[HEAD.size : names_at].decode(),
        payload[names_at:text_at].decode(),
        payload[text_at:].decode(),
    )


@lru_cache(maxsize=256)
def _compiled(source: str, names: str) -> Any:
    before = opening(names.split())
    # Alone first, so that an error speaks of the author's text. Behind what stands before it, no
    # `import` parses, and so no file is looked for.
    _compile(f"{before}{source}", before)
    return _compile(f"{before}({source}\n\n) | tojson", f"{before}(")


def _compile(program: str, before: str) -> Any:
    try:
        return jq.compile(program)
    except ValueError as error:
        problems = "\n".join(_ERROR.findall(str(error)))
        raise Refused("compile", f"{len(before.encode())}\n{problems}") from None


def opening(names: list[str]) -> str:
    """The text before a program: it takes the array of values apart, and ends where `.` is the
    input. It has one line, so that lines are counted as the author counts them.
    """
    defined = "".join(text for name, text in _DEFINED.items() if name in names)
    variables = ", ".join(f"${name}" for name in names)
    binding = f". as [{variables}] | " if names else ""
    return f"{binding}.[{len(names)}] | {defined}"
