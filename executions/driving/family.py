"""The runs that several branches start or wait for at one look at their fork: what all of them need
is read once.

It serves requests that are made right after it. The next look at the fork reads anew, as rights,
workflows and runs change.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.contrib.auth.models import User

from executions.models import Execution, Workflow


@dataclass(slots=True)
class Family:
    """``children`` are by the key of the step that started them, None where it has started none;
    ``count`` is how many there are of the parent. ``workflows`` are by namespace and name, as
    ``owner`` sees them.
    """

    children: dict[str, Execution | None]
    owner: User
    count: int
    workflows: dict[tuple[str, str], Workflow] = field(default_factory=dict)

    @classmethod
    def of(cls, execution: Execution, keys: list[str]) -> Family:
        """Of this run, at the steps with these keys."""
        rows = Execution.objects.filter(parent=execution.pk)
        children = {row.parent_key: row for row in rows.filter(parent_key__in=keys)}
        owner = User.objects.get(pk=execution.owner_id)
        return cls({key: children.get(key) for key in keys}, owner, rows.count())
