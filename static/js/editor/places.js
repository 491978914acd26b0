// The place of the writer in a YAML text, by indentation alone: it holds in a half-written text.
const ENTRY = /^(\s*)((?:- +)*)(?:("[^"]*"|'[^']*'|[^\s"'#:[\]{},][^#:]*?)\s*:(?:\s+(.*))?|(.*))$/;

const bare = (text) => text.replace(/^(["'])(.*)\1$/, "$2");

// The entry of one line: the columns of its dashes and of its key, the key, and what follows it.
export function entry(line) {
  const [, indent, dashes, key, value, rest] = ENTRY.exec(line.replace(/\s+$/, "")) ?? [
    null,
    "",
    "",
    undefined,
    "",
    line,
  ];
  const columns = [...dashes.matchAll(/-/g)].map(({ index }) => indent.length + index);
  return {
    dashes: columns,
    column: indent.length + dashes.length,
    key: key === undefined ? null : bare(key),
    value: (value ?? "").trim(),
    rest: (rest ?? "").trim(),
  };
}

const isEmpty = (line) => /^\s*(#.*)?$/.test(line);

// The keys above a line, outermost first, "[]" for an item of a list; `column` is where its own
// key begins.
export function pathTo(lines, at, column, dashes = []) {
  const path = dashes.map(() => "[]");
  let edge = dashes.length ? dashes[0] : column;
  let inList = dashes.length > 0;
  for (let row = at - 1; row >= 0 && (edge > 0 || inList); row -= 1) {
    if (isEmpty(lines[row])) continue;
    const above = entry(lines[row]);
    // A list may stand in the column of the key that holds it.
    const holds =
      above.key !== null &&
      (above.column < edge || (inList && above.column === edge && !above.dashes.length));
    if (holds) {
      path.unshift(above.key);
      edge = above.column;
      inList = false;
    }
    for (const dash of [...above.dashes].reverse()) {
      if (dash < edge) {
        path.unshift("[]");
        edge = dash;
        inList = true;
      }
    }
  }
  return path;
}

// The keys beside a line in the same object, with their values in the line.
export function siblings(lines, at, column) {
  const found = new Map();
  const look = (step, from) => {
    for (let row = from; row >= 0 && row < lines.length; row += step) {
      if (isEmpty(lines[row])) continue;
      const { dashes, column: place, key, value } = entry(lines[row]);
      const isFirst = dashes.length > 0;
      if (step > 0 && isFirst && dashes[0] < column) return;
      if (place === column && key !== null) found.set(key, value);
      if (place < column || (step < 0 && isFirst && dashes[0] < column)) return;
    }
  };
  if (!entry(lines[at]).dashes.length) look(-1, at - 1);
  look(1, at + 1);
  return found;
}

// The keys below a pointer of the text, such as /use/functions.
export function declared(lines, pointer) {
  const wanted = pointer.split("/").slice(1);
  return lines.flatMap((line, row) => {
    if (isEmpty(line)) return [];
    const { key, column, dashes } = entry(line);
    if (key === null || !column || dashes.length) return [];
    const path = pathTo(lines, row, column);
    return path.length === wanted.length && path.every((each, at) => each === wanted[at])
      ? [key]
      : [];
  });
}

// The names of the tasks beside the one that a line is in.
export function tasksBeside(lines, at, path) {
  const list = JSON.stringify(path.slice(0, path.lastIndexOf("[]") + 1));
  return lines.flatMap((line, row) => {
    if (isEmpty(line)) return [];
    const { key, column, dashes } = entry(line);
    return key !== null &&
      dashes.length &&
      JSON.stringify(pathTo(lines, row, column, dashes)) === list
      ? [key]
      : [];
  });
}
