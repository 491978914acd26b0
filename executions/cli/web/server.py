"""Daphne's server with our connections in place of its own."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from twisted.internet.defer import Deferred

from executions.cli.backpressure import PatientServer
from executions.cli.web.bodies import Held, Limits
from executions.cli.web.requests import BoundedFactory, BoundedRequest
from executions.cli.web.sockets import BoundedSocket, BoundedSocketFactory
from executions.clients.bodies import SCOPE_KEY
from executions.live.closing import say_farewell
from executions.live.texts import TOGETHER

# Requests that are under way when the server is asked to stop get so long; the rest is broken off.
FAREWELL_SECONDS = 5.0
LOOK_SECONDS = 0.05
log = structlog.get_logger(__name__)


class BoundedServer(PatientServer):
    """``limits`` of what arrives; ``hops`` is the number of proxies of ours in front.

    A request that was cut off reaches the application with ``scope["stigmer.refusal"]``.
    """

    def __init__(self, *arguments: Any, limits: Limits, hops: int = 0, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.held = Held(limits)
        self.hops = hops
        self._ports: list[Any] = []

    def listen_success(self, port: Any) -> None:
        """Keep the port, to close it before anything else ends."""
        self._ports.append(port)
        super().listen_success(port)

    def kill_all_applications(self) -> Any:
        """Asked to stop.

        Nobody new comes in, streams and sockets say their last word, requests come to their end.
        """
        ended = Deferred.fromFuture(asyncio.ensure_future(self._end_in_order()))
        kill = super().kill_all_applications
        ended.addBoth(lambda _: kill())
        return ended

    async def _end_in_order(self) -> None:
        for port in self._ports:
            port.stopListening()
        try:
            say_farewell()
        except Exception:
            log.exception("not all could be told that the server stops")
        for _ in range(int(FAREWELL_SECONDS / LOOK_SECONDS)):
            if all(each["application_instance"].done() for each in list(self.connections.values())):
                return
            await asyncio.sleep(LOOK_SECONDS)

    # Daphne makes its factories in ``run`` and goes on to use these attributes.
    @property
    def http_factory(self) -> BoundedFactory:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, factory: Any) -> None:
        self._http_factory = BoundedFactory(self)

    @property
    def ws_factory(self) -> BoundedSocketFactory:
        return self._ws_factory

    @ws_factory.setter
    def ws_factory(self, factory: Any) -> None:
        self._ws_factory = BoundedSocketFactory(self, server=self.server_name)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Begin the application for one request or socket; its input queue."""
        if isinstance(protocol, BoundedRequest) and protocol.refusal:
            scope[SCOPE_KEY] = protocol.refusal
        if isinstance(protocol, BoundedSocket):
            scope["extensions"] = {TOGETHER: {}}
        return super().create_application(protocol, scope)
