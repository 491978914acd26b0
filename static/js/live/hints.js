// Topics that only say "something changed here": the overview is read again, new list rows are
// counted.
import { say } from "../said.js";
import { put, refresh, regionsOf } from "./regions.js";
import { _ } from "../words.js";

const EVERY_MS = 1000;
const SOON_MS = 100;
const due = new Map();
const readAt = new Map();

export function hint(topic) {
  later(topic, EVERY_MS * (0.3 + Math.random() * 0.7));
}

// The first change is shown at once, those that follow it together.
export function readAgain(topic) {
  later(
    topic,
    Math.max(
      Math.random() * SOON_MS,
      (readAt.get(topic) ?? -EVERY_MS) + EVERY_MS - performance.now(),
    ),
  );
}

function later(topic, pauseMs) {
  if (due.has(topic)) return;
  due.set(topic, setTimeout(async () => {
    due.delete(topic);
    readAt.set(topic, performance.now());
    try {
      await (topic === "executions" ? countNew() : refresh(topic));
    } catch {
      /* the next hint or reconnect repairs it */
    }
  }, pauseMs));
}

async function countNew() {
  const [list] = regionsOf("executions");
  const pill = document.querySelector("[data-new-pill]");
  if (!list?.dataset.countUrl || !pill) return;
  const response = await fetch(list.dataset.countUrl, { credentials: "same-origin" });
  if (!response.ok) return;
  const { count, chips } = await response.json();
  await put({ id: "chips", html: chips });
  pill.hidden = count === 0;
  const many = count >= 100 ? "100+" : count;
  const words = _("{many} new", { many });
  if (count && pill.querySelector("[data-label]").textContent !== words) {
    pill.querySelector("[data-label]").textContent = words;
    say(_("{many} new executions", { many }));
  }
}
