"""The decisions of a step, by kind: typed views of its ``control``.

The JSON stays what it is: it is what is stored, and digests hash it. A view copies nothing, so keys
that this version does not know survive, and nothing is reordered, dropped or added. Reading what is
not there gives None; only what is set is written.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, Self, TypeVar, overload

T = TypeVar("T")


class HasControl(Protocol):
    """A step, as a record or as a row."""

    @property
    def control(self) -> Any: ...


class View:
    """The decisions of one kind of step, over the JSON that keeps them."""

    __slots__ = ("json",)

    def __init__(self, json: dict[str, Any]) -> None:
        self.json = json

    @classmethod
    def of(cls, step: HasControl) -> Self:
        """Of a step; what somebody made of its column that is no object decides nothing."""
        return cls(step.control if isinstance(step.control, dict) else {})

    @classmethod
    def made(cls, **values: Any) -> Self:
        """A new one with these, in this order."""
        view = cls({})
        for name, value in values.items():
            setattr(view, name, value)
        return view


class Key(Generic[T]):
    """One key of the JSON as an attribute.

    ``per_try`` is what a step that is opened again forgets. ``identity`` is what of a call tells
    which operation it is and what became of it.
    """

    def __init__(
        self,
        read: Callable[[Any], T | None] | None = None,
        write: Callable[[T], Any] | None = None,
        *,
        per_try: bool = False,
        identity: bool = False,
    ) -> None:
        self._read, self._write = read, write
        self.per_try, self.identity = per_try, identity

    def __set_name__(self, owner: type[View], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, view: None, owner: type[View]) -> Self: ...
    @overload
    def __get__(self, view: View, owner: type[View]) -> T | None: ...
    def __get__(self, view: View | None, owner: type[View]) -> Self | T | None:
        if view is None:
            return self
        value: Any = view.json.get(self.name)
        return value if value is None or self._read is None else self._read(value)

    def __set__(self, view: View, value: T) -> None:
        view.json[self.name] = value if self._write is None else self._write(value)

    def __delete__(self, view: View) -> None:
        view.json.pop(self.name, None)


V = TypeVar("V", bound=View)


def _moment(*, per_try: bool = False) -> Key[datetime]:
    return Key(datetime.fromisoformat, datetime.isoformat, per_try=per_try)


def _part(kind: type[V], *, per_try: bool = False, identity: bool = False) -> Key[V]:
    def read(value: Any) -> V | None:
        # A damaged decision decides nothing.
        return kind(value) if isinstance(value, dict) else None

    return Key(read, lambda view: view.json, per_try=per_try, identity=identity)


class Known(StrEnum):
    """The knowledge about the calls that were made under one key.

    NOTHING: none was made, or it is proven that nothing was sent. UNKNOWN: one may have had its
    effect. FAILED and SUCCEEDED: the other side has said so.
    """

    NOTHING = "nothing"
    UNKNOWN = "unknown"
    FAILED = "failed"
    SUCCEEDED = "succeeded"

    @classmethod
    def _missing_(cls, value: object) -> Known:
        """This version does not know a value that only another version could write."""
        return cls.UNKNOWN


class Task(View):
    """Any task.

    ``flow`` is where it goes on, ``boundary`` the task whose time limit was hit, ``reason`` why it
    was skipped, ``failed`` the innermost steps that made it fail, where branches are around it or
    below.
    """

    __slots__ = ()
    flow = Key[str | None](per_try=True)
    reason = Key[str]()
    deadline = _moment(per_try=True)
    boundary = Key[str](per_try=True)
    failed = Key[list[str]](per_try=True)


class Earlier(View):
    """The state of the try before: at which path, with whose input, with which arguments."""

    __slots__ = ()
    path = Key[str]()
    outcome = Key(Known, str)
    input = Key[str]()
    arguments = Key[str]()


class Answer(View):
    """A person's word on a call, or a result that is kept: what it gave, or why it failed."""

    __slots__ = ()
    output = Key[Any]()
    fail = Key[str]()


class InLine(View):
    """Waits for a process: since when, and up to which moment that was left out of the counting."""

    __slots__ = ()
    since = _moment()
    counted = _moment()


class Asked(View):
    """A question to people: the key of its row, until when it is open, and whether it was taken
    further.
    """

    __slots__ = ()
    id = Key(uuid.UUID, str)
    until = _moment()
    escalated = Key[bool]()


class Call(Task):
    """A call. ``late`` holds what of its arguments is evaluated at its edge, by pointer."""

    __slots__ = ()
    key = Key[str](identity=True)
    outcome = Key(Known, str, identity=True)
    earlier = _part(Earlier, identity=True)
    asked = Key[bool](identity=True)
    first_attempt_at = _moment(per_try=True)
    failures = Key[int](per_try=True)
    needs_decision = Key[bool](per_try=True)
    in_line = _part(InLine, per_try=True)
    ask = _part(Asked, per_try=True)
    answer = _part(Answer)
    at_most_once = Key[bool]()
    outcome_unknown = Key[bool]()
    late = Key[dict[str, dict[str, Any]]]()


