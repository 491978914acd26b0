"""Requests to the API of one server.

Everything that goes wrong is a CommandError with a line that helps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from executions.cli.exits import CommandError, ExitCode
from executions.cli.remote.address import Address, is_of_this_machine
from executions.cli.remote.problem import ServerProblem

if TYPE_CHECKING:
    import httpx

BASE = "/api/v1"
PAGE = 100
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 60.0
# The stream says something every few seconds, if only that it lives.
SILENCE_SECONDS = 45.0
JsonObject = dict[str, Any]


class Client:
    """One connection to one server; close it, or use it in a ``with``."""

    def __init__(self, address: Address) -> None:
        import httpx

        from stigmer_site import __version__

        self.address = address
        headers = {"User-Agent": f"stigmer/{__version__}", "Accept": "application/json"}
        if address.token:
            headers["Authorization"] = f"Bearer {address.token}"
        self._http = httpx.Client(
            base_url=address.server,
            headers=headers,
            timeout=httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS),
            trust_env=not is_of_this_machine(address.server),
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> JsonObject:
        return self._send("GET", path, params=_given(query))

    def post(
        self, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> JsonObject:
        return self._send("POST", path, json=body or {}, headers=headers)

    def send_text(self, path: str, text: str, **query: Any) -> JsonObject:
        """Post a definition as it stands in its file."""
        headers = {"Content-Type": "application/yaml"}
        return self._send(
            "POST", path, content=text.encode(), headers=headers, params=_given(query)
        )

    def download(self, path: str) -> bytes:
        """A file as it was sent."""
        import httpx

        try:
            response = self._http.get(BASE + path)
        except httpx.TransportError as error:
            raise ConnectionLost(self.address.server, error) from error
        if response.status_code >= 300:
            raise self._problem(response)
        return response.content

    def readiness(self) -> JsonObject:
        """The server's own account of itself, whether it is ready or not."""
        import httpx

        try:
            response = self._http.get("/readyz")
        except httpx.TransportError as error:
            raise ConnectionLost(self.address.server, error) from error
        body = _json(response)
        if not isinstance(body, dict) or "checks" not in body:
            raise (
                self._problem(response) if response.status_code >= 300 else self._stranger(response)
            )
        return body

    def patch(self, path: str, body: Any) -> JsonObject:
        return self._send("PATCH", path, json=body)

    def put(self, path: str, body: Any) -> JsonObject:
        return self._send("PUT", path, json=body)

    def delete(self, path: str) -> None:
        self._send("DELETE", path)

    def items(self, path: str, limit: int, **filters: Any) -> Iterator[JsonObject]:
        """At most ``limit`` items of a list, page after page."""
        return iter(self.some(path, limit, **filters)[0])

    def some(self, path: str, limit: int, **filters: Any) -> tuple[list[JsonObject], bool]:
        """At most ``limit`` items of a list, and whether there are more."""
        items: list[JsonObject] = []
        cursor = None
        while len(items) < limit:
            page = self.get(path, limit=min(limit - len(items), PAGE), cursor=cursor, **filters)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items, False
        return items, True

    def history(
        self, execution_path: str, after: int = 0, upto: int | None = None
    ) -> Iterator[JsonObject]:
        """The lines of a run's history whose sequence is greater than ``after``, oldest first."""
        position: int | None = after
        while position is not None and (upto is None or position < upto):
            page = self.get(f"{execution_path}/events", after=position, limit=PAGE)
            yield from (entry for entry in page["items"] if upto is None or entry["seq"] <= upto)
            position = page["next_after"]

    @contextmanager
    def lines(self, path: str, headers: Mapping[str, str]) -> Iterator[Iterator[str]]:
        """The lines of an answer that goes on. Raises ConnectionLost where it breaks off."""
        import httpx

        timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
        try:
            with self._http.stream(
                "GET", BASE + path, headers=headers, timeout=timeout
            ) as response:
                if response.status_code >= 300:
                    response.read()
                    raise self._problem(response)
                yield lines_of(response.iter_bytes())
        except httpx.TransportError as error:
            raise ConnectionLost(self.address.server, error) from error

    def _send(self, method: str, path: str, **how: Any) -> JsonObject:
        import httpx

        try:
            response = self._http.request(method, BASE + path, **how)
        except httpx.TransportError as error:
            raise ConnectionLost(self.address.server, error) from error
        if response.status_code >= 300:
            raise self._problem(response)
        if not response.content:
            return {}
        body = _json(response)
        if not isinstance(body, dict):
            raise self._stranger(response)
        return body

    def _problem(self, response: httpx.Response) -> CommandError:
        if response.is_redirect:
            target = response.headers.get("location", "").partition(BASE)[0]
            return CommandError(
                f"{self.address.server} sends us on to {target or 'another address'}.",
                remedy="Use that address with `stigmer login` or --server.",
                code=ExitCode.USAGE,
            )
        body = _json(response)
        if isinstance(body, dict) and "detail" in body:
            return ServerProblem(response.status_code, body)
        if response.status_code in (502, 503, 504):
            return CommandError(
                f"{self.address.server} is not available now ({response.status_code}).",
                remedy="Try again in a moment.",
                code=ExitCode.UNAVAILABLE,
            )
        return self._stranger(response)

    def _stranger(self, response: httpx.Response) -> CommandError:
        return CommandError(
            f"{response.url} answered {response.status_code}, but not as a Stigmer of this version"
            " does.",
            remedy="Check the address (--server, STIGMER_SERVER) and the server's version.",
        )


class ConnectionLost(CommandError):
    """The server could not be reached, or went away in the middle."""

    def __init__(self, server: str, error: Exception) -> None:
        cause = (
            re.sub(r"\[Errno -?\d+\] ", "", " ".join(str(error).split())) or type(error).__name__
        )
        remedy = "Check the address and the network."
        if is_of_this_machine(server):
            remedy = "Start it with `stigmer up`, or name another address with --server."
        self.may_have_arrived = type(error).__name__ not in ("ConnectError", "ConnectTimeout")
        super().__init__(
            f"{server} cannot be reached ({cause}).", remedy=remedy, code=ExitCode.UNAVAILABLE
        )


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines as the protocol has them: ended by CR LF or LF.

    (``str.splitlines`` would also cut at U+2028.)
    """
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode(errors="replace")


def _given(query: Mapping[str, Any]) -> JsonObject:
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in query.items()
        if value is not None and value != []
    }


def _json(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None
