"""The needs of each protocol of models in the library: a row each. Loaded in the mind alone.

Every attempt is a row of ours: clients repeat nothing, follow no redirect and ask no proxy of the
environment; and nothing of a conversation is kept by a provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx2
from pydantic_ai.models import Model
from pydantic_ai.settings import ModelSettings

from executions.mind import merging
from executions.mind.merging import Finds
from executions.mind.transport import Transport

CONNECT_SECONDS = 10.0
_NO_KEY = "none"


class NotInstalled(Exception):
    """The library that speaks a protocol is not installed: which extra is missing."""


@dataclass(frozen=True, slots=True)
class Speaks:
    """``make`` gives a model of the library for what is said of one; ``merges`` finds the text in
    an event of an answer, None where events are large; ``settings`` go with each of its requests;
    ``extra`` is what has to be installed beside Stigmer.
    """

    make: Callable[[Mapping[str, Any], httpx2.AsyncClient], Model]
    merges: Finds | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    extra: str = ""


class Protocols:
    """The clients of this process, one for each model as it is declared."""

    def __init__(self) -> None:
        self._models: dict[tuple[str, ...], Model] = {}

    def model(self, said: Mapping[str, Any]) -> tuple[Model, ModelSettings]:
        """The model, and with what its requests are made. Raises NotInstalled."""
        speaks = PROTOCOLS[said["protocol"]]
        key = tuple(str(said[name]) for name in _ASKED)
        if key not in self._models:
            try:
                self._models[key] = speaks.make(said, _http(said, speaks.merges))
            except ImportError as problem:
                raise NotInstalled(
                    f"The protocol {said['protocol']} needs the extra `{speaks.extra}`: install"
                    f" stigmer[{speaks.extra}] and start the workers anew."
                ) from problem
        limit = {"max_tokens": said["max_tokens"]} if said.get("max_tokens") else {}
        return self._models[key], cast("ModelSettings", speaks.settings | limit)


_ASKED = ("name", "protocol", "address", "key", "remote_name", "silence_seconds")


def _http(said: Mapping[str, Any], merges: Finds | None) -> httpx2.AsyncClient:
    timeout = httpx2.Timeout(float(said["silence_seconds"]), connect=CONNECT_SECONDS)
    return httpx2.AsyncClient(
        timeout=timeout, transport=Transport(merges), trust_env=False, follow_redirects=False
    )


def _openai(said: Mapping[str, Any], http: httpx2.AsyncClient) -> Any:
    from openai import AsyncOpenAI

    return AsyncOpenAI(
        base_url=said["address"],
        api_key=said["key"] or _NO_KEY,
        max_retries=0,
        timeout=http.timeout,
        http_client=http,
    )


def _openai_chat(said: Mapping[str, Any], http: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

    provider = OpenAICompatibleProvider(said["name"], openai_client=_openai(said, http))
    return OpenAIChatModel(said["remote_name"], provider=provider)


def _openai_responses(said: Mapping[str, Any], http: httpx2.AsyncClient) -> Model:
    """The thoughts of a model come sealed and go back, since nothing is kept there."""
    from pydantic_ai.models.openai import OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(openai_client=_openai(said, http))
    return OpenAIResponsesModel(said["remote_name"], provider=provider)


def _anthropic(said: Mapping[str, Any], http: httpx2.AsyncClient) -> Model:
    from anthropic import AsyncAnthropic
    from pydantic_ai.models.anthropic import AnthropicModel
    from pydantic_ai.providers.anthropic import AnthropicProvider

    client = AsyncAnthropic(
        base_url=_without_version(said["address"], "v1"),
        api_key=said["key"] or _NO_KEY,
        max_retries=0,
        timeout=http.timeout,
        http_client=http,
    )
    return AnthropicModel(said["remote_name"], provider=AnthropicProvider(anthropic_client=client))


def _google(said: Mapping[str, Any], http: httpx2.AsyncClient) -> Model:
    from pydantic_ai.models.google import GoogleModel
    from pydantic_ai.providers.google import GoogleProvider

    provider = GoogleProvider(
        api_key=said["key"] or _NO_KEY,
        base_url=_without_version(said["address"], "v1beta"),
        http_client=http,
    )
    return GoogleModel(said["remote_name"], provider=provider)


def _without_version(address: str, version: str) -> str:
    """These clients add the version themselves."""
    return address.rstrip("/").removesuffix(f"/{version}")


PROTOCOLS = {
    "openai-chat": Speaks(_openai_chat, merging.chat),
    "openai-responses": Speaks(_openai_responses, merging.responses, {"openai_store": False}),
    "anthropic": Speaks(_anthropic, merging.messages),
    "google": Speaks(_google, extra="google"),
}
