"""``STIGMER_URL``: hosts, origins and https follow from the addresses that people use."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from stigmer_site.sites import Site, from_urls


def test_without_an_address_it_is_this_machine() -> None:
    origins = ["http://localhost:8000", "http://127.0.0.1:8000", "http://[::1]:8000"]
    assert from_urls([], 8000) == Site(["localhost", "127.0.0.1", "[::1]"], origins, False)


def test_one_address_says_host_origin_and_https() -> None:
    found = from_urls(["https://Stigmer.example.org/"], 8000)
    assert found == Site(["stigmer.example.org"], ["https://stigmer.example.org"], True)
    found = from_urls([" http://stigmer.internal:80", "http://[2001:db8::1]:8000"], 8000)
    origins = ["http://stigmer.internal", "http://[2001:db8::1]:8000"]
    assert found == Site(["stigmer.internal", "[2001:db8::1]"], origins, False)


def test_beside_https_an_address_of_http_names_a_host_and_no_origin() -> None:
    found = from_urls(["http://10.0.0.5:8000", "https://a.example:8443", "https://b.example"], 8000)
    assert found.hosts == ["10.0.0.5", "a.example", "b.example"]
    assert found.origins == ["https://a.example:8443", "https://b.example"] and found.is_https


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "stigmer.example.org",
        "https://*.example.org",
        "https://",
        "ftp://stigmer.example.org",
        "https://stigmer.example.org/flows",
        "https://stigmer.example.org?a=b",
        "https://ann:canary@stigmer.example.org",
        "https://stigmer.example.org:port",
        "https://stigmer.example.org:0",
    ],
)
def test_what_is_no_address_of_a_server_is_refused(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STIGMER_URL") as refused:
        from_urls([text], 8000)
    assert "canary" not in str(refused.value)
