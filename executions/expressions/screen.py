"""Judges an expression before it runs: what is wrong with it, what it reads, and whether its cost has a small bound.

The bound. An evaluation walks over data of weight N (nodes, long texts count more). A program without loops can use
each value as often as it names it; pipes multiply that, so `growth` is (references / stages) ** stages, the largest
product that many references can reach. A loop can at most square what is there. `growth * N ** (2 ** loops)` is
therefore an upper bound of the work, and only programs for which it is small run inside the worker.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

from executions.expressions.builtins import ALLOWED, ALLOWED_NAMES, FORMATS, LOOPS, PLAIN, REASONS
from executions.expressions.reads import input_keys
from executions.expressions.tokens import NotReadable, Token, ends_a_term, tokenize

VARIABLES = frozenset({"context", "input", "output", "secrets", "workflow", "runtime", "task"})
MAX_CHARACTERS = 16_384
# The engine's parser recurses; it was seen to overflow its stack between 2,000 and 8,000 nested levels.
MAX_TOKENS = 1_500
MAX_DEPTH = 64
_ISOLATED_OPERATORS = frozenset({"|=", "+=", "-=", "*=", "/=", "%=", "//=", "="})
_ISOLATED_KEYWORDS = frozenset({"as", "def", "reduce", "foreach", "try", "catch", "label", "break"})


@dataclass(slots=True)
class Screened:
    """What the tokens of one expression tell.

    ``names`` are the functions called, ``variables`` the names behind `$`; ``bounded`` says that the bound above
    holds; ``multiplies`` that `*` is used (text times a number grows with the number, whatever its weight);
    ``input_keys`` are the only keys of the input that are read, None where that is not known.
    """

    problems: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)
    bound_variables: set[str] = field(default_factory=set)
    variables: dict[str, int] = field(default_factory=dict)
    bounded: bool = True
    multiplies: bool = False
    loops: int = 0
    references: int = 1
    stages: int = 1
    size: int = 0
    input_keys: frozenset[str] | None = None

    @property
    def growth(self) -> float:
        """How often a value of the input can at most appear in the result."""
        stages = min(self.stages, self.references)
        return (self.references / stages) ** stages

    def say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)


def screen(source: str) -> Screened:
    """Judge ``source`` (without `${ }`); problems are collected, nothing is raised."""
    found = Screened()
    if not source.strip():
        found.say("the expression is empty; write jq, for example `.name`")
        return found
    if len(source) > MAX_CHARACTERS:
        found.say(f"the expression has {len(source)} characters; at most {MAX_CHARACTERS} are allowed")
        return found
    try:
        tokens = tokenize(source)
    except NotReadable as problem:
        found.say(str(problem))
        return found
    found.size = len(tokens)
    if len(tokens) > MAX_TOKENS:
        found.say(f"the expression has {len(tokens)} parts; at most {MAX_TOKENS} are allowed: split it over tasks")
        return found
    _collect_definitions(tokens, found)
    _judge(tokens, found)
    found.input_keys = input_keys(tokens) if found.bounded else None
    return found


def _collect_definitions(tokens: list[Token], found: Screened) -> None:
    """Names that the program itself defines: `def f(g; $x):`, and variables behind `as`, in labels and patterns."""
    for index, token in enumerate(tokens):
        if token.kind == "keyword" and token.text == "def":
            for later in tokens[index + 1 :]:
                if later.kind == "name":
                    found.defined.add(later.text)
                elif later.kind == "variable":
                    found.bound_variables.add(later.text[1:])
                    found.defined.add(later.text[1:])
                elif later.text == ":":
                    break
        elif token.kind == "keyword" and token.text in ("as", "label"):
            for later in tokens[index + 1 :]:
                if later.kind == "variable":
                    found.bound_variables.add(later.text[1:])
                elif later.text in ("|", "(") or later.kind == "keyword":
                    break
    for name in sorted(found.defined & (ALLOWED_NAMES | REASONS.keys())):
        found.say(f"`{name}` is a function of jq and cannot be defined anew; choose another name")


def _judge(tokens: list[Token], found: Screened) -> None:
    depth = 0
    groups: list[str] = []
    keywords = {token.text for token in tokens if token.kind == "keyword"}
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind == "open":
            indexes = token.text == "[" and ends_a_term(before)
            groups.append("index" if indexes else token.text)
            depth = max(depth, len(groups))
            found.loops += indexes and after is not None and after.text == "]"
            if token.text == "\\(":
                _count_quoting(found)
        elif token.kind == "close":
            groups.pop()
        elif token.kind == "name" and not _is_key(token, before, after, groups):
            _judge_call(index, tokens, found)
        elif token.kind == "variable":
            found.variables.setdefault(token.text[1:], token.at)
            found.references += 1
        elif token.kind in ("field", "quoted", "dot", "string", "number"):
            found.references += 1
        elif token.kind == "dotdot":
            found.bounded = False
        elif token.kind == "format":
            found.bounded = False
            if token.text not in FORMATS:
                found.say(_unknown("format", token.text, FORMATS, token.at))
        elif token.kind == "keyword" and not _is_key(token, before, after, groups):
            _judge_keyword(token, found)
        elif token.kind == "operator":
            _judge_operator(token, before, found)
            # Commas make several results; only in lists and between the entries of an object do they not multiply.
            if token.text == "," and (groups[-1:] not in ([], ["["], ["{"]) or "if" in keywords):
                found.bounded = False
    if depth > MAX_DEPTH:
        found.say(f"the expression is nested {depth} levels deep; at most {MAX_DEPTH} are allowed")


def _judge_call(index: int, tokens: list[Token], found: Screened) -> None:
    token = tokens[index]
    name, arguments = token.text, _arguments(index, tokens)
    signature = f"{name}/{arguments}"
    found.names.add(name)
    found.references += 1
    found.stages += 1 if arguments else 0
    if name in found.defined:
        return
    if name in ("tostring", "tojson"):
        _count_quoting(found)
    if signature in LOOPS:
        found.loops += 1
    elif signature not in PLAIN:
        found.bounded = False
    if signature in ALLOWED:
        return
    if name in REASONS:
        found.say(f"`{name}` at column {token.at + 1} is not available: {REASONS[name]}")
    elif name in ALLOWED_NAMES:
        takes = sorted(one.partition("/")[2] for one in ALLOWED if one.startswith(f"{name}/"))
        found.say(f"`{name}` at column {token.at + 1} takes {' or '.join(takes)} arguments, not {arguments}")
    else:
        found.say(_unknown("function", name, ALLOWED_NAMES | found.defined, token.at))


def _count_quoting(found: Screened) -> None:
    """Writing a value as text can double it at every stage, since quotes and backslashes are escaped again."""
    found.references += 2
    found.stages += 1


def _judge_keyword(token: Token, found: Screened) -> None:
    if token.text in ("import", "include"):
        found.say(f"`{token.text}` at column {token.at + 1}: modules are not available in a workflow")
    elif token.text in _ISOLATED_KEYWORDS:
        found.bounded = False


def _judge_operator(token: Token, before: Token | None, found: Screened) -> None:
    if token.text == "|":
        found.stages += 1
    elif token.text == "*":
        found.multiplies = True
    elif token.text == "-" and ends_a_term(before):
        found.loops += 1  # on lists it compares each with each
    elif token.text in _ISOLATED_OPERATORS:
        found.bounded = False
    elif token.text in ("::", "?//", "?//="):
        what = "modules are" if token.text == "::" else "destructuring alternatives are"
        found.say(f"`{token.text}` at column {token.at + 1}: {what} not available in a workflow")


def _arguments(index: int, tokens: list[Token]) -> int:
    """How many arguments the call at ``index`` has."""
    if index + 1 >= len(tokens) or tokens[index + 1].text != "(" or tokens[index + 1].kind != "open":
        return 0
    depth, count = 0, 1
    for token in tokens[index + 1 :]:
        depth += {"open": 1, "close": -1}.get(token.kind, 0)
        if depth == 0:
            break
        if depth == 1 and token.text == ";":
            count += 1
    return count


def _is_key(token: Token, before: Token | None, after: Token | None, groups: list[str]) -> bool:
    """Whether this word is the key of an object (`{name: …}`, or the short form `{name}`)."""
    if not groups or groups[-1] != "{" or before is None or before.text not in ("{", ","):
        return False
    return after is not None and (after.text in (":", ",", "}"))


def _unknown(what: str, name: str, known: Iterable[str], at: int) -> str:
    near = difflib.get_close_matches(name, sorted(known), n=1)
    hint = f"; did you mean `{near[0]}`?" if near else ""
    return f"unknown {what} `{name}` at column {at + 1}{hint}"
