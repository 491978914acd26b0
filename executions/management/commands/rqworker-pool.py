"""`manage.py rqworker-pool` refuses, as `rqworker` does."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.core.management import CommandError

from executions.jobs import WrongWorker

_original = import_module("django_rq.management.commands.rqworker-pool")


class Command(_original.Command):  # type: ignore[misc, name-defined]
    """Takes the arguments of the original, so that every call of it is answered with the same
    sentence.
    """

    help = "Not for Stigmer: run `stigmer worker`, or `stigmer up` for several."

    def execute(self, *args: Any, **options: Any) -> None:
        raise CommandError(str(WrongWorker()))
