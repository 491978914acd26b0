"""Run by the scenarios beside a running server: apply the workflow on standard input, start it,
print its id.
"""

import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from executions.intake.apply import apply_definition  # noqa: E402
from executions.intake.start import start  # noqa: E402

if __name__ == "__main__":
    # An installation without the demo makes no accounts.
    owner, _ = User.objects.get_or_create(username="demo")
    print(start(apply_definition(sys.stdin.read(), owner).workflow, owner, input={}).pk.hex)
