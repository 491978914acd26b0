// What a screen reader is told. Messages are gathered for a second so that a burst becomes one
// sentence.
import { _ } from "./words.js";

const QUIET_MS = 1200;
let waiting = [];
let timer = 0;

export function say(text) {
  waiting.push(text);
  clearTimeout(timer);
  timer = setTimeout(() => {
    const many = _("{many} changes", { many: waiting.length });
    const several = waiting.length > 3 ? [many, waiting.at(-1)] : waiting;
    document.getElementById("said-politely").textContent = several.join(". ");
    waiting = [];
  }, QUIET_MS);
}

export function sayAtOnce(text) {
  document.getElementById("said-at-once").textContent = text;
}
