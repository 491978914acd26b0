// Completion of keywords and names, from the schema of what is written.
import { coded } from "./coded.js";
import { declared, entry, pathTo, siblings, tasksBeside } from "./places.js";
import { Schemas } from "./schemas.js";

const FLOW = ["continue", "exit", "end"];

// For each depth of the path to a line, what stands in the object there.
function besides(lines, at, column, dashes) {
  const found = [];
  let edge = { row: at, column, dashes };
  while (edge) {
    const path = pathTo(lines, edge.row, edge.column, edge.dashes);
    found[path.length] = siblings(lines, edge.row, edge.column);
    const own = entry(lines[edge.row]);
    if (own.key !== null) found[path.length].set(own.key, own.value);
    edge = holder(lines, edge);
  }
  return (depth) => found[depth] ?? new Map();
}

function holder(lines, { row, column, dashes }) {
  const edge = dashes.length ? dashes[0] + 1 : column;
  for (let above = row - 1; above >= 0; above -= 1) {
    if (/^\s*(#.*)?$/.test(lines[above])) continue;
    const found = entry(lines[above]);
    if (found.key !== null && found.column < edge)
      return { row: above, column: found.column, dashes: found.dashes };
  }
  return null;
}

function keysAt(schemas, lines, row, column, dashes) {
  const path = pathTo(lines, row, column, dashes);
  const beside = siblings(lines, row, column);
  const keys = schemas.keys(path, besides(lines, row, column, dashes), beside);
  const pad = " ".repeat(column + 2);
  return [...keys].map(([key, { description, isNeeded, isShared, isObject, isList }]) => ({
    label: key,
    type: "property",
    detail: isNeeded ? " needed" : "",
    info: description ? () => coded(description) : undefined,
    boost: (isNeeded ? 20 : 0) - (isShared ? 10 : 0),
    apply: isList && !isObject ? `${key}:\n${pad}- ` : isObject ? `${key}:\n${pad}` : `${key}: `,
  }));
}

function valuesAt(schemas, names, lines, row, column, key, dashes) {
  const path = [...pathTo(lines, row, column, dashes), key];
  const besideOf = besides(lines, row, column, dashes);
  // The word that is being written must not decide which words are possible.
  const open = (depth) => {
    const beside = new Map(besideOf(depth));
    if (depth === path.length - 1) beside.set(key, "");
    return beside;
  };
  const { values, names: kinds } = schemas.values(path, open);
  const named = kinds.flatMap((kind) =>
    kind === "tasks"
      ? [...FLOW, ...tasksBeside(lines, row, path)]
      : kind.startsWith("/")
        ? declared(lines, kind)
        : (names[kind] ?? []),
  );
  return [
    ...values.map((value) => ({ label: String(value), type: "keyword" })),
    ...[...new Set(named)].map((label) => ({ label, type: "variable" })),
  ];
}

export function completing({ schema, names }) {
  const schemas = new Schemas(schema);
  return (context) => {
    const line = context.state.doc.lineAt(context.pos);
    const before = line.text.slice(0, context.pos - line.from);
    if (/^\s*#/.test(before)) return null;
    const lines = context.state.doc.toString().split("\n");
    const row = line.number - 1;
    const isValue =
      /^(\s*(?:- +)*)("[^"]*"|'[^']*'|[^\s"'#:[\]{},][^#:]*?):\s+["']?([\w./@-]*)$/.exec(before);
    if (isValue) {
      const { column, key, dashes } = entry(before);
      const options = valuesAt(schemas, names, lines, row, column, key, dashes);
      return options.length
        ? { from: context.pos - isValue[3].length, options, validFor: /^[\w./@-]*$/ }
        : null;
    }
    const isKey = /^(\s*(?:- +)*)([\w$-]*)$/.exec(before);
    if (!isKey || (!isKey[2] && !context.explicit)) return null;
    const dashes = [...isKey[1].matchAll(/-/g)].map(({ index }) => index);
    const options = keysAt(schemas, lines, row, isKey[1].length, dashes);
    const rest = line.text.slice(context.pos - line.from);
    const plain = /^\s*:/.test(rest)
      ? options.map((each) => ({ ...each, apply: each.label }))
      : options;
    return plain.length
      ? { from: context.pos - isKey[2].length, options: plain, validFor: /^[\w$-]*$/ }
      : null;
  };
}
