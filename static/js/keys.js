// One registry of keyboard shortcuts: the help sheet is made from it, and a clash is an error.
import { keep, mine } from "./mine.js";

const registry = new Map();
let prefix = "";

export function register(keys, words, does) {
  if (registry.has(keys))
    throw new Error(`The shortcut "${keys}" is taken by: ${registry.get(keys).words}`);
  for (const other of registry.keys()) {
    if (other.startsWith(`${keys} `) || keys.startsWith(`${other} `))
      throw new Error(`"${keys}" hides "${other}"`);
  }
  registry.set(keys, { words, does });
}

export const commands = () =>
  [...registry].map(([keys, { words, does }]) => ({ keys, words, does }));

const isTyping = (target) => target.closest?.("input, textarea, select, [contenteditable=true]");

const isOff = () => mine.keys === "off";

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (isTyping(event.target) || document.querySelector("dialog[open]") || isOff()) return;
    const keys = prefix ? `${prefix} ${event.key}` : event.key;
    prefix = "";
    const found = registry.get(keys);
    if (found) { event.preventDefault(); found.does(); return; }
    if ([...registry.keys()].some((known) => known.startsWith(`${keys} `))) {
      prefix = keys;
      setTimeout(() => { prefix = ""; }, 1500);
    }
  });
  const box = document.querySelector("[data-keys-off]");
  if (!box) return;
  box.checked = isOff();
  box.addEventListener("change", () => {
    mine.keys = box.checked ? "off" : "on";
    keep("has_keys", !box.checked);
  });
}

export function showKeys() {
  const sheet = document.getElementById("keys-sheet");
  const list = sheet.querySelector("[data-keys]");
  list.replaceChildren(...[...registry].map(([keys, { words }]) => {
    const row = document.createElement("div");
    const text = document.createElement("span");
    text.textContent = words;
    const caps = document.createElement("span");
    caps.className = "row";
    caps.append(
      ...keys
        .split(" ")
        .map((key) => Object.assign(document.createElement("kbd"), { textContent: key })),
    );
    row.append(text, caps);
    return row;
  }));
  sheet.showModal();
}
