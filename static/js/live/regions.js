// Regions of the page that follow a topic: [data-topic][data-seq]. A push never takes focus,
// selection or scroll away.
import { tick } from "../clock.js";
import { showOwn } from "../own.js";
import { isAtEnd, repaint, toEnd } from "./answers.js";
import { sayWhatIsNew } from "./talk.js";

const TYPING = "input:not([type=hidden], [type=checkbox]), textarea, select";
const held = new Map();

export const regionsOf = (topic) => [
  ...document.querySelectorAll(`[data-topic="${CSS.escape(topic)}"]`),
];

export function topics() {
  const found = new Map();
  for (const region of document.querySelectorAll("[data-topic]")) {
    const { topic } = region.dataset;
    const seq = Number(region.dataset.seq) || 0;
    found.set(topic, Math.min(found.get(topic) ?? Infinity, seq));
  }
  return found;
}

export const seqOf = (topic) => topics().get(topic) ?? 0;

export function setSeq(topic, seq) {
  for (const region of regionsOf(topic)) region.dataset.seq = String(seq);
}

// While someone types, selects text or has a dialog open inside, the newest content waits.
function isHeld(element) {
  const focus = document.activeElement;
  if (focus?.matches(TYPING) && element.contains(focus)) return true;
  if (element.querySelector("dialog[open], input[type=checkbox]:checked")) return true;
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && selection.containsNode(element, true));
}

async function morph(element, html) {
  await htmx.swap({
    text: html,
    target: element,
    swap: "outerMorph",
    sourceElement: document.body,
  });
}

export async function put({ id, html, into, at }) {
  const element = document.getElementById(id);
  if (element) {
    if (isHeld(element)) { held.set(id, { id, html, into, at }); return; }
    held.delete(id);
    await morph(element, html);
  } else if (into) {
    const list = document.getElementById(into);
    if (!list) return;
    await htmx.swap({
      text: html,
      target: list,
      swap: at || "beforeend",
      sourceElement: document.body,
    });
    document.getElementById(id)?.classList.add("fresh");
  }
  const placed = document.getElementById(id);
  if (!placed) return;
  repaint(placed);
  tick(placed.parentElement);
  showOwn(placed.parentElement);
}

export function startHolding() {
  const release = () => setTimeout(() => { for (const part of [...held.values()]) put(part); }, 60);
  for (const name of ["focusout", "selectionchange", "close", "change"])
    document.addEventListener(name, release, true);
}

// The whole region anew from the server, for a reset. Answers false where the reader is signed out.
export async function refresh(topic, url = location.href) {
  const response = await fetch(url, {
    headers: { "X-Live": "refresh" },
    credentials: "same-origin",
  });
  if (
    response.redirected &&
    new URL(response.url).pathname !== new URL(url, location.href).pathname
  )
    return false;
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const wasAtEnd = isAtEnd();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const fresh of page.querySelectorAll(`[data-topic="${CSS.escape(topic)}"]`)) {
    const old = fresh.id ? document.getElementById(fresh.id) : null;
    if (!old) continue;
    if (isHeld(old)) held.set(fresh.id, { id: fresh.id, html: fresh.outerHTML });
    else await morph(old, fresh.outerHTML);
  }
  tick();
  showOwn();
  repaint();
  if (wasAtEnd && document.getElementById("talk")) toEnd();
  sayWhatIsNew();
  return true;
}
