"""The shape of a verb's row.

Rows are plain data: they import nothing but this, the phases and the roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from executions.roles import Role
from executions.states import Phase

LONGEST_REASON = 300


class Kind(StrEnum):
    """The content of an argument; each door has one way to ask for each kind."""

    JSON = "json"
    FLAG = "flag"
    NUMBER = "number"
    CHOICE = "choice"


class Reason(StrEnum):
    """Whether a person says why. A required reason is in the history and in the audit trail."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Answer(StrEnum):
    """The answer of the API: where the run goes on, or the phase that it is in."""

    DECIDED = "decided"
    CONTROLLED = "controlled"


class Wait(StrEnum):
    """A run waits for its next attempt, for an attempt that shows no progress (to which nobody has
    said yet that they wait on), or for the host that holds its workspace.
    """

    BACK_OFF = "back-off"
    STALL = "stall"
    UNANSWERED_STALL = "unanswered stall"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of an argument of the kind CHOICE, in words."""

    value: str
    words: str
    is_danger: bool = False


@dataclass(frozen=True, slots=True)
class Argument:
    """One thing that a verb wants to know.

    ``name`` is its name in the API's body, ``keyword`` the parameter of the function and ``field``
    the field of a form (``name`` where they are empty), ``options`` how the command takes it (none:
    by its place), ``note`` what command and form say of it in place of ``help``, ``looked`` what
    the address of the preview does. ``least`` and ``most`` bound a number. ``shape`` names a type
    that the API knows already (``phase``). ``may_be_blank``: an empty field of a form is no value;
    otherwise it is refused.
    """

    name: str
    kind: Kind
    help: str
    label: str
    keyword: str = ""
    field: str = ""
    may_be_blank: bool = False
    is_required: bool = False
    options: tuple[str, ...] = ()
    note: str = ""
    looked: str = ""
    choices: tuple[Choice, ...] = ()
    shape: str = ""
    least: int | None = None
    most: int | None = None

    @property
    def parameter(self) -> str:
        return self.keyword or self.name

    @property
    def in_form(self) -> str:
        return self.field or self.name


class Fact(StrEnum):
    """One thing that a preview may say beside its first sentence; the fields of its type."""

    STAYS = "stays"
    BROKEN = "broken"
    MAY_REPEAT = "may_repeat"
    COMES_BACK = "comes_back"
    SET_ASIDE = "set_aside"
    STAYS_DONE = "stays_done"
    MISFITS = "misfits"
    NEW_OPERATION = "is_new_operation"


@dataclass(frozen=True, slots=True)
class Preview:
    """How what a verb would do is asked for and said, before it is done.

    ``summary`` and ``meaning`` describe it in the API. ``sentence`` is what the command says of it
    first, with words in braces (the keys of ``WORDS`` in ``executions/cli/display/previews.py``),
    and ``facts`` are what it says then, in this order; with no sentence there is nothing to say.
    ``of_agents``: the API has it for the runs of agents as well.
    """

    summary: str
    meaning: str
    sentence: str = "{kept}, {again}."
    facts: tuple[Fact, ...] = (Fact.BROKEN, Fact.MAY_REPEAT)
    of_agents: bool = True


@dataclass(frozen=True, slots=True)
class Sheet:
    """A dialog of the page that asks for a verb's arguments, beside the verb's own button.

    ``name`` is that of its template, ``label`` opens it and ``button`` sends it. ``edits_call``: it
    begins with the input of the failed call, and is there only where that can be edited.
    """

    name: str
    label: str
    button: str
    edits_call: bool = False


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb.

    ``name`` may hold spaces; addresses and commands use ``slug``. ``only`` says in which case alone
    it is possible, ``question`` is asked before it, ``done`` answers for one run, ``done_to``
    follows the name of one of several. ``summary``, ``meaning`` and ``body`` describe it in the API
    (``body``: what its arguments are together), ``command`` in the command's help; ``undo`` names
    the verb that takes it back. ``page`` names the page that shows what it would do before it is
    done; ``way`` is the link to it. ``sheet`` is the dialog that asks for its arguments, and
    ``preview`` says what it would do.
    """

    name: str
    order: int
    roles: frozenset[Role]
    phases: frozenset[Phase]
    label: str
    icon: str
    summary: str
    meaning: str
    command: str
    done: str
    done_to: str
    event: str
    only: str = ""
    question: str = ""
    warning: str = ""
    body: str = ""
    arguments: tuple[Argument, ...] = ()
    reason: Reason = Reason.OPTIONAL
    answer: Answer = Answer.DECIDED
    is_danger: bool = False
    # A decision is made about what was seen: If-Match in the API, the sequence in a form.
    is_about_what_was_seen: bool = True
    has_button: bool = False
    # The button belongs to runs that wait for this; None: to runs in its phases.
    at_wait: Wait | None = None
    sheet: Sheet | None = None
    preview: Preview | None = None
    # The command shows the preview and asks before it goes on.
    is_confirmed: bool = False
    in_bulk: bool = False
    # The person has to have logged in just before: a session left open is not enough.
    needs_log_in: bool = False
    # If the operator asks for two persons, somebody else who may do it has to agree.
    by_two: bool = False
    undo: str = ""
    goes_on: bool = True
    # Only where the failed step is marked optional in the definition.
    is_for_optional_steps: bool = False
    scope: str = "act"
    # It decides about effects, or gives a run another past or outcome: an assistant's token needs
    # the scope `decide` for it.
    decides: bool = False
    way: str = ""
    page: str = ""
    # An agent's runs have another way to do it: a conversation goes on from a message.
    way_of_agents: bool = True

    @property
    def has_preview(self) -> bool:
        return self.preview is not None

    @property
    def slug(self) -> str:
        return self.name.replace(" ", "-")

    def needs_reason_of(self, role: Role) -> bool:
        """Whether somebody in this role has to say why: everybody where the row requires it,
        support wherever the run goes on.
        """
        return self.reason is Reason.REQUIRED or (role is Role.SUPPORT and self.goes_on)

    def needs_log_in_of(self, role: Role) -> bool:
        """Whether somebody in this role has to have logged in just before."""
        return self.needs_log_in or (role is Role.SUPPORT and self.goes_on)

    @property
    def word(self) -> str:
        """The name as it begins a sentence or stands on a button for several runs."""
        return self.name[0].upper() + self.name[1:]

    @property
    def module(self) -> str:
        return self.name.replace(" ", "_")
