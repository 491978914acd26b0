"""Django's admin for operators: every record to look at, and the dashboard's own verbs on
executions.

History is read-only for everybody. :mod:`executions.policy` says who may look: administrators, and
support, who may change nothing and recover executions.
"""

from executions.admin import (
    agents,
    audit,
    budgets,
    environments,
    events,
    journal,
    keeping,
    language_models,
    mcp_servers,
    objectives,
    people,
    processes,
    proposals,
    quarantines,
    runs,
    schedules,
    settings_shown,
    sinks,
    skills,
    workflows,
    workspaces,
)

__all__ = [
    "agents",
    "audit",
    "budgets",
    "environments",
    "events",
    "journal",
    "keeping",
    "language_models",
    "mcp_servers",
    "objectives",
    "people",
    "processes",
    "proposals",
    "quarantines",
    "runs",
    "schedules",
    "settings_shown",
    "sinks",
    "skills",
    "workflows",
    "workspaces",
]
