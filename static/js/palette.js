// The command palette: every shortcut and every button of the page by its words, and what is
// found by name or id.
import { commands } from "./keys.js";
import { _ } from "./words.js";

const PAUSE_MS = 150;
const SHORTEST = 2;
const sheet = () => document.getElementById("palette");
let at = 0;
let found = { typed: "", rows: [] };
let asking = null;
let timer = 0;

const go = (address) => () => location.assign(address);

// The verbs for the run of this page, as its buttons say.
function verbs() {
  return [
    ...document.querySelectorAll(
      "#standing .actions button:not([aria-disabled=true]), #standing .actions a",
    ),
  ].map((button) => ({
    words: button.textContent.trim(),
    keys: "",
    note: _("this run"),
    does: () => button.click(),
  }));
}

const searches = (typed) => [
  ["executions", _("Search executions for “{typed}”", { typed })],
  ["workflows", _("Search workflows for “{typed}”", { typed })],
  ["agents", _("Search agents for “{typed}”", { typed })],
];

function options(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const own = [...verbs(), ...commands()].filter((each) =>
    words.every((word) => each.words.toLowerCase().includes(word)),
  );
  if (!typed) return own;
  const places =
    found.typed === typed
      ? found.rows.map(({ kind, name, note, address }) => ({
          words: name,
          keys: "",
          note: `${kind} · ${note}`,
          does: go(address),
        }))
      : [];
  const search = ([what, words]) => ({
    words,
    keys: "",
    does: go(`/${what}/?q=${encodeURIComponent(typed)}`),
  });
  return [...own, ...places, ...searches(typed).map(search)];
}

async function find(typed) {
  asking?.abort();
  if (typed.length < SHORTEST) return;
  asking = new AbortController();
  try {
    const response = await fetch(`/find?q=${encodeURIComponent(typed)}`, {
      credentials: "same-origin",
      signal: asking.signal,
    });
    if (!response.ok || response.redirected) return;
    found = { typed, rows: (await response.json()).found };
    if (sheet().open) show();
  } catch {
    /* Something newer is looked for, or the server is away: the searches stay. */
  }
}

function row({ words, keys, note }, number) {
  const item = document.createElement("li");
  item.id = `palette-${number}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(number === at));
  item.append(
    Object.assign(document.createElement("span"), { textContent: words, className: "clip" }),
  );
  if (note)
    item.append(
      Object.assign(document.createElement("small"), {
        textContent: note,
        className: "faint clip push",
      }),
    );
  if (keys) item.append(Object.assign(document.createElement("kbd"), { textContent: keys }));
  return item;
}

function show() {
  const input = sheet().querySelector("input");
  const list = sheet().querySelector("[role=listbox]");
  const shown = options(input.value.trim());
  at = Math.max(0, Math.min(at, shown.length - 1));
  list.replaceChildren(...shown.map(row));
  list.children[at]?.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", shown.length ? `palette-${at}` : "");
  return shown;
}

function run(number) {
  const chosen = show()[number];
  if (!chosen) return;
  sheet().close();
  chosen.does();
}

export function openPalette() {
  if (!sheet() || document.querySelector("dialog[open]")) return;
  at = 0;
  sheet().querySelector("input").value = "";
  sheet().showModal();
  show();
}

export function listenForPalette() {
  const dialog = sheet();
  if (!dialog) return;
  document.addEventListener("keydown", (event) => {
    if (
      (event.ctrlKey || event.metaKey) &&
      !event.altKey &&
      !event.shiftKey &&
      event.key.toLowerCase() === "k"
    ) {
      event.preventDefault();
      openPalette();
    }
  });
  dialog.addEventListener("input", ({ target }) => {
    at = 0;
    show();
    clearTimeout(timer);
    timer = setTimeout(() => find(target.value.trim()), PAUSE_MS);
  });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      at += step;
      show();
    }
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      run(at);
    }
  });
  dialog.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) run([...item.parentElement.children].indexOf(item));
  });
}
