"""Signing in with a name and a password, as the log-in page does: for what a token may not do, such
as making one.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from executions.cli.exits import CommandError, ExitCode
from executions.cli.remote.address import is_of_this_machine
from executions.cli.remote.client import ANSWER_SECONDS, BASE, CONNECT_SECONDS, ConnectionLost
from executions.cli.remote.problem import ServerProblem

LOG_IN, LOG_OUT = "/log-in", "/log-out"


class Session:
    """A person's session for a few requests; ended at the end of its ``with``."""

    def __init__(self, server: str, user: str, password: str) -> None:
        import httpx

        self.server = server
        self._http = httpx.Client(
            base_url=server,
            headers={
                "Origin": server,
                "Referer": f"{server}{LOG_IN}",
                "Accept": "application/json",
            },
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=not is_of_this_machine(server),
        )
        try:
            self._sign_in(user, password)
        except BaseException:
            self._http.close()
            raise

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        try:
            self._asked("POST", LOG_OUT, data={"csrfmiddlewaretoken": self._csrf()})
        except CommandError:
            pass
        finally:
            self._http.close()

    def make_token(self, name: str, scopes: list[str], days: int | None) -> dict[str, Any]:
        """A new token of this person, its secret included."""
        response = self._asked(
            "POST",
            f"{BASE}/tokens",
            json={"name": name, "scopes": scopes, "days": days},
            headers={"X-CSRFToken": self._csrf()},
        )
        body = response.json() if "json" in response.headers.get("content-type", "") else {}
        if response.status_code != 201:
            raise ServerProblem(response.status_code, body)
        token: dict[str, Any] = body
        return token

    def _sign_in(self, user: str, password: str) -> None:
        page = self._asked("GET", LOG_IN)
        if page.status_code != 200 or not self._csrf():
            raise CommandError(
                f"{self.server} has no log-in page ({page.status_code}).",
                remedy="Check the address, or keep a token that you have with --token.",
            )
        form = {"username": user, "password": password, "csrfmiddlewaretoken": self._csrf()}
        answer = self._asked("POST", LOG_IN, data=form)
        if answer.status_code != 302:
            raise CommandError(
                f"{self.server} does not know {user!r} with this password.",
                remedy="`stigmer logins` shows those of a demo installation.",
                code=ExitCode.FORBIDDEN,
            )
        if "second-factor" in answer.headers.get("location", ""):
            raise CommandError(
                f"{user} has a second factor, which a browser asks for.",
                remedy="Make a token in the control room (API tokens), and keep it with --token.",
                code=ExitCode.FORBIDDEN,
            )

    def _asked(self, method: str, path: str, **how: Any) -> Any:
        import httpx

        try:
            return self._http.request(method, path, **how)
        except httpx.TransportError as error:
            raise ConnectionLost(self.server, error) from error

    def _csrf(self) -> str:
        """The cookie's name carries the port, so that two servers of one host keep apart: its end
        is what is known.
        """
        tokens = [
            cookie.value for cookie in self._http.cookies.jar if cookie.name.endswith("-csrf")
        ]
        return tokens[-1] or "" if tokens else ""
