"""The problems of a workflow file: where, why, what is allowed, and what was probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from executions.errors import StigmerError

Path = tuple[str | int, ...]
MOST_PROBLEMS = 100
_LONGEST_NAME, _MOST_CANDIDATES = 100, 500


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. ``line`` and ``column`` count from 1; ``pointer`` is a JSON pointer (RFC
    6901).
    """

    line: int
    column: int
    pointer: str
    message: str
    expected: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        hints = [f"expected {self.expected}"] if self.expected else []
        hints += [self.suggestion] if self.suggestion else []
        text = f"line {self.line}, {self.pointer or '/'}: {self.message}" + (
            f" ({'; '.join(hints)})" if hints else ""
        )
        return "".join(
            character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
            for character in text
        )


class DefinitionError(StigmerError):
    """The workflow definition is not acceptable."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems) or None)

    def __reduce__(self) -> tuple[type[DefinitionError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


def did_you_mean(name: str, candidates: Collection[str], similarity: float = 0.6) -> str:
    """``did you mean …?`` where one candidate is close, else an empty text."""
    if len(name) > _LONGEST_NAME or len(candidates) > _MOST_CANDIDATES:
        return ""  # comparing is quadratic: not with what a stranger may have made long
    by_lower_case = {
        candidate.lower(): candidate for candidate in candidates if len(candidate) <= _LONGEST_NAME
    }
    close = get_close_matches(name.lower(), by_lower_case, n=1, cutoff=similarity)
    return f"did you mean `{by_lower_case[close[0]]}`?" if close else ""


def shown(text: object, length: int = 60) -> str:
    """A value as it may stand in a message: in backticks and cut."""
    plain = str(text)
    return f"`{plain if len(plain) <= length else plain[:length] + '…'}`"
