// The page of a conversation: an answer is said once when it is whole, and the page begins at
// its end.
import { say } from "../said.js";
import { toEnd } from "./answers.js";

const SAID_CHARACTERS = 300;
const told = new Set();

const answers = () => [...document.querySelectorAll("#talk [data-said]")];

export function sayWhatIsNew() {
  for (const each of answers()) {
    if (told.has(each.id)) continue;
    told.add(each.id);
    const words = each.querySelector(".bubble")?.textContent.replace(/\s+/g, " ").trim() ?? "";
    say(`${each.dataset.said}: ${words.slice(0, SAID_CHARACTERS)}`);
  }
}

export function startTalk() {
  if (!document.getElementById("talk")) return;
  for (const each of answers()) told.add(each.id);
  if (!location.hash || location.hash === "#compose") toEnd();
}
