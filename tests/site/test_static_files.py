"""Static files: kept for ever by browsers under an address of their own, compressed, and few."""

from __future__ import annotations

import gzip
import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from stigmer_site.static_files import FOR_EVER

pytestmark = pytest.mark.django_db
ACCEPTS = {"Accept-Encoding": "gzip, br"}
COLD_BYTES = 120_000
MAIN = f"{settings.STATIC_URL}js/main.js"


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("alice"))
    return client


def test_a_page_names_its_files_by_what_they_are(client: Client) -> None:
    assert re.fullmatch(r"/static/v-[0-9a-f]{16}/", settings.STATIC_URL)
    page = client.get("/executions/").content.decode()
    assert MAIN in page
    assert not re.search(r'"/static/(?!v-)', page)


def test_browsers_keep_them_for_ever_and_a_page_of_before_an_update_is_served(
    client: Client,
) -> None:
    now = client.get(MAIN)
    assert now.headers["Cache-Control"] == FOR_EVER
    before = client.get(f"/static/v-{'0' * 16}/js/main.js")
    assert (before.status_code, before.content) == (200, now.content)
    assert before.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/v-nonsense/js/main.js").status_code == 404


def test_text_travels_compressed_to_whom_takes_it(client: Client) -> None:
    plain, packed = client.get(MAIN), client.get(MAIN, headers=ACCEPTS)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed.headers["Content-Length"] == str(len(packed.content))
    assert (
        "Accept-Encoding" in plain.headers["Vary"] and "Accept-Encoding" in packed.headers["Vary"]
    )
    refused = client.get(MAIN, headers={"Accept-Encoding": "gzip;q=0, br"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize("address", ["/", "/executions/", "/workflows/", "/inbox/", "/workers/"])
def test_a_cold_page_is_small(client: Client, address: str) -> None:
    page = client.get(address, headers=ACCEPTS)
    text = gzip.decompress(page.content).decode()
    files = set(re.findall(rf'(?:href|src)="({settings.STATIC_URL}[^"#]+)', text))
    assert any(each.endswith("/live/socket.js") for each in files)
    sizes = {each: len(client.get(each, headers=ACCEPTS).content) for each in files}
    total = len(page.content) + sum(sizes.values())
    assert total <= COLD_BYTES, (total, sorted(sizes.items(), key=lambda each: -each[1])[:5])


def test_what_a_module_imports_is_fetched_beside_it(client: Client) -> None:
    page = client.get("/workflows/apply").content.decode()
    for name in ("js/live/regions.js", "js/editor/places.js", "vendor/codemirror.min.js"):
        assert f'<link rel="modulepreload" href="{settings.STATIC_URL}{name}">' in page
    assert "vendor/codemirror" not in client.get("/").content.decode()
