// What each frame of the server means. Frames not newer than what is shown are dropped.
import { toast } from "../toasts.js";
import { hear } from "./answers.js";
import { hint, readAgain } from "./hints.js";
import { put, refresh, seqOf, setSeq, regionsOf } from "./regions.js";

const SHOWN = "stigmer-toasts-shown";

function isNewToast(id) {
  try {
    const shown = JSON.parse(sessionStorage.getItem(SHOWN) || "[]");
    if (shown.includes(id)) return false;
    sessionStorage.setItem(SHOWN, JSON.stringify([...shown, id].slice(-100)));
  } catch { /* storage is blocked: better twice than never */ }
  return true;
}

export async function applyFrame(frame) {
  if (frame.refused) { console.warn("This topic is not for you:", frame.refused); return; }
  const { topic } = frame;
  if (!topic || !regionsOf(topic).length) return;
  if (frame.stream) { hear(frame.stream); return; }
  if (frame.hint) { hint(topic); return; }
  if (frame.reset) { await refresh(topic); return; }
  for (const each of frame.toasts ?? [])
    if (isNewToast(each.id)) {
      if (!isShownHere(each)) toast(each);
      announceEvent(each);
    }
  if (frame.seq <= seqOf(topic)) return;
  for (const part of frame.parts ?? []) await put(part);
  setSeq(topic, frame.seq);
  // A tab that is not made of pushed parts is read again, soon and at most once a second.
  if (regionsOf(topic).some((region) => "rereads" in region.dataset)) readAgain(topic);
  if (topic.startsWith("row:")) afterRow(topic);
}

// A conversation shows what its own run asks and says where it stands: a note above it would
// only cover it.
function isShownHere({ href }) {
  return Boolean(href && document.getElementById("talk") && location.pathname.startsWith(href));
}

// A row that changed its phase changes the counts above it, and may no longer fit the filter of
// the page.
function afterRow(topic) {
  const list = document.getElementById("executions-region");
  const wanted = list?.dataset.wantedPhase;
  for (const row of regionsOf(topic)) {
    const fits = !wanted || row.dataset.fits.split(" ").includes(wanted);
    row.classList.toggle("gone", !fits);
  }
  if (list?.dataset.countUrl) hint("executions");
}

// Other scripts and tests may listen for the events of the owner.
function announceEvent({ event, payload }) {
  document.dispatchEvent(new CustomEvent("stigmer:event", { detail: { event, payload } }));
}
