"""Daphne's server with our connections in place of its own."""

from __future__ import annotations

from typing import Any

from executions.bodies import SCOPE_KEY
from executions.cli.backpressure import PatientServer
from executions.cli.web.bodies import Held, Limits
from executions.cli.web.requests import BoundedFactory, BoundedRequest
from executions.cli.web.sockets import BoundedSocketFactory


class BoundedServer(PatientServer):
    """``limits`` of what arrives; ``hops`` is the number of proxies of ours in front.

    A request that was cut off reaches the application with ``scope["stigmer.refusal"]``.
    """

    def __init__(self, *arguments: Any, limits: Limits, hops: int = 0, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.held = Held(limits)
        self.hops = hops

    # Daphne makes its factories in ``run`` and goes on to use these attributes.
    @property
    def http_factory(self) -> BoundedFactory:
        return self._http_factory

    @http_factory.setter
    def http_factory(self, made: Any) -> None:
        self._http_factory = BoundedFactory(self)

    @property
    def ws_factory(self) -> BoundedSocketFactory:
        return self._ws_factory

    @ws_factory.setter
    def ws_factory(self, made: Any) -> None:
        self._ws_factory = BoundedSocketFactory(self, server=self.server_name)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Begin the application for one request or socket; its input queue."""
        if isinstance(protocol, BoundedRequest) and protocol.refusal:
            scope[SCOPE_KEY] = protocol.refusal
        return super().create_application(protocol, scope)
