"""docs/roles.md says what the policy says."""

from __future__ import annotations

from tests.docs import roles


def test_the_table_of_roles_is_the_policy():
    assert roles.written() == roles.table(), "write it anew: python -m tests.docs.roles"
