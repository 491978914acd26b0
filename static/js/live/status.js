// The status strip: says truthfully how fresh the page is.
import { timeOf } from "../clock.js";
import { say } from "../said.js";
import { _ } from "../words.js";

const WORDS = {
  connecting: () => _("Connecting"),
  live: () => _("Live"),
  reconnecting: () => _("Reconnecting…"),
  polling: () => _("Updating every few seconds"),
  stale: (since) => _("No connection · as of {since}", { since }),
  "signed-out": () => _("Signed out · log in to go on"),
};
let current = "";
let freshAt = new Date();

export function isFresh() { freshAt = new Date(); }

export function show(state) {
  const words = WORDS[state](timeOf(freshAt));
  for (const strip of document.querySelectorAll("[data-strip]")) {
    strip.dataset.state = state;
    strip.querySelector("span").textContent = words;
  }
  if (state !== current && current && current !== "connecting") say(words);
  current = state;
}
