"""The language of pages: a person's own choice, else the browser's; what programs read is English."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from stigmer_site.languages import of_the_browser

pytestmark = pytest.mark.database
As = Callable[[User], Client]
GERMAN = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-AT,en;q=0.5", "de"),
        ("fr,de;q=0.5,en;q=0.4", "de"),
        ("fr", "en"),
        ("*", "en"),
        ("x" * 600, "en"),
        ("en-GB,de;q=0.9", "en"),
    ],
)
def test_of_the_languages_of_the_browser_the_first_that_pages_speak_counts(
    header: str, language: str
) -> None:
    assert of_the_browser(header) == language


def test_a_page_says_in_which_language_it_is_and_that_it_depends_on_the_browser(
    alice: User, as_: As
) -> None:
    page = as_(alice).get("/inbox/", headers=GERMAN)
    assert '<html lang="de"' in page.content.decode()
    assert page.headers["Content-Language"] == "de"
    assert "Accept-Language" in page.headers["Vary"]
    assert '<html lang="en"' in as_(alice).get("/inbox/").content.decode()
    assert '<html lang="de"' in Client().get("/log-in", headers=GERMAN).content.decode()


def test_what_a_person_chose_counts_more_than_the_browser(alice: User, as_: As) -> None:
    client = as_(alice)
    client.post("/settings/", {"language": "en"})
    assert '<html lang="en"' in client.get("/inbox/", headers=GERMAN).content.decode()
    client.post("/settings/", {"language": "de"})
    assert '<html lang="de"' in client.get("/inbox/").content.decode()
    assert client.post("/settings/", {"language": "tlh"}).status_code == 400


def test_what_programs_read_stays_english(alice: User, as_: As) -> None:
    client = as_(alice)
    client.post("/settings/", {"language": "de"})
    for address in ("/api/v1/workflows/unknown", "/healthz", "/metrics"):
        assert "Content-Language" not in client.get(address, headers=GERMAN).headers, address
