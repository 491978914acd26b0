"""Whose a secret is: who may use it, and where it may be sent. Declared beside it."""

from __future__ import annotations

from dataclasses import dataclass

from executions.hosts import Hosts


@dataclass(frozen=True, slots=True)
class Applicant:
    """The applicant for a secret: the person who applied a workflow, and the workflow itself.

    ``workflow`` is its slug where it is shared, empty where it is private: of a private one anybody
    may have the name.
    """

    name: str
    groups: frozenset[str] = frozenset()
    is_admin: bool = False
    is_active: bool = True
    workflow: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """Users, groups and workflows by name; where none is named, administrators alone may use it.

    ``hosts`` are the only ones that it may be sent to, and ``functions`` the only Python functions
    that may get it; where neither is named it may go anywhere.
    """

    owners: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    workflows: frozenset[str] = frozenset()
    hosts: Hosts | None = None
    functions: frozenset[str] | None = None

    def allows(self, applicant: Applicant) -> bool:
        """Whether a workflow that this person applied may use the secret."""
        if applicant.workflow and applicant.workflow in self.workflows:
            return True
        if not applicant.is_active:
            return False
        return (
            applicant.is_admin
            or applicant.name in self.owners
            or bool(self.groups & applicant.groups)
        )

    def allows_host(self, host: str, port: int) -> bool:
        """Whether it may be sent to this host."""
        return self.hosts.covers(host, port) if self.hosts is not None else self.functions is None

    def allows_function(self, name: str) -> bool:
        """Whether the registered Python function may get it."""
        return name in self.functions if self.functions is not None else self.hosts is None


FOR_ADMINISTRATORS = Rule()


def not_allowed(applicant: Applicant) -> str:
    """Why a workflow may not use a secret, in words that do not tell whether the secret exists."""
    return (
        f"a workflow that {applicant.name} applied may not use it; an administrator can allow that"
        " beside the secret (owners, groups, workflows), or apply the workflow"
    )
