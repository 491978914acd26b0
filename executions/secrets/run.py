"""The secrets of one execution: who may read which, what is hidden where, and placeholders of older
journals.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from executions.errors import StigmerError, WorkflowError
from executions.secrets.forms import unsearched_forms_of
from executions.secrets.hiding import Hider
from executions.secrets.mention import names_in, reads_by_name_only
from executions.secrets.rules import Rule
from executions.secrets.sealing import Seal, labelled
from executions.secrets.texts import flat, mapped
from executions.values import dumps

Json = Any
_PLACEHOLDER = re.compile(r"stigmer-secret-(?P<nonce>[0-9A-Za-z]+)-(?P<path>(?:[0-9a-f]{2})+)-z")
NOT_DECLARED = "it is not declared; add it to the list `use.secrets` of the workflow"
NO_VALUE = "no value is configured for it on this server"


class SecretUnavailable(StigmerError):
    """A workflow asked for a secret that it may not have here; ``error`` is the DSL's error."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"secret '{name}' is not available: {reason}")
        self.error = WorkflowError.standard("authorization", str(self))


class Reading(dict[str, Any]):
    """The values behind `$secrets`; reading one that is not there is refused with the reason."""

    def __init__(
        self, values: Mapping[str, Any], reasons: Mapping[str, str], parent: str = ""
    ) -> None:
        super().__init__(values)
        self._reasons = reasons
        self._parent = parent

    def __missing__(self, name: str) -> NoReturn:
        reason = f"it has no property `{name}`" if self._parent else NOT_DECLARED
        raise SecretUnavailable(f"{self._parent}{name}", self._reasons.get(name, reason))

    def read_by(self, source: str) -> Reading:
        """The secrets that a program gets: those that it names, or all where it reads by another
        way too.

        Raises SecretUnavailable for one that is not there.
        """
        if reads_by_name_only(source):
            return Reading(
                {name: self[name] for name in names_in(source)}, self._reasons, self._parent
            )
        for name in sorted(self._reasons):
            self[name]
        return self


