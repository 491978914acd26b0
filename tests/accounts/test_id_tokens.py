"""A provider that lies: tokens for others, of others, of another log-in, signed by nobody."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db


@dataclass
class Provider:
    """A real server that signs what a test asks for."""

    address: str = ""
    token: str = ""
    userinfo: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    def answers(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "userinfo_endpoint": f"{self.address}/userinfo",
                "jwks_uri": f"{self.address}/keys",
            }
        if path == "/keys":
            known = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [{**known, "kid": "one", "alg": "RS256", "use": "sig"}]}
        if path == "/token":
            return {"access_token": "x", "token_type": "Bearer", "id_token": self.token}
        return self.userinfo


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    found = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.dumps(found.answers(urlsplit(self.path).path)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found.address = f"http://127.0.0.1:{server.server_address[1]}"
    settings.STIGMER_OIDC_ISSUER = found.address
    settings.STIGMER_OIDC_ROLES = {"everybody": "user"}
    providers = settings.SOCIALACCOUNT_PROVIDERS
    (app,) = providers["openid_connect"]["APPS"]
    changed = {**app["settings"], "server_url": found.address}
    app = {**app, "client_id": "stigmer", "secret": "s", "settings": changed}
    known = {**providers["openid_connect"], "APPS": [app]}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": known}
    yield found
    server.shutdown()
    server.server_close()


Sign = Callable[[Provider, dict[str, Any]], str]


def signed(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, provider.key, algorithm="RS256", headers={"kid": "one"})


def come_back(client: Client, provider: Provider, change: Any = None, sign: Sign = signed) -> str:
    """Away to the provider and back with what it signs; where that leads to."""
    start = client.post("/account/sign-on")
    asked = parse_qs(urlsplit(start["Location"]).query)
    claims = {
        "iss": provider.address,
        "aud": "stigmer",
        "sub": "u1",
        "exp": int(time.time()) + 300,
        "iat": int(time.time()),
        "nonce": asked["nonce"][0],
        "preferred_username": "nora",
        "groups": ["everybody"],
    }
    provider.userinfo = {"sub": "u1", "groups": ["everybody"], "preferred_username": "nora"}
    claims = {name: value for name, value in {**claims, **(change or {})}.items() if value}
    provider.token = sign(provider, claims)
    back = {"code": "a-code", "state": asked["state"][0]}
    return str(client.get("/account/sign-on/sso/back", back)["Location"])


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_true_answer_lets_in(provider: Provider, client: Client) -> None:
    assert come_back(client, provider) == "/"
    assert User.objects.get().username == "nora"
    assert is_in(client)


LIES = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "another-client"},
    "no audience": {"aud": None},
    "another log-in": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "an old answer": {"exp": 1_000_000_000},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_for_this_log_in_lets_nobody_in(
    lie: str, provider: Provider, client: Client
) -> None:
    assert come_back(client, provider, LIES[lie]) == "/log-in"
    assert not User.objects.exists()
    assert not is_in(client)


def by_another_key(provider: Provider, claims: dict[str, Any]) -> str:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, other, algorithm="RS256", headers={"kid": "one"})


def by_an_unknown_key(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, provider.key, algorithm="RS256", headers={"kid": "two"})


def by_nobody(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "one"})


def by_what_everybody_knows(provider: Provider, claims: dict[str, Any]) -> str:
    return jwt.encode(claims, "stigmer" * 8, algorithm="HS256", headers={"kid": "one"})


def no_token(provider: Provider, claims: dict[str, Any]) -> str:
    return "not.a.token"


def changed_on_the_way(provider: Provider, claims: dict[str, Any]) -> str:
    head, body, signature = signed(provider, claims).split(".")
    return f"{head}.{body[:-4]}AAAA.{signature}"


FORGERIES = (
    by_another_key,
    by_an_unknown_key,
    by_nobody,
    by_what_everybody_knows,
    no_token,
    changed_on_the_way,
)


@pytest.mark.parametrize("forged", FORGERIES)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    forged: Sign, provider: Provider, client: Client
) -> None:
    assert come_back(client, provider, sign=forged) == "/log-in"
    assert not User.objects.exists()


def test_the_answer_of_one_browser_is_worth_nothing_in_another(
    provider: Provider, client: Client
) -> None:
    start = Client().post("/account/sign-on")
    stolen = parse_qs(urlsplit(start["Location"]).query)["nonce"][0]
    assert come_back(client, provider, {"nonce": stolen}) == "/log-in"


def test_an_address_asks_nothing_of_the_provider(provider: Provider, client: Client) -> None:
    start = client.post("/account/sign-on?auth_params=prompt%3Dnone%26nonce%3Dmine")
    asked = parse_qs(urlsplit(start["Location"]).query)
    assert "prompt" not in asked
    assert asked["nonce"] != ["mine"]
