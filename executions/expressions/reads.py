"""Which keys of its input an expression reads, so that a large input need not be handed over for one of them."""

from __future__ import annotations

from executions.expressions.tokens import Token, ends_a_term


def input_keys(tokens: list[Token]) -> frozenset[str] | None:
    """The keys of `.` that a bounded program reads, or None where it uses `.` in any other way.

    Behind a pipe `.` is another value. Inside the arguments of a call it may be either, so that calls with arguments
    leave the answer open.
    """
    keys: set[str] = set()
    piped = [False]
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else None
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if token.kind == "open":
            if token.text == "(" and before is not None and before.kind == "name":
                return None
            piped.append(piped[-1])
        elif token.kind == "close":
            piped.pop()
        elif token.text == "|" and token.kind == "operator":
            piped[-1] = True
        elif token.kind == "keyword" and token.text in ("if", "then", "elif", "else", "end"):
            return None
        elif token.text == "," and token.kind == "operator":
            piped[-1] = piped[-2] if len(piped) > 1 else piped[-1]
        elif piped[-1]:
            continue
        elif token.kind == "field":
            if not ends_a_term(before):
                keys.add(token.text[1:])
        elif token.kind in ("dot", "quoted") and not (token.kind == "dot" and ends_a_term(before)):
            return None
        elif token.kind == "name" and token.text not in ("true", "false", "null", "now", "uuid"):
            if before is not None and before.text in ("{", ",") and after is not None and after.text == ":":
                continue
            return None
        elif token.kind == "string" and before is not None and before.text in ("{", ","):
            return None
    return frozenset(keys)
