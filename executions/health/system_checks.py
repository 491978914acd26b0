"""Django's system checks of this project: what is wrong with the settings is said before anything
starts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from executions.dispatch import QUEUE_OFF, SWITCH_ON

JSON_SERIALIZER = "rq.serializers.JSONSerializer"


@register()
def queues_speak_json(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A queue that pickles would let whoever reaches Redis run code here."""
    return [
        Error(
            f"The queue {name!r} does not use JSON.",
            hint=f"Set its SERIALIZER to {JSON_SERIALIZER}.",
            id="stigmer.E001",
        )
        for name, queue in settings.RQ_QUEUES.items()
        if queue.get("SERIALIZER") != JSON_SERIALIZER
    ]


@register()
def secrets_can_be_read(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """No workflow that declares a secret could be applied or run."""
    from executions.secret_files import SecretsUnreadable, load_rules, load_secrets

    try:
        load_secrets(settings.STIGMER_SECRETS_FILE, {})
        load_rules(settings.STIGMER_SECRETS_FILE)
    except SecretsUnreadable as problem:
        return [Error(f"{str(problem)[0].upper()}{str(problem)[1:]}.", id="stigmer.E011")]
    return []


@register()
def audit_key_can_be_read(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Nothing that is audited could be done."""
    from executions.audit import keys

    try:
        keys.ring()
    except keys.KeyUnreadable as problem:
        return [Error(problem.message, hint=problem.remedy, id="stigmer.E012")]
    return []


@register()
def artifacts_can_be_kept(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Every step that leaves a file would fail with what is said here."""
    from executions import blobs

    try:
        blobs.at(settings.STIGMER_ARTIFACTS)
    except blobs.StorageFailed as problem:
        return [Error(str(problem), id="stigmer.E013")]
    return []


@register()
def lists_of_hosts_are_understood(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """Every HTTP call would fail with what is said here."""
    from executions.calls.http.egress import Egress

    try:
        Egress.from_settings(settings.STIGMER_HTTP_ALLOWED_HOSTS, settings.STIGMER_HTTP_ONLY_HOSTS)
    except ValueError as problem:
        return [Error(f"{str(problem)[0].upper()}{str(problem)[1:]}.", id="stigmer.E010")]
    return []


@register()
def queue_is_on(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """With the queue off no run can be started."""
    if settings.STIGMER_QUEUE:
        return []
    return [Warning(f"{QUEUE_OFF}: new runs are refused.", hint=SWITCH_ON, id="stigmer.W001")]


@register()
def every_setting_is_read(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """A misspelt name, or one of an earlier version, would change nothing in silence."""
    return [Warning(what, hint=hint, id="stigmer.W003") for what, hint in settings.STIGMER_UNREAD]


@register()
def sqlite_is_for_one_host(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """SQLite serves one host with a few workers."""
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite") and settings.STIGMER_WORKERS > 4:
        hint = "Use PostgreSQL (DATABASE_URL), or at most 4 workers."
        return [
            Warning("SQLite has one writer for more than 4 workers.", hint=hint, id="stigmer.W002")
        ]
    return []


@register()
def https_needs_a_proxy(app_configs: Any, **kwargs: Any) -> Sequence[CheckMessage]:
    """This server speaks plain http: whoever speaks https stands in front and says so in
    X-Forwarded-Proto.
    """
    if not settings.STIGMER_HTTPS or settings.STIGMER_PROXIES > 0:
        return []
    hint = "Set STIGMER_PROXIES to the number of proxies in front of it, or name addresses of http."
    what = "STIGMER_URL is https, and no proxy is declared: a page would be redirected for ever."
    return [Error(what, hint=hint, id="stigmer.E008")]
