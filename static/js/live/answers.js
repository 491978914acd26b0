// Answers that come: text that a model writes now, shown as text until the turn ends and the
// page has it from the journal.
import { _ } from "../words.js";

const answers = new Map();
const NEAR_END_PX = 160;
const DIGITS = new Intl.NumberFormat("en");

function noteOf({ text, thinking, tool, arguments: written }, waits) {
  if (tool) {
    const many = DIGITS.format(written);
    return _("Writes the arguments of {tool} ({many} characters)", { tool, many });
  }
  if (text) return "";
  if (thinking) return _("Thinks ({many} characters)", { many: DIGITS.format(thinking) });
  return waits ?? _("The model is asked.");
}

// Whoever reads the end of the page goes on reading it there.
export function isAtEnd() {
  return document.documentElement.scrollHeight - innerHeight - scrollY < NEAR_END_PX;
}

export function toEnd() {
  scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
}

function paint(path, added) {
  const place = document.querySelector(`[data-stream="${CSS.escape(path)}"]`);
  const answer = answers.get(path);
  if (!place || !answer) return;
  const wasAtEnd = isAtEnd();
  place.hidden = false;
  const words = place.querySelector("[data-stream-text]");
  const shown = words.firstChild;
  if (added !== null && shown && shown.length + added.length === answer.text.length)
    shown.appendData(added);
  else if (words.textContent !== answer.text) words.textContent = answer.text;
  const note = place.querySelector("[data-stream-note]");
  note.textContent = noteOf(answer, place.dataset.streamWaits);
  note.hidden = !note.textContent;
  if (wasAtEnd && place.closest("#talk")) toEnd();
  words.scrollTop = words.scrollHeight;
}

// A piece belongs at a place of the answer; at 0 it is all that there is. What does not fit
// waits for the whole.
export function hear({ path, at, text, thinking, tool, arguments: written }) {
  const known = answers.get(path);
  const length = known ? known.length : 0;
  if (at !== 0 && at !== length) return;
  const before = at === 0 ? "" : known.text;
  answers.set(path, {
    text: before + text,
    length: at + [...text].length,
    thinking,
    tool,
    arguments: written,
  });
  paint(path, at === 0 ? null : text);
}

// A part that is new to the page may have a place for an answer that was heard before it.
export function repaint(within = document) {
  for (const place of within.querySelectorAll("[data-stream]")) paint(place.dataset.stream, null);
}