class Secrets:
    """The secrets of one execution.

    ``values`` are texts, or objects of texts (`$secrets.db.password`), by name: those that the
    workflow declares and may use. ``reasons`` say why it may not use others that it declares,
    ``rules`` where each may be sent. ``seal`` keeps values out of rows.

    Journals of format 1 hold placeholders. ``nonce`` (letters and digits) is part of each and has
    to be the same each time this execution is driven; nobody outside should be able to guess it.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        nonce: str,
        *,
        reasons: Mapping[str, str] | None = None,
        rules: Mapping[str, Rule] | None = None,
        seal: Seal | None = None,
    ) -> None:
        if not re.fullmatch(r"[0-9A-Za-z]{8,}", nonce):
            raise ValueError("the nonce of secrets has to be at least 8 letters and digits")
        self._values = values
        self._nonce = nonce
        self._reasons = reasons or {}
        self._rules = rules or {}
        self._seal = seal
        self._declared: frozenset[str] = frozenset()
        self._texts = flat(values)
        self._hider = Hider(self._texts)

    def placeholders(self, declared: Iterable[str]) -> Reading:
        """`$secrets` in a journal of format 1, for a workflow with these names.

        A secret that is not available is refused when it is read (:class:`SecretUnavailable`), not
        before.
        """
        self._declared = frozenset(declared)
        names = sorted(self._declared & self._values.keys())
        placeholders = {name: self._placeholder(self._values[name], name) for name in names}
        return Reading(placeholders, self._why(self._declared))

    def names(self) -> frozenset[str]:
        """The secrets that the workflow declares."""
        return frozenset(self._values.keys() | self._reasons.keys())

    def readable(self) -> Reading:
        """`$secrets` at the edge of a step: the values."""
        return Reading(
            {name: _reading(value, name) for name, value in self._values.items()}, self._reasons
        )

    def fill(self, value: Json) -> Json:
        """``value`` with each placeholder of this execution replaced by its secret, inside texts
        and keys too.
        """
        return mapped(value, self._filled)

    def redact(self, value: Json) -> Json:
        """``value`` as it may be told to people: without any secret, whose place says ``[secret
        NAME]``.
        """
        return self._hider.hide(value)

    def withholds(self, text: str, names: Iterable[str] | None = None) -> bool:
        """Whether one of these secrets, or any, stands in the text that ``redact`` does not search
        for.
        """
        roots = None if names is None else frozenset(names)
        texts = {
            path: value
            for path, value in self._texts.items()
            if roots is None or path.partition(".")[0] in roots
        }
        return any(form in text for form in unsearched_forms_of(texts))

    def kept(self, output: Json) -> Json:
        """The output of a step as it flows on, where nothing else keeps secrets out of rows."""
        return self.redact(output)

    def learn(self, computed: Json, name: str = "") -> None:
        """From now on hide what was computed on the secret ``name`` as well."""

        def learned(text: str) -> str:
            self._hider.learn(text, name)
            return text

        mapped(computed, learned)

    def sealed(self, value: Json, text: str) -> str:
        """The JSON text of ``value`` for a row, in which no secret stands; ``text`` is its plain
        JSON text.
        """
        return text if self._seal is None else self._seal.sealed(value, text, self._hider)

    def opened(self, value: Json) -> Json:
        """``value``, which comes from a row, as it was before it was sealed."""
        return value if self._seal is None else self._seal.opened(value, self._hider)

    def sealed_value(self, value: Json) -> Json:
        """``value`` in the form that a row keeps, as a value."""
        text = dumps(value)
        sealed = self.sealed(value, text)
        return value if sealed is text else json.loads(sealed)

    def labels(self) -> Reading:
        """`$secrets` where it is told: ``[secret NAME]`` in the place of each value."""
        return Reading(
            {name: _labels(value, name) for name, value in self._values.items()}, self._reasons
        )

    def told(self, *pointers: str) -> str | None:
        """Nothing is known of places here."""
        return None

    def send_to(self, host: str, port: int, names: Iterable[str] | None = None) -> None:
        """Refuse a host that these secrets, or any, may not be sent to. Raises
        SecretUnavailable.
        """
        for name in sorted(self._values if names is None else names):
            if not self._rule(name).allows_host(host, port):
                raise SecretUnavailable(
                    name, f"it may not be sent to {host}; the hosts that may get it stand beside it"
                )

    def give_to(self, function: str, names: Iterable[str] | None = None) -> None:
        """Refuse a Python function that these secrets, or any, may not be given to.

        Raises SecretUnavailable.
        """
        for name in sorted(self._values if names is None else names):
            if not self._rule(name).allows_function(function):
                reason = (
                    f"it may not be given to the function {function}; the functions that may get it"
                    " stand beside it"
                )
                raise SecretUnavailable(name, reason)

    def give_to_command(self, names: Iterable[str] | None = None) -> None:
        """Refuse to give these secrets, or any, to a command that may get no secret with a rule of
        hosts or functions. Raises SecretUnavailable.
        """
        for name in sorted(self._values if names is None else names):
            rule = self._rule(name)
            if rule.hosts is not None or rule.functions is not None:
                reason = (
                    "it may not be given to a command, as hosts or functions that may get it stand"
                    " beside it"
                )
                raise SecretUnavailable(name, reason)

    def held_back(self, text: str) -> int:
        """How many characters at the end of ``text``, which goes on, may begin a secret."""
        return self._hider.held_back(text)

    def names_behind(self, value: Json) -> frozenset[str]:
        """The secrets whose placeholders stand in the value."""
        names: set[str] = set()

        def noted(text: str) -> str:
            for match in _PLACEHOLDER.finditer(text):
                if match.group("nonce") == self._nonce:
                    names.add(
                        bytes.fromhex(match.group("path"))
                        .decode("utf-8", "replace")
                        .partition(".")[0]
                    )
            return text

        mapped(value, noted)
        return frozenset(names)

    def _rule(self, name: str) -> Rule:
        return self._rules.get(name.partition(".")[0], Rule())

    def _why(self, declared: frozenset[str]) -> dict[str, str]:
        return dict.fromkeys(declared - self._values.keys(), NO_VALUE) | dict(self._reasons)

    def _placeholder(self, value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            nested = {key: self._placeholder(item, f"{path}.{key}") for key, item in value.items()}
            return Reading(nested, dict[str, str](), f"{path}.")
        return f"stigmer-secret-{self._nonce}-{path.encode().hex()}-z"

    def _filled(self, text: str) -> str:
        if "stigmer-secret-" not in text:
            return text
        return _PLACEHOLDER.sub(self._secret_behind, text)

    def _secret_behind(self, match: re.Match[str]) -> str:
        if match.group("nonce") != self._nonce:
            return match.group()
        path = bytes.fromhex(match.group("path")).decode("utf-8", "replace")
        name = next(
            (name for name in self._declared if path == name or path.startswith(f"{name}.")), None
        )
        if name is None:
            raise SecretUnavailable(path, NOT_DECLARED)
        if path not in self._texts:
            raise SecretUnavailable(path, self._why(self._declared).get(name, NO_VALUE))
        return self._texts[path]


class Edge:
    """The secrets at the edge of one attempt.

    ``names`` are those in its arguments; ``is_old`` says that the journal has format 1: these hold
    placeholders, and rows keep outputs as they are.
    """

    def __init__(self, secrets: Secrets, names: frozenset[str], *, is_old: bool) -> None:
        self._secrets = secrets
        self._names = names
        self._is_old = is_old
        self._told: dict[str, str] = {}

    def tell(self, pointer: str, text: str) -> None:
        """The part of the arguments at this place came from a secret: ``text`` is how it may be
        told.
        """
        self._told[pointer] = text

    def told(self, *pointers: str) -> str | None:
        """How the argument at the first of these places that came from a secret may be told; None
        for none.
        """
        return next((self._told[pointer] for pointer in pointers if pointer in self._told), None)

    def labels(self) -> Reading:
        return self._secrets.labels()

    def fill(self, value: Json) -> Json:
        return self._secrets.fill(value) if self._is_old else value

    def redact(self, value: Json) -> Json:
        return self._secrets.redact(value)

    def withholds(self, text: str) -> bool:
        return self._secrets.withholds(text, self._names)

    def readable(self) -> Reading:
        """The secrets of the run, by name."""
        return self._secrets.readable()

    def kept(self, output: Json) -> Json:
        return self._secrets.redact(output) if self._is_old else output

    def learn(self, text: Json) -> None:
        for name in sorted(self._names)[:1]:
            self._secrets.learn(text, name)

    def send_to(self, host: str, port: int) -> None:
        self._secrets.send_to(host, port, self._names)

    def give_to_command(self) -> None:
        self._secrets.give_to_command(self._names)

    def held_back(self, text: str) -> int:
        return self._secrets.held_back(text)

    def give_to(self, function: str) -> None:
        self._secrets.give_to(function, self._names)


def _reading(value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    return Reading(
        {key: _reading(item, f"{path}.{key}") for key, item in value.items()}, {}, f"{path}."
    )


def _labels(value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        return f"[secret {path}]"
    return Reading(
        {key: _labels(item, f"{path}.{key}") for key, item in value.items()}, {}, f"{path}."
    )


def shown(value: Json) -> Json:
    """A value from a row as people may see it: ``[secret NAME]`` where a secret, or its
    placeholder, stands.
    """
    return mapped(value, shown_text)


def shown_text(text: str) -> str:
    """A text, or JSON text, from a row as people may see it."""
    text = labelled(text)
    return _PLACEHOLDER.sub(_label, text) if "stigmer-secret-" in text else text


def _label(match: re.Match[str]) -> str:
    return f"[secret {bytes.fromhex(match.group('path')).decode('utf-8', 'replace')}]"
