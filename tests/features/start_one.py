"""Run by the scenarios beside a running server: apply the workflow on standard input, start it, print its id."""

import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from executions.intake.apply import apply_definition  # noqa: E402
from executions.intake.start import start  # noqa: E402

if __name__ == "__main__":
    owner = User.objects.get(username="demo")
    print(start(apply_definition(sys.stdin.read(), owner).workflow, owner, input={}).pk.hex)
