"""`manage.py rqworker` refuses: RQ's own worker would take bells that it cannot answer."""

from __future__ import annotations

from typing import Any

from django.core.management import CommandError
from django_rq.management.commands import rqworker

from executions.jobs import WrongWorker


class Command(rqworker.Command):
    """Takes the arguments of the original, so that every call of it is answered with the same
    sentence.
    """

    help = "Not for Stigmer: run `stigmer worker`."

    def execute(self, *args: Any, **options: Any) -> None:
        raise CommandError(str(WrongWorker()))
