"""What an expression may call: the allow-list, what each name costs, and definitions of what the engine lacks.

Names and meanings: jq manual 1.7 (https://jqlang.org/manual/). A name that is not here is unknown to authors, and
what would show them the worker (environment, files, clock zone, standard streams) is shadowed besides.
"""

from __future__ import annotations


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


# One pass over their input at most, and never more than one result for each result of their arguments.
PLAIN = names(
    """
    empty/0 error/0 error/1 not/0 length/0 utf8bytelength/0 keys/0 keys_unsorted/0 has/1 type/0 tostring/0 tonumber/0
    tojson/0 floor/0 ceil/0 round/0 abs/0 fabs/0 trunc/0 sqrt/0 ascii_downcase/0 ascii_upcase/0 startswith/1
    endswith/1 ltrimstr/1 rtrimstr/1 trimstr/1 trim/0 ltrim/0 rtrim/0 split/1 select/1 first/0 last/0 reverse/0
    values/0 nulls/0 booleans/0 numbers/0 strings/0 arrays/0 objects/0 iterables/0 scalars/0 true/0 false/0 null/0
    now/0 uuid/0 todate/0 toarray/0
    """
)
# They look at every element, so that what they cost may grow with the square of their input.
LOOPS = names(
    """
    add/0 add/1 any/0 any/1 all/0 all/1 map/1 map_values/1 to_entries/0 from_entries/0 with_entries/1 sort/0 sort_by/1
    group_by/1 unique/0 unique_by/1 min/0 max/0 min_by/1 max_by/1 join/1 flatten/0 contains/1 inside/1 index/1
    rindex/1 indices/1 explode/0 implode/0
    """
)
# Whatever can run on, recurse, or grow without bound: only in a child process, under a deadline.
ISOLATED = names(
    """
    range/1 range/2 range/3 while/2 until/2 repeat/1 recurse/0 recurse/1 recurse/2 limit/2 skip/2 first/1 last/1 nth/1
    nth/2 any/2 all/2 isempty/1 paths/0 paths/1 leaf_paths/0 path/1 getpath/1 setpath/2 delpaths/1 del/1 pick/1
    walk/1 transpose/0 in/1 combinations/0 combinations/1 flatten/1 split/2 splits/1 splits/2
    test/1 test/2 match/1 match/2 capture/1 capture/2 scan/1 scan/2 sub/2 sub/3 gsub/2 gsub/3 ascii/0 bsearch/1
    tostream/0 fromstream/1 truncate_stream/1 fromjson/0 fromdate/0 dateadd/2 datesub/2 date/0
    fromdateiso8601/0 todateiso8601/0 strftime/1 strptime/1 gmtime/0 mktime/0 infinite/0 nan/0 isinfinite/0 isnan/0
    isnormal/0 finites/0 normals/0 pow/2 log/0 log2/0 log10/0 exp/0 exp2/0 exp10/0 IN/1 IN/2 INDEX/1 INDEX/2
    isvalid/1 toboolean/0
    """
)
ALLOWED = PLAIN | LOOPS | ISOLATED
ALLOWED_NAMES = frozenset(signature.partition("/")[0] for signature in ALLOWED)
FORMATS = names("@text @json @csv @tsv @html @uri @sh @base64 @base64d")

REASONS = {
    "env": "the environment of the server is not readable from a workflow",
    "input": "there is one input, `.`",
    "inputs": "there is one input, `.`",
    "halt": "an expression cannot stop the server; use the task `raise`",
    "halt_error": "an expression cannot stop the server; use the task `raise`",
    "debug": "an expression cannot write to the log of the server",
    "stderr": "an expression cannot write to the log of the server",
    "localtime": "the time zone of the server is not readable from a workflow; use `gmtime`",
    "strflocaltime": "the time zone of the server is not readable from a workflow; use `strftime`",
}
_FORBIDDEN = names(
    """
    env/0 input/0 inputs/0 input_filename/0 input_line_number/0 halt/0 halt/1 halt_error/0 halt_error/1 debug/0 debug/1
    stderr/0 localtime/0 strflocaltime/1 get_search_list/0 modulemeta/0
    """
)

# Written from the manual's descriptions. `now` and `uuid` are values handed in, the same throughout one evaluation.
DEFINITIONS: dict[str, str] = {
    "now": "def now: $__now;",
    "uuid": "def uuid: $__uuid;",
    "trunc": "def trunc: if . < 0 then ceil else floor end;",
    "fabs": "def fabs: abs;",
    "toarray": 'def toarray: if type == "array" then . else [.] end;',
    "trimstr": "def trimstr($x): ltrimstr($x) | rtrimstr($x);",
    "IN": "def IN(s): any(s == .; .); def IN(src; s): any(src == s; .);",
    "INDEX": "def INDEX(stream; f): reduce stream as $row ({}; .[$row|f|tostring] = $row);"
    " def INDEX(f): INDEX(.[]; f);",
    "ascii": "def ascii: [.] | implode;",
    "isvalid": "def isvalid(f): try (f | true) catch false;",
    "leaf_paths": "def leaf_paths: paths(scalars);",
    "date": "def date: todate;",
    "dateadd": "def dateadd(u; n): . + n;",
    "datesub": "def datesub(u; n): . - n;",
    "tostream": "def tostream: def walked($at):"
    ' if (type == "array" or type == "object") and length > 0'
    " then keys_unsorted as $keys | ($keys[] as $key | .[$key] | walked($at + [$key])), [$at + [$keys[-1]]]"
    " else [$at, .] end; walked([]);",
    # The engine's own cannot make what is not there yet.
    "setpath": "def setpath(path; new): path as $path | new as $new | def put($at):"
    " if $at == ($path | length) then $new else $path[$at] as $key"
    ' | if ($key | type) == "number" then (. // []) as $list'
    " | (if $key < 0 then $key + ($list | length) else $key end) as $index"
    " | $list[:$index] + [range($index - ($list | length)) | null]"
    " + [$list[$index] | put($at + 1)] + $list[$index + 1:]"
    " else (. // {}) as $object | $object + {($key): ($object[$key] | put($at + 1))} end end; put(0);",
    "fromstream": "def fromstream(events): foreach events as $event ({value: null, over: false};"
    " (if .over then {value: null, over: false} else . end) | if ($event | length) == 2"
    " then {value: (.value | setpath($event[0]; $event[1])), over: (($event[0] | length) == 0)}"
    " else {value, over: (($event[0] | length) == 1)} end; if .over then .value else empty end);",
    "truncate_stream": "def truncate_stream(s): . as $n | s | select(.[0] | length > $n) | .[0] |= .[$n:];",
}
SHADOWS: dict[str, str] = {
    name: " ".join(
        f'def {name}{"(f)" if signature.endswith("/1") else ""}: error("{name} is not available in a workflow");'
        for signature in sorted(_FORBIDDEN)
        if signature.partition("/")[0] == name
    )
    for name in sorted({signature.partition("/")[0] for signature in _FORBIDDEN})
}


def prelude(called: frozenset[str]) -> str:
    """The definitions that a program calling ``called`` needs in front of it."""
    if "fromstream" in called:
        called |= {"setpath"}
    lines = [SHADOWS[name] for name in sorted(called & SHADOWS.keys())]
    return " ".join(lines + [text for name, text in DEFINITIONS.items() if name in called])