class ToolCall(Call):
    """A call of a tool by an agent: the names of the secrets that it is given, and who changed its
    arguments.
    """

    __slots__ = ()
    secrets = Key[list[str]]()
    edited_by = Key[str]()


class Forked(Task):
    """Branches beside each other: how many, which one won, and where their contexts met: each key
    that several of them set, and which; the last of them in order counts.

    ``generation`` is that of operations that begin in the branches, where a restore has raised the
    run's since and left these alone; ``generations`` that of those branches that it did not.
    """

    __slots__ = ()
    branches = Key[int]()
    winner = Key[str]()
    conflicts = Key[list[dict[str, Any]]](per_try=True)
    generation = Key[int]()
    generations = Key[dict[str, int]]()


class Loop(Forked):
    """A ``for``: its items, read once, and how many of them are gone through at once."""

    __slots__ = ()
    items = Key[list[Any]]()
    parallel = Key[int]()


class Iteration(View):
    """Whether ``while`` let this round begin."""

    __slots__ = ()
    goes_on = Key[bool]()


class Switch(Task):
    """The case that was taken."""

    __slots__ = ()
    case = Key[str | None]()


class Wait(Task):
    """Until when a ``wait`` waits."""

    __slots__ = ()
    until = _moment()


class Child(Task):
    """The run that a ``run`` has started: the key of its row. Of a call of an agent: what the
    agents of that run have used (``usage`` and ``cost``).
    """

    __slots__ = ()
    child = Key(uuid.UUID, str, identity=True)
    spent = Key[dict[str, Any]](per_try=True)


def prefix_of_child(arguments: Any) -> str:
    """The prefix of the id of the run that a step with these arguments starts."""
    return "aex" if isinstance(arguments, dict) and "agent" in arguments else "wex"


class Listening(Task):
    """A ``listen``: whether it looked for what came earlier; which events it took, each with the
    number of the filter that it fitted; the values that the first of them bound; and what it works
    on with ``foreach``.
    """

    __slots__ = ()
    looked = Key[bool](per_try=True)
    heard = Key[list[list[Any]]]()
    bound = Key[dict[str, Any]]()
    item = Key[Any]()


class Counted(View):
    """A try of a block, and a moment of it."""

    __slots__ = ()
    attempt = Key[int]()
    at = _moment()


class Try(Task):
    """Until when this try of the block may take, and from which try and moment on retries are
    counted.
    """

    __slots__ = ()
    try_deadline = _part(Counted, per_try=True)
    counted_from = _part(Counted)


class Catch(View):
    """The decision about a failure of a block: ``retry`` (when) or ``handle``, by which rule."""

    __slots__ = ()
    action = Key[str]()
    until = _moment()
    delay = Key[float]()
    rule = Key[str]()


class Cut(View):
    """Between which sequences a restore cut a broken journal."""

    __slots__ = ()
    after = Key[int]()
    before = Key[int]()


class Decision(View):
    """A decision of a person or the engine: who, why, what it set aside, what is other since."""

    __slots__ = ()
    verb = Key[str]()
    actor = Key[int]()
    reason = Key[str]()
    supersedes = Key[list[str]]()
    checkpoint = Key[int]()
    # Of a fork: the public id of the run before it.
    forked_from = Key[str]()
    cut = _part(Cut)
    undoes = Key[int]()
    reinstates = Key[list[str]]()
    version = Key[int]()
    edited_input = Key[bool]()
    as_new_operation = Key[bool]()
    late_answer = Key[dict[str, Any]]()
    # Which question was answered, and how.
    ask = Key(uuid.UUID, str)
    outcome = Key[str]()
    # In the audit trail, of what was refused.
    message = Key[str]()


class Reported(Call):
    """A task of an external runner, in its own words."""

    __slots__ = ()
    reported = Key[str]()
    metadata = Key[dict[str, Any]]()


KINDS: tuple[type[View], ...] = (
    Task,
    Call,
    ToolCall,
    Forked,
    Loop,
    Iteration,
    Switch,
    Wait,
    Child,
    Listening,
    Try,
    Catch,
    Decision,
    Reported,
)


def _names(wanted: Callable[[Key[Any]], bool]) -> tuple[str, ...]:
    keys = (key for kind in KINDS for key in vars(kind).values() if isinstance(key, Key))
    return tuple(key.name for key in keys if wanted(key))


PER_TRY = _names(lambda key: key.per_try)
IDENTITY = _names(lambda key: key.identity)


def without(control: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A copy without these keys; the others stand as they stood."""
    return {name: value for name, value in control.items() if name not in names}
