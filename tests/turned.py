"""Settings of processes that tests start: the product's, with what ``STIGMER_TEST_TURNED`` turns.

The variable holds an object in JSON: names of settings and paths of constants
(``executions.calls.kind.CALL_RETRY_DELAYS``) with their values.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from typing import Any

from django.apps import AppConfig

from stigmer_site.settings import *  # noqa: F403
from stigmer_site.settings import INSTALLED_APPS as APPS

TURNED: dict[str, Any] = json.loads(os.environ.get("STIGMER_TEST_TURNED", "{}"))
globals().update({name: value for name, value in TURNED.items() if "." not in name})


class Turning(AppConfig):
    """Turns the constants as soon as all applications are loaded."""

    name = "tests.turned"

    def ready(self) -> None:
        # A module of settings that takes all of this one may turn more.
        turned = import_module(os.environ["DJANGO_SETTINGS_MODULE"]).TURNED
        for path, value in turned.items():
            module_name, _, constant = path.rpartition(".")
            if module_name:
                module = import_module(module_name)
                # A name that is not there any more would turn nothing.
                getattr(module, constant)
                setattr(module, constant, value)


INSTALLED_APPS = [*APPS, "tests.turned.Turning"]
