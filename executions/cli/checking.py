"""``stigmer check``: the settings, and what must not stand open where others reach the server."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management import call_command
from django.core.management.base import SystemCheckError

from executions.health.exposure import TAG


def check() -> bool:
    """Print what is wrong, each with its remedy; whether nothing is."""
    sound = [_holds(), _holds(tags=[TAG], deploy=True)]
    if all(sound):
        print("The settings are sound, and nothing stands open.")
    return all(sound)


def _holds(**options: Any) -> bool:
    try:
        call_command("check", fail_level="WARNING", verbosity=0, **options)
    except SystemCheckError as problem:
        print(problem, file=sys.stderr)
        return False
    return True
