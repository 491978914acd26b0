"""One example of every kind of task and of call: what the doors are tried with."""

from __future__ import annotations

SET = "{set: {x: '${ .x }'}}"
TASK_SAMPLES = {
    "do": f"{{do: [{{a: {SET}}}]}}",
    "set": SET,
    "switch": "{switch: [{some: {when: '${ .x }', then: end}}, {none: {then: continue}}]}",
    "for": f"{{for: {{in: '${{ [1, 2] }}'}}, do: [{{a: {SET}}}]}}",
    "fork": f"{{fork: {{branches: [{{a: {SET}}}, {{b: {SET}}}]}}}}",
    "try": (
        "{try: [{a: {raise: {error: {type: 'https://x.example/e', status: 409, title: '${ .x"
        f" }}'}}}}}}}}], catch: {{do: [{{b: {SET}}}]}}}}"
    ),
    "raise": "{raise: {error: {type: 'https://x.example/e', status: 409, title: '${ .x }'}}}",
    "wait": "{wait: {seconds: 5}}",
    "run": "{run: {workflow: {namespace: n, name: other, input: {x: '${ .x }'}}}}",
    "emit": "{emit: {event: {with: {type: t, data: {x: '${ .x }'}}}}}",
    "listen": "{listen: {to: {one: {with: {type: t}}}}}",
    "call": "{call: python, with: {function: f, arguments: {x: '${ .x }'}}}",
}
# What stands under `with`.
CALL_SAMPLES = {
    "http": "{method: get, endpoint: 'https://shop.example/{x}', query: {x: '${ .x }'}}",
    "agent": "{agent: helper, message: '${ .x }'}",
    "human": "{prompt: '${ .x }', approvers: {users: [sam]}}",
    "python": "{function: f, arguments: {x: '${ .x }'}}",
}
