"""An anchor is the beginning of the trail once its oldest entries left it: it names the last of
them.

An anchor is signed. A person who makes one without a key opens the guards for a moment, and that
shows.
"""

from __future__ import annotations

from executions.audit import keys
from executions.audit.chain import How, Problem, sign
from executions.models import AuditAnchor
from executions.values import canonical, digest


def newest() -> AuditAnchor | None:
    """The anchor at which the trail begins: the newest one that is signed. Raises KeyUnreadable."""
    return next((each for each in AuditAnchor.objects.order_by("-last_id") if is_true(each)), None)


def left_up_to() -> int:
    """The number of the last entry that left the trail; 0 where none did."""
    anchor = newest()
    return 0 if anchor is None else anchor.last_id


def problems() -> list[Problem]:
    """Anchors that nobody signed."""
    return [_problem(each) for each in AuditAnchor.objects.order_by("id") if not is_true(each)]


def signature(anchor: AuditAnchor) -> str:
    """The signature that has to stand in it; empty where its key is not here."""
    names = ("last_id", "last_hash", "entries", "file", "sha256", "key")
    key = keys.by_id(anchor.key)
    said = canonical({name: getattr(anchor, name) for name in names})
    return "" if key is None else sign(key, f"anchor\n{said}")


def is_true(anchor: AuditAnchor) -> bool:
    return bool(anchor.signature) and signature(anchor) == anchor.signature


def _problem(anchor: AuditAnchor) -> Problem:
    detail = (
        f"The anchor at entry {anchor.last_id}, which lets go of all entries up to it, is not"
        " signed with a key of this installation."
    )
    seen = digest(anchor.last_hash, [anchor.last_id, anchor.signature])[:16]
    return Problem(entry=anchor.last_id, how=How.UNSIGNED, detail=detail, seen=seen)
