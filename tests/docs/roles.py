"""The table of roles in docs/roles.md, as the policy says it; run as a module it is written."""

from __future__ import annotations

from pathlib import Path

from executions.roles import Role
from executions.verbs.row import Verb

PATH = Path(__file__).parents[2] / "docs" / "roles.md"
BEGIN, END = "<!-- roles -->\n", "<!-- end of roles -->"
ROLES = (Role.OWNER, Role.VIEWER, Role.SUPPORT, Role.ADMIN)


def table() -> str:
    from executions.policy import RIGHTS
    from executions.verbs.rows import VERBS

    lines = ["| | " + " | ".join(ROLES) + " |", "|---" * (len(ROLES) + 1) + "|"]
    for name, roles in RIGHTS.items():
        cells = [_cell(VERBS.get(name), role) if role in roles else "–" for role in ROLES]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _cell(verb: Verb | None, role: Role) -> str:
    if verb is None:
        return "yes"
    marks = "¹" * verb.needs_reason_of(role) + "²" * verb.needs_log_in_of(role)
    return f"yes {marks}".strip()


def written() -> str:
    """What stands in the page now."""
    text = PATH.read_text()
    return text[text.index(BEGIN) + len(BEGIN) : text.index(END)]


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stigmer_site.settings")
    django.setup()
    PATH.write_text(PATH.read_text().replace(BEGIN + written() + END, BEGIN + table() + END))
