"""The one place that knows the library which speaks to models; loaded in the mind alone.

Our messages become the library's at this edge, and its answers become ours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx2
from pydantic_ai import exceptions
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from executions.mind.errors import Problem, RequestFailed, Why
from executions.mind.heard import Heard
from executions.mind.messages import FORMAT, Message
from executions.mind.protocols import NotInstalled, Protocols

# Bytes that only keep a connection alive are no progress after so long.
PROGRESS_SECONDS = 600.0
# The protocol of messages that do not say theirs.
_FIRST_PROTOCOL = "openai-chat"
# Waiting only repeats what these say.
_CLASSES: tuple[tuple[type[Exception], Why], ...] = (
    (exceptions.ModelQuotaExceededError, Why.QUOTA),
    (exceptions.ModelRateLimitError, Why.RATE_LIMITED),
    (exceptions.ModelUnavailableError, Why.OVERLOADED),
    (exceptions.ModelServerError, Why.SERVER),
    (exceptions.ModelAuthenticationError, Why.KEY),
    (exceptions.ModelNotFoundError, Why.NOT_FOUND),
    (exceptions.ModelContextWindowExceededError, Why.TOO_LONG),
    (exceptions.ModelTimeoutError, Why.SILENT),
    (exceptions.ModelConnectionError, Why.UNREACHABLE),
    (exceptions.ModelRequestRejectedError, Why.REJECTED),
)


class Library:
    """The requests of this process to models."""

    def __init__(self) -> None:
        self._protocols = Protocols()

    async def answer(self, asked: Mapping[str, Any], tell: Callable[[Heard], None]) -> Message:
        """The model's message to a request; ``tell`` hears each piece of it as it comes. Raises
        RequestFailed.
        """
        begun = False
        try:
            model, settings = self._protocols.model(asked["model"])
            async with (
                asyncio.timeout(PROGRESS_SECONDS) as patience,
                model_request_stream(
                    model,
                    messages_for(asked, model.system),
                    model_settings=settings,
                    model_request_parameters=_parameters(asked["tools"]),
                ) as stream,
            ):
                begun = True
                async for event in stream:
                    patience.reschedule(asyncio.get_running_loop().time() + PROGRESS_SECONDS)
                    tell(_heard(event))
            response = stream.get()
        except NotInstalled as problem:
            raise RequestFailed(Problem(Why.REJECTED, str(problem), is_sent=False)) from problem
        except Exception as error:
            raise RequestFailed(_problem(error, begun, asked["model"])) from error
        return _checked(response, asked["model"])


def _parameters(tools: Sequence[Mapping[str, Any]]) -> ModelRequestParameters:
    offered = [
        ToolDefinition(
            name=tool["name"],
            description=tool["description"],
            parameters_json_schema=tool["parameters"],
        )
        for tool in tools
    ]
    return ModelRequestParameters(function_tools=offered)


def messages_for(asked: Mapping[str, Any], system: str) -> list[ModelMessage]:
    """The conversation in the library's form; ``system`` is what it calls the provider."""
    messages: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart(asked["instructions"])])]
    make: dict[str, Callable[[Message], Any]] = {
        "user": lambda message: UserPromptPart(message["text"]),
        "tool": _returned,
    }
    for message in asked["messages"]:
        if message["role"] == "assistant":
            messages.append(_response(message, asked["model"], system))
            continue
        part = make[message["role"]](message)
        last = messages[-1]
        if isinstance(last, ModelRequest):
            messages[-1] = ModelRequest(parts=[*last.parts, part])
        else:
            messages.append(ModelRequest(parts=[part]))
    return messages


def _returned(message: Message) -> ToolReturnPart:
    outcome: Any = "failed" if message["failed"] else "success"
    return ToolReturnPart(message["name"], message["text"], message["call"], outcome=outcome)


def _response(message: Message, model: Mapping[str, Any], system: str) -> ModelResponse:
    """Thoughts of a model, and its provider's marks, go back only to the model that they came from:
    another one refuses them.
    """
    protocol = message.get("provider", {}).get("protocol", _FIRST_PROTOCOL)
    own = message.get("model") == model["name"] and protocol == model["protocol"]
    make: dict[str, Callable[[Mapping[str, Any], dict[str, Any]], Any]] = {
        "text": _text_part,
        "call": _call_part,
        "thinking": _thinking_part,
    }
    parts = [
        make[part["type"]](part, _marks_of(part, system) if own else {})
        for part in message["parts"]
        if own or part["type"] != "thinking"
    ]
    return ModelResponse(parts=parts, provider_name=system if own else None)


def _marks_of(part: Mapping[str, Any], system: str) -> dict[str, Any]:
    """The marks that the provider of a part needs back with it."""
    details = part.get("details")
    return {"provider_name": system} | ({"provider_details": details} if details else {})


def _text_part(part: Mapping[str, Any], marks: dict[str, Any]) -> TextPart:
    return TextPart(part["text"], **marks)


def _call_part(part: Mapping[str, Any], marks: dict[str, Any]) -> ToolCallPart:
    arguments = part["arguments"]
    # A text that is no JSON object would be refused by the provider; the model is told of it in the
    # result.
    arguments = arguments if isinstance(arguments, dict) else {}
    return ToolCallPart(part["name"], arguments, part["id"], **marks)


def _thinking_part(part: Mapping[str, Any], marks: dict[str, Any]) -> ThinkingPart:
    return ThinkingPart(part["text"], id=part.get("id"), signature=part.get("signature"), **marks)


