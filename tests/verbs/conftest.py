"""The verbs are tried on runs that are driven inside the test's own process."""

from tests.driving.conftest import *  # noqa: F403
