"""Breached passwords, asked of a service that learns five characters of a digest."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from executions.accounts.passwords import BreachedPasswordValidator

KNOWN, FREE = "correct horse battery staple 9", "a sentence that nobody else has"


class Service:
    """A real server with an answer that a test chooses; ``asked`` are the paths it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.status, self.body, self.location = 200, "", ""
        outer = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                body = outer.body.encode()
                self.send_response(outer.status)
                if outer.location:
                    self.send_header("Location", outer.location)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Tests are quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/range/"


def digest(password: str) -> str:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper()


@pytest.fixture
def service(settings: Any) -> Iterator[Service]:
    found = Service()
    settings.STIGMER_BREACHED_PASSWORDS_URL = found.address
    found.body = f"{'0' * 35}:12\r\n{digest(KNOWN)[5:]}:3\r\n{digest(FREE)[5:]}:0\r\n"
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_breached_password_is_refused(service: Service) -> None:
    with pytest.raises(ValidationError, match="breach"):
        validate_password(KNOWN)


def test_the_service_learns_five_characters_of_the_digest_alone(service: Service) -> None:
    BreachedPasswordValidator().validate(FREE)
    assert service.asked == [f"/range/{digest(FREE)[:5]}"]


def test_a_line_that_fills_the_answer_up_counts_for_nothing(service: Service) -> None:
    validate_password(FREE)


def test_digests_in_small_letters_are_known_too(service: Service) -> None:
    service.body = service.body.lower()
    with pytest.raises(ValidationError):
        BreachedPasswordValidator().validate(KNOWN)


@pytest.mark.parametrize("status", [302, 404, 429, 500])
def test_a_service_that_does_not_answer_keeps_nobody_out(service: Service, status: int) -> None:
    service.status = status
    service.location = "http://127.0.0.1:9/" if status == 302 else ""
    BreachedPasswordValidator().validate(KNOWN)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/", "http://[bad/", "no address"])
def test_an_address_that_leads_nowhere_keeps_nobody_out(settings: Any, address: str) -> None:
    settings.STIGMER_BREACHED_PASSWORDS_URL = address
    BreachedPasswordValidator().validate(KNOWN)


def test_of_an_endless_answer_the_beginning_is_read(service: Service) -> None:
    service.body = "x" * 3_000_000 + f"\n{digest(KNOWN)[5:]}:3"
    BreachedPasswordValidator().validate(KNOWN)


def test_without_a_service_nobody_is_asked(settings: Any) -> None:
    settings.STIGMER_BREACHED_PASSWORDS_URL = ""
    BreachedPasswordValidator().validate(KNOWN)
