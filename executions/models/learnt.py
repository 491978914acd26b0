"""Sensitive values that first appear in the result of a step, so that they are hidden in what
follows too: copied to another field, in a message, in an error.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast, Length

from executions.models.step import Step
from executions.showing import Mask
from executions.showing.mask import leaves_of

# Of more steps than so many, the newest of a run are looked at; of a list, its first runs.
MOST_STEPS = 20_000
LONGEST = 256 * 1024
MOST_RUNS = 500
MOST_VALUES = 1_000

Values = tuple[Any, ...]
# Of runs that were looked at, where they stood and what was found; the oldest is forgotten first.
_known: OrderedDict[uuid.UUID, tuple[int, Values]] = OrderedDict()
_lock = threading.Lock()


def learnt(
    masks: Mapping[uuid.UUID, Mask],
    head_seqs: Mapping[uuid.UUID, int],
    wholes: Mapping[uuid.UUID, Collection[str]],
) -> dict[uuid.UUID, Values]:
    """The sensitive values in the results of the steps of these runs, by what their masks say; one
    question for what has come since they were looked at.

    ``wholes`` names the tasks of each run whose whole result is sensitive.
    """
    with _lock:
        learnt_before = {key: _known[key] for key in masks if key in _known}
    unchanged = {
        key: values for key, (seq, values) in learnt_before.items() if seq == head_seqs[key]
    }
    new = {key: head_seqs[key] for key in masks if key not in unchanged}
    gathered = {
        key: dict.fromkeys(learnt_before[key][1] if key in learnt_before else ()) for key in new
    }
    since = {key: learnt_before[key][0] if key in learnt_before else 0 for key in new}
    for key, name, text in _results(new, since) if new else ():
        values = gathered[key]
        if len(values) < MOST_VALUES:
            values.update(dict.fromkeys(_sensitive(masks[key], text, name in wholes[key])))
    made = {key: tuple(values)[:MOST_VALUES] for key, values in gathered.items()}
    with _lock:
        for key, values_of in made.items():
            _known[key] = (new[key], values_of)
            _known.move_to_end(key)
        while len(_known) > MOST_RUNS:
            _known.popitem(last=False)
    return unchanged | made


def _sensitive(mask: Mask, text: str, is_whole: bool) -> Iterator[Any]:
    # Most results name nothing that is sensitive: they are not read as JSON.
    if not is_whole and not mask.names.may_stand_in(text):
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from leaves_of(value) if is_whole else mask.sensitive_in(value)


def _results(
    head_seqs: Mapping[uuid.UUID, int], since: Mapping[uuid.UUID, int]
) -> Iterator[tuple[uuid.UUID, str, str]]:
    """Run, name of the step and text of its result, of the steps that came ``since``."""
    left, chosen = MOST_STEPS, Q(pk__in=())
    for key, head_seq in head_seqs.items():
        if left <= 0:
            break
        chosen |= Q(execution=key, seq__gt=max(since[key], head_seq - left))
        left -= head_seq - since[key]
    rows = Step.objects.filter(chosen, output__isnull=False).order_by()
    texts = rows.annotate(text=Cast("output", TextField())).annotate(length=Length("text"))
    results = texts.filter(length__lte=LONGEST).values_list("execution_id", "name", "text")
    yield from results.iterator(chunk_size=500)
