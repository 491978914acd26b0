"""``STIGMER_OIDC_URL``: the provider of single sign-on in one address."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from stigmer_site.oidc import Provider, from_url


def test_an_address_says_all_of_a_provider() -> None:
    assert from_url("") == Provider(issuer="")
    plain = from_url("https://id.example.org/realms/staff")
    assert plain == Provider("https://id.example.org/realms/staff")
    assert (plain.client, plain.secret, plain.groups) == ("stigmer", "", "groups")
    whole = from_url("https://flows:s%2F%40%3F@id.example.org:8443/?name=Our%20log-in&groups=roles")
    assert whole == Provider("https://id.example.org:8443/", "flows", "s/@?", "Our log-in", "roles")


@pytest.mark.parametrize(
    "url",
    [
        "id.example.org",
        "ftp://canary@id.example.org",
        "https://",
        "https://flows:canary/x@id.example.org",
        "https://flows:12?canary@id.example.org",
        "https://flows:12#canary@id.example.org",
        "https://id.example.org?issuer=canary",
    ],
)
def test_what_is_no_provider_is_refused_and_no_part_of_a_secret_is_shown(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="STIGMER_OIDC_URL") as refused:
        from_url(url)
    assert "canary" not in str(refused.value)
