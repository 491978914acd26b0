// The command palette: every shortcut by its words, and a search for what was typed.
import { commands } from "./keys.js";

const sheet = () => document.getElementById("palette");
let at = 0;

function options(typed) {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = commands().filter((each) => words.every((word) => each.words.toLowerCase().includes(word)));
  if (!typed) return found;
  const go = (path) => () => location.assign(`${path}?q=${encodeURIComponent(typed)}`);
  return [...found, { words: `Search executions for “${typed}”`, keys: "", does: go("/executions/") }, { words: `Search workflows for “${typed}”`, keys: "", does: go("/workflows/") }, { words: `Search agents for “${typed}”`, keys: "", does: go("/agents/") }];
}

function row({ words, keys }, number) {
  const item = document.createElement("li");
  item.id = `palette-${number}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(number === at));
  item.append(Object.assign(document.createElement("span"), { textContent: words, className: "clip" }));
  if (keys) item.append(Object.assign(document.createElement("kbd"), { textContent: keys }));
  return item;
}

function show() {
  const input = sheet().querySelector("input");
  const list = sheet().querySelector("[role=listbox]");
  const found = options(input.value.trim());
  at = Math.max(0, Math.min(at, found.length - 1));
  list.replaceChildren(...found.map(row));
  list.children[at]?.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", found.length ? `palette-${at}` : "");
  return found;
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
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); }
  });
  dialog.addEventListener("input", () => { at = 0; show(); });
  dialog.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); at += step; show(); }
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); run(at); }
  });
  dialog.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) run([...item.parentElement.children].indexOf(item));
  });
}
