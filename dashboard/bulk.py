"""A choice of several executions, as a page sends it: checked rows, a cause, or all that match."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict

from dashboard.words import count
from executions.bulk.beginning import Chosen
from executions.ids import parse_public_id
from executions.searching.search import Search
from executions.verbs.rows import VERBS as ROWS

VERBS = tuple(verb for verb in ROWS.values() if verb.in_bulk)


@dataclass(frozen=True, slots=True)
class Choice:
    """Checked ``rows``, or ``searches`` that all have to fit; ``what`` says which in words."""

    what: str
    rows: tuple[Chosen, ...] = ()
    searches: tuple[Search, ...] = ()
    cause: str = ""


def choice_of(sent: QueryDict, searches_of_list: Iterable[Search]) -> Choice:
    """The choice that a form means; ``searches_of_list`` are the filters of the list that it came
    from.
    """
    cause = sent.get("cause", "")
    if cause:
        search = Search(needs_attention=True, cause=cause)
        return Choice(f"all that need attention for the cause {cause}", (), (search,), cause)
    if sent.get("all") == "yes":
        typed = sent.get("back", "")[:300]
        what = f"all that match {typed}" if typed else "all executions"
        return Choice(what, (), tuple(searches_of_list))
    rows = tuple(chosen(sent.getlist("row")))
    return Choice(count(len(rows), "chosen execution"), rows)


def chosen(values: Iterable[str]) -> list[Chosen]:
    """``wex-…@17`` each; what cannot be read, and what comes twice, is left out."""
    by_id: dict[object, Chosen] = {}
    for value in values:
        name, _, seq = value.partition("@")
        execution_id = parse_public_id(name, "wex", "aex")
        if execution_id is not None and seq.isascii() and seq.isdigit() and len(seq) < 19:
            by_id.setdefault(execution_id, Chosen(execution_id, int(seq)))
    return list(by_id.values())
