"""For whom values are shown now.

A request has one reader. Until it is known which run is shown, a reader who may be shown masked
values only is shown no others: a door that forgets to say which run it shows hides too much, not
too little. Without a reader (in a worker, a test) values are shown whole, secrets hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from executions import secrets
from executions.showing.mask import Mask


@dataclass(slots=True)
class Sight:
    """The sight of one reader. ``usual`` gives the mask while no run was named (None: none); after
    ``look`` the masks of the named runs count, all together.
    """

    usual: Callable[[], Mask | None]
    # Gives the person who reads, if it is one.
    reader: Callable[[], Any] | None = None
    has_looked: bool = False
    mask: Mask | None = None
    # The masks of the rows of a list, by their subject.
    known: dict[Any, Mask | None] = field(default_factory=dict)

    def look(self, mask: Mask | None) -> None:
        """One more run is shown, of which ``mask`` hides (None: nothing)."""
        if self.mask is not None and mask is not None:
            mask = self.mask.joined(mask)
        self.mask = mask or self.mask
        self.has_looked = True

    def hides(self) -> Mask | None:
        """The mask that holds now; None for none."""
        if not self.has_looked:
            # Asked once: it holds as long as no run is named.
            mask = self.usual()
            self.usual = lambda: mask
            return mask
        return self.mask


_now: ContextVar[Sight | None] = ContextVar("stigmer_sight", default=None)


@contextmanager
def reading(sight: Sight) -> Iterator[None]:
    """Within, values are shown to this reader."""
    token = _now.set(sight)
    try:
        yield
    finally:
        _now.reset(token)


@contextmanager
def masked(mask: Mask | None) -> Iterator[None]:
    """Within, values are shown with this mask; None for none, whoever reads otherwise."""
    with reading(Sight(lambda: mask)):
        yield


def looked_at(mask: Mask | None) -> None:
    """The reader is shown one more run, of which ``mask`` hides."""
    sight = _now.get()
    if sight is not None:
        sight.look(mask)


def now() -> Sight | None:
    """Whose sight it is that values are shown to; None where there is no reader."""
    return _now.get()


def whole() -> bool:
    """Whether values are shown whole: nothing is masked."""
    return _hides() is None


def value(value: Any) -> Any:
    """A JSON value of a run as its reader may see it."""
    shown, mask = secrets.shown(value), _hides()
    return shown if mask is None else mask.value(shown)


def text(text: str) -> str:
    """A text of a run as its reader may see it."""
    shown, mask = secrets.shown_text(text), _hides()
    return shown if mask is None else mask.text(shown)


def _hides() -> Mask | None:
    sight = _now.get()
    return None if sight is None else sight.hides()
