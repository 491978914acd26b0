"""The row of a kind of call: what every door has to know about ``call: <name>``.

A row is light: whoever checks a definition reads it without loading what makes the call. That is
``run(arguments, context) -> Outcome`` in the module ``step`` of the kind's package.
docs/how-to-add.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from executions.calls.parameters import Model

Arguments = Mapping[str, Any] | None
Keys = tuple[str | int, ...]
Effect = Literal["pure", "idempotent", "at_most_once", "transactional"]
# These hold if neither a task nor its kind of call says otherwise.
ATTEMPT_SECONDS = 30.0
CALL_RETRY_DELAYS: Sequence[float] = (2.0, 5.0, 10.0)


class RunsIn(StrEnum):
    """The place where a call runs: in the slot that drives (it minds its deadline itself), in a
    process of its own, for which it waits before it begins, or in a thread of the worker, which it
    may end.
    """

    SLOT = "slot"
    PROCESS = "process"
    THREAD = "thread"


class KnownPeople(Protocol):
    """The people and groups of this installation."""

    def unknown_users(self, names: Collection[str]) -> Collection[str]:
        """Those of these user names that nobody has who may log in."""

    def unknown_groups(self, names: Collection[str]) -> Collection[str]:
        """Those of these names that no group has."""


class CallPlace(Protocol):
    """A call in a document that may be full of mistakes.

    ``given`` is its ``with``, ``keys`` lead on from there.
    """

    given: dict[str, Any]
    known_functions: Collection[str] | None
    known_people: KnownPeople | None

    def add(self, keys: Keys, message: str, expected: str = "", suggestion: str = "") -> None:
        """Refuse the definition."""

    def warn(self, keys: Keys, message: str, expected: str = "", suggestion: str = "") -> None:
        """Say something beside a definition that is taken."""

    def unknown(
        self, keys: Keys, message: str, name: str, names: Collection[str], expected: str
    ) -> None:
        """Refuse the definition for a name; ``message`` has a ``{}`` where it is shown."""

    def named(self, keys: Keys, name: str | None, section: str) -> None:
        """Refuse a name that is not declared under this section of ``use``."""

    def secret(self, keys: Keys, name: str) -> None:
        """Refuse a secret that is not declared."""


class Declared(Protocol):
    """The declarations of its workflow that a call may name."""

    def authentication(self, authentication: str | dict[str, Any]) -> dict[str, Any]:
        """The policy of that name, or the one that stands there, as plain JSON."""


@dataclass(frozen=True, slots=True)
class CallKind:
    """One kind of call.

    ``arguments`` is the model of its ``with``, ``needs`` says in words what that holds.
    ``effect_of`` says what a call with these arguments does to the world, where the task does not:
    the driver acts on it, and previews say by it what would be repeated. ``destinations`` are the
    arguments that say where a call goes: whoever edits one has to be allowed to use the secrets
    that are sent there. ``check`` finds what is wrong beyond the shape of the arguments.
    ``completed`` puts in what a call names of its workflow. ``limits`` are the settings that it
    reads from its context, each under the name that it has there.
    """

    name: str
    arguments: type[Model]
    needs: str
    effect_of: Callable[[Arguments], Effect]
    destinations: tuple[str, ...]
    check: Callable[[CallPlace], None] = lambda place: None
    completed: Callable[[dict[str, Any], Declared], dict[str, Any]] = lambda arguments, declared: (
        arguments
    )
    runs_in: Callable[[Arguments], RunsIn] = lambda arguments: RunsIn.SLOT
    # How many seconds an attempt may take where nothing else says so.
    attempt_seconds: Callable[[], float] = lambda: ATTEMPT_SECONDS
    # Its module ``step`` has ``run_in_transaction`` too.
    can_be_transactional: bool = False
    limits: Mapping[str, str] = field(default_factory=dict)
    # Seconds before each retry of a transient failure, where the workflow has no policy for it.
    retry_delays: Callable[[], Sequence[float]] = lambda: CALL_RETRY_DELAYS
    # Nothing is carried out: people answer, and the outcome of ``run`` is an Ask.
    asks_people: bool = False
    # Nothing is carried out: another run is started and waited for.
    starts_run: bool = False
    # Its answer comes bit by bit, and is shown while it comes.
    streams: bool = False
    # Its log is kept though it succeeded at once.
    keeps_log: bool = False
    # Whether its arguments may hold secrets; what is shown to people may not.
    takes_secrets: bool = True
    # The places that its arguments lead to, and which of these follows this output.
    targets: Callable[[Mapping[str, Any]], Iterator[tuple[Keys, str]]] = lambda arguments: iter(())
    follows: Callable[[Arguments, Any], str | None] = lambda arguments, output: None
