"""The secrets of this server: what they are, and who may use them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User

from executions import logs, policy
from executions.models import WorkflowVersion
from executions.models.resource import Visibility
from executions.secret_files import load_rules, load_secrets, not_searched
from executions.secrets import FOR_ADMINISTRATORS, Applicant, Rule, not_allowed
from executions.secrets.hiding import Hider
from executions.secrets.texts import flat

log = structlog.get_logger(__name__)


@lru_cache(maxsize=1)
def known_secrets() -> Mapping[str, Any]:
    """The values by name; read once in a process. Its log hides them from then on.

    Raises :class:`executions.secret_files.SecretsUnreadable`."""
    values = load_secrets(settings.STIGMER_SECRETS_FILE, os.environ)
    for name, reason in sorted(not_searched(values).items()):
        log.warning(
            "a secret is not hidden where data that holds its value is shown: it would hide what is"
            " none",
            secret=name,
            reason=reason,
        )
    logs.hide_in_all(Hider(flat(values)).hide)
    return values


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """Whose the secrets are, by name; read once in a process. Raises SecretsUnreadable."""
    return load_rules(settings.STIGMER_SECRETS_FILE)


def applicant(user: User, workflow: str, visibility: str) -> Applicant:
    """This person, as who applies a workflow of this slug."""
    groups = frozenset(user.groups.values_list("name", flat=True))
    slug = workflow if visibility == Visibility.SHARED else ""
    return Applicant(user.get_username(), groups, policy.is_admin(user), user.is_active, slug)


def author_of(version_id: Any) -> Applicant:
    """The person who applied a version, with the rights of now."""
    version = WorkflowVersion.objects.select_related("created_by", "workflow").get(pk=version_id)
    return applicant(version.created_by, version.workflow.slug, version.workflow.visibility)


def why_not(name: str, who: Applicant) -> str:
    """Why a workflow that this person applied may not use the secret; empty where it may."""
    return "" if rules().get(name, FOR_ADMINISTRATORS).allows(who) else not_allowed(who)
