"""An expression made ready to run, once per text."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import lru_cache

from executions.errors import ExpressionError
from executions.expressions.mentions import Keys, made, mentioned
from executions.expressions.paths import PathProgram, path_program
from executions.expressions.plain import Plain, plain_program
from executions.expressions.values import is_expression, source_of

MAX_CHARACTERS = 16_384
_HEAD = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Program:
    """``mentions`` are its variables with the keys that it reads of them, ``made`` the functions
    of ours that it may call, ``path`` what it is if it is a plain path, ``key`` a short name for
    its text; ``plain`` likewise, if it can be worked out in place."""

    source: str
    key: str
    mentions: Mapping[str, Keys]
    made: tuple[str, ...]
    path: PathProgram | None
    plain: Plain | None

    def names(self, variables: Container[str]) -> tuple[str, ...]:
        """The variables that it is given: those that it mentions and that are known. Others may
        be its own (`. as $x`)."""
        return tuple(name for name in self.mentions if name in variables)

    def head(self, names: tuple[str, ...]) -> bytes:
        """The begin of a request to a child: the program, and how its variables are called."""
        return _head(self.source, names + tuple(f"__{name}" for name in self.made))


@lru_cache(maxsize=2048)
def prepared(source: str) -> Program:
    """The program of ``source`` (without `${ }`); raises :class:`ExpressionError` for a text that
    jq need not see."""
    if not source.strip():
        raise ExpressionError("the expression is empty; write jq, for example `.name`")
    if len(source) > MAX_CHARACTERS:
        raise ExpressionError(
            f"the expression has {len(source)} characters; at most {MAX_CHARACTERS} are allowed"
        )
    try:
        key = hashlib.blake2b(source.encode(), digest_size=16).hexdigest()
    except UnicodeEncodeError as error:
        raise ExpressionError(f"the expression is not text at column {error.start + 1}") from None
    if "\0" in source:
        raise ExpressionError(f"the expression has a NUL at column {source.index(chr(0)) + 1}")
    path = path_program(source)
    plain = plain_program(source) if path is None else None
    return Program(source, key, mentioned(source), made(source), path, plain)


def within(text: str) -> Program | None:
    """The program of a text that is one whole `${ … }`; None of any other. Raises
    :class:`ExpressionError`.
    """
    # A long text is literal as a rule, and is not kept for what it is not.
    return _within(text) if len(text) <= MAX_CHARACTERS else _read(text)


def _read(text: str) -> Program | None:
    return prepared(source_of(text)) if is_expression(text) else None


_within = lru_cache(maxsize=2048)(_read)


@lru_cache(maxsize=2048)
def _head(source: str, names: tuple[str, ...]) -> bytes:
    program, called = source.encode(), " ".join(names).encode()
    return _HEAD.pack(len(program), len(called)) + program + called
