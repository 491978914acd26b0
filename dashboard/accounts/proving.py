"""A provider of sign-on has to prove that it signed the answer, for us, for this log-in.

The library trusts a token that came over TLS from the provider without looking at its signature,
and asks for no nonce. Here the signature is always verified, with a key of the provider and by an
algorithm that needs one, and the token has to name the nonce that this browser was sent away with.
"""

from __future__ import annotations

import secrets
from typing import Any

import requests
import structlog
from allauth.core.internal.deferred import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop as N_

NONCE = "stigmer_nonce"
FAILED = N_("The sign-on did not succeed. Try it again.")
# An algorithm of the caller's choice would let them sign with what everybody knows.
ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
log = structlog.get_logger(__name__)


def with_nonce(request: HttpRequest) -> None:
    """Send this log-in away with a nonce of its own, and with nothing that its address asks for."""
    nonce = secrets.token_urlsafe(32)
    request.session[NONCE] = nonce
    asked = QueryDict(mutable=True)
    asked["auth_params"] = f"nonce={nonce}"
    if "next" in request.GET:
        asked["next"] = request.GET["next"]
    request.GET = asked  # type: ignore[assignment]  # the stubs know read-only ones alone


class Proving(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # the library has no types
    """Reads what the provider answers."""

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        expected = self.request.session.pop(NONCE, "")
        try:
            header = jwt.get_unverified_header(id_token)
            if header.get("alg") not in ALGORITHMS:
                raise OAuth2Error("The token is not signed by a key of the provider.")
            data: dict[str, Any] = jwt.decode(
                id_token,
                key=self._key(header.get("kid")),
                algorithms=[header["alg"]],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                options={"require": ["iss", "aud", "exp", "sub"]},
            )
        except jwt.PyJWTError as problem:
            raise OAuth2Error("The token is not one of the provider for us.") from problem
        jwtkit.verify_jti(data)
        if not expected or not constant_time_compare(str(data.get("nonce", "")), expected):
            raise OAuth2Error("The token is of another log-in.")
        return data

    def _key(self, name: object) -> Any:
        """The key of the provider of this name; without a name its only one."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = list(jwt.PyJWKSet.from_dict(answer.json()).keys)
        matching = keys if name is None else [key for key in keys if key.key_id == name]
        if len(matching) != 1:
            raise OAuth2Error("The token names no key of the provider.")
        return matching[0].key

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **more: Any) -> Any:
        if not more["response"].get("id_token"):
            raise OAuth2Error("The provider sent no token of identity.")
        login = super().complete_login(request, app, token, **more)
        claims = login.account.extra_data or {}
        subjects = {
            part["sub"]
            for part in (claims.get("userinfo"), claims.get("id_token"))
            if isinstance(part, dict) and "sub" in part
        }
        if len(subjects) > 1:
            raise OAuth2Error("The provider speaks of two people.")
        return login


def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The way back from the provider."""
    try:
        view = OAuth2CallbackView.adapter_view(Proving(request, provider_id))
        answer: HttpResponse = view(request)
    except SocialApp.DoesNotExist as missing:
        raise Http404 from missing
    except (requests.RequestException, KeyError, ValueError, TypeError) as problem:
        log.warning("the provider of sign-on does not answer as it should", problem=str(problem))
        messages.error(request, FAILED)
        return redirect("login")
    return answer