def _heard(event: Any) -> Heard:
    """The part that one event of the stream adds to the answer."""
    part, delta = getattr(event, "part", None), getattr(event, "delta", None)
    if event.event_kind == "part_start":
        if isinstance(part, TextPart):
            return Heard(text=part.content, pieces=1)
        if isinstance(part, ThinkingPart):
            return Heard(thinking=len(part.content), pieces=1)
        if isinstance(part, ToolCallPart):
            written = len(part.args) if isinstance(part.args, str) else 0
            return Heard(tool=part.tool_name, arguments=written, pieces=1)
    kind = getattr(delta, "part_delta_kind", "")
    if kind == "tool_call":
        args_delta = getattr(delta, "args_delta", None)
        return Heard(arguments=len(args_delta) if isinstance(args_delta, str) else 0, pieces=1)
    text = str(getattr(delta, "content_delta", "") or "")
    return Heard(thinking=len(text), pieces=1) if kind == "thinking" else Heard(text, pieces=1)


def _checked(response: ModelResponse, model: Mapping[str, Any]) -> Message:
    """Our message. Raises RequestFailed where it is none that a run can go on with."""
    message = _message(response, model)
    details, usage = response.provider_details or {}, message["usage"]
    if details.get("refusal"):
        said = str(details["refusal"])
        raise RequestFailed(
            Problem(Why.REFUSED, f"The model refused to answer: {said}", usage=usage)
        )
    if response.finish_reason == "content_filter":
        detail = "The provider's content filter stopped the answer."
        raise RequestFailed(Problem(Why.FILTERED, detail, usage=usage))
    if response.finish_reason == "length":
        detail = (
            f"The answer was cut at its limit after {usage['output_tokens']:,} tokens. Raise the"
            " limit of the model, or ask for less at once."
        )
        raise RequestFailed(Problem(Why.LENGTH, detail, usage=usage))
    if response.finish_reason is None:
        raise RequestFailed(Problem(Why.CUT, "The connection ended before the answer did."))
    return message


def _message(response: ModelResponse, model: Mapping[str, Any]) -> Message:
    parts: list[dict[str, Any]] = []
    for part in response.parts:
        if isinstance(part, TextPart):
            parts.append({"type": "text", "text": part.content, **_details(part)})
        elif isinstance(part, ThinkingPart):
            marks = {"id": part.id, "signature": part.signature}
            present_marks = {name: value for name, value in marks.items() if value is not None}
            parts.append(
                {"type": "thinking", "text": part.content, **present_marks, **_details(part)}
            )
        elif isinstance(part, ToolCallPart):
            call = {"type": "call", "id": part.tool_call_id, "name": part.tool_name}
            parts.append(call | {"arguments": _arguments(part.args)} | _details(part))
    usage = response.usage
    return {
        "role": "assistant",
        "format": FORMAT,
        "parts": parts,
        "finish": response.finish_reason,
        "usage": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "cached_tokens": usage.cache_read_tokens,
            "reasoning_tokens": usage.output_reasoning_tokens,
        },
        "model": model["name"],
        "provider": {
            "protocol": model["protocol"],
            "model": response.model_name,
            "response_id": response.provider_response_id,
        },
    }


def _details(part: TextPart | ThinkingPart | ToolCallPart) -> dict[str, Any]:
    return {"details": part.provider_details} if part.provider_details else {}


def _arguments(arguments: Any) -> dict[str, Any] | str:
    """An object, or the text as it came where it is none."""
    if not isinstance(arguments, str):
        return dict(arguments or {})
    try:
        read = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments
    return read if isinstance(read, dict) else arguments


def _problem(error: Exception, begun: bool, model: Mapping[str, Any]) -> Problem:
    why = next((why for kind, why in _CLASSES if isinstance(error, kind)), None)
    status = int(getattr(error, "status_code", 0) or 0)
    retry_after = getattr(error, "retry_after", None)
    causes = list(_causes(error))
    if isinstance(error, TimeoutError):
        why = Why.SILENT
    elif any(isinstance(cause, httpx2.ConnectTimeout | httpx2.ConnectError) for cause in causes):
        why = Why.UNREACHABLE
    elif any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
        why = Why.SILENT
    elif begun and (
        why is Why.UNREACHABLE
        or any(isinstance(cause, httpx2.TransportError) for cause in causes)
        or isinstance(error, exceptions.UnexpectedModelBehavior)
    ):
        why = Why.CUT
    elif why is None and any(isinstance(cause, httpx2.TransportError) for cause in causes):
        why = Why.UNREACHABLE
    why = why or _by_status(status)
    return Problem(why, _detail(why, error, model), status, retry_after)


def _by_status(status: int) -> Why:
    if status >= 500 or status == 408:
        return Why.OVERLOADED if status == 529 else Why.SERVER
    return Why.REJECTED if status >= 300 else Why.INTERNAL


def _detail(why: Why, error: Exception, model: Mapping[str, Any]) -> str:
    name = model["name"]
    if why is Why.SILENT:
        return f"The model {name} said nothing for {model['silence_seconds']:g} s."
    if why is Why.CUT:
        return f"The connection to the model {name} was cut in the middle of its answer."
    said = _said(error)
    return f"The model {name}: {why}" + (f": {said}" if said else ".")


def _said(error: Exception) -> str:
    """The words of the other side, else those of the library."""
    body = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        said = inner.get("message") if isinstance(inner, dict) else inner
        if said:
            return str(said)[:2_000]
    causes = list(_causes(error))
    return f"{type(causes[-1]).__name__}: {causes[-1]}"[:2_000]


def _causes(error: BaseException) -> list[BaseException]:
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    return causes
