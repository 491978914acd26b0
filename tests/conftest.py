"""What every test may use.

The services start once, in the process that was called, and stop with it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import redis
from django.conf import settings
from django.db.backends.base.operations import BaseDatabaseOperations

from executions.audit import guards
from executions.driving.attempts import turn
from tests import services
from tests import settings as test_settings
from tests.live import LiveStigmer, stigmer_up

# Hooks of pytest.
from tests.server_logs import pytest_runtest_makereport as pytest_runtest_makereport
from tests.server_logs import pytest_runtest_setup as pytest_runtest_setup
from tests.waiting import PAGE_SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# A busy machine makes inputs slowly, and no test is about how fast.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

_running = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    if config.option.collectonly or config.option.help or not services.is_first_process():
        return
    stack = config.stash[_running] = ExitStack()
    folder = test_settings.TEST_FOLDER
    stack.enter_context(services.redis_server(folder, folder / "redis.sock"))
    if test_settings.TEST_DATABASE == "postgres":
        stack.enter_context(services.postgres_server(folder / "postgres"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if _running in config.stash:
        config.stash[_running].close()


@pytest.fixture(autouse=True)
def no_test_leaves_a_database_that_only_reads() -> Iterator[None]:
    """A command that looks on makes its process one that writes nothing."""
    yield
    assert not settings.DATABASES["default"]["OPTIONS"].get("reads_only")


@pytest.fixture(autouse=True)
def patience_for_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that drives in its own process has no worker that would wake a call in line for a
    function process: on a busy machine a process takes longer to start than a call waits in its
    place.
    """
    monkeypatch.setattr(turn, "IN_PLACE_SECONDS", 20.0)


@pytest.fixture(autouse=True, scope="session")
def tables_with_guards_can_be_emptied() -> Iterator[None]:
    """Between tests with transactions of their own Django empties all tables, which the triggers of
    the audit trail refuse; what follows a migrate makes them again.
    """
    empty = BaseDatabaseOperations.execute_sql_flush

    def unguarded(self: Any, statements: Any) -> Any:
        guards.remove()
        return empty(self, statements)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", unguarded)
        yield


@pytest.fixture(autouse=True)
def nothing_is_signed_off_yet() -> None:
    """The tables are as before each test, so that the file beside them has to be too."""
    settings.STIGMER_AUDIT_HEADS_FILE.unlink(missing_ok=True)


@pytest.fixture
def redis_client() -> Iterator[redis.Redis]:
    """This process's database of the run's real Redis, emptied before the test."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
        yield client


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path leaves room for the name of a socket (107 characters in all)."""
    with tempfile.TemporaryDirectory(prefix="stigmer-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def live_stigmer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveStigmer]:
    """``stigmer up`` in an empty data folder; one for the whole run, so leave it as healthy as it
    was.

    Its name has what means something in addresses and in shells.
    """
    with stigmer_up(tmp_path_factory.mktemp("live") / "hòme #1 ?x=%41 'q'") as live:
        yield live


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, driven by playwright.

    Not for the whole run: its event loop would be in others' way.
    """
    from playwright.sync_api import expect, sync_playwright

    from tests.chromium import FLAGS, find

    path = find()
    if path is None:
        pytest.fail(
            "The browser tests need Chromium: run `make test`, which installs it, or set CHROMIUM"
            " to its path."
        )
    # By itself it waits five seconds, less than a page takes on a busy machine.
    expect.set_options(timeout=PAGE_SECONDS * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page of its own: no cookies, no cache. Errors in its console fail the test."""
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(PAGE_SECONDS * 1000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert not problems, f"Errors in the page: {problems}"
