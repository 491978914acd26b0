// The live connection. It only subscribes and acknowledges; every action is a form.
// Page at sequence N → {sub: {topic: N}} → what came after N. On any doubt: ask again from N.
import { applyFrame } from "./frames.js";
import { hint } from "./hints.js";
import { seqOf, startHolding, topics } from "./regions.js";
import { isFresh, show } from "./status.js";

const SILENCE_MS = 40000;
const POLL_MS = 5000;
const FIRST_MS = 400;
// So that 95 of 100 pages are back within five seconds of a server that answers again; who polls
// asks as often.
const LONGEST_MS = 5000;
const POLL_AFTER_FAILURES = 4;
const TOO_MANY = 1013;

let socket = null;
let failures = 0;
let heardAt = 0;
let subscribed = new Map();
let unacknowledged = 0;
let isOver = false;
let pollTimer = 0;
let queue = Promise.resolve();

const jitter = (ms) => ms * (0.5 + Math.random() * 0.5);

function delayFor(code) {
  if (code === 1012) return Math.random() * 5000;
  if (code === TOO_MANY) return 10000 + Math.random() * 50000;
  return jitter(Math.min(LONGEST_MS, FIRST_MS * 2 ** failures));
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

// Tell the server which topics this page shows now, each with the sequence that is on the screen.
export function syncTopics(all = false) {
  const wanted = topics();
  const fresh = [...wanted].filter(([topic]) => all || !subscribed.has(topic));
  const gone = [...subscribed.keys()].filter((topic) => !wanted.has(topic));
  if (gone.length) send({ unsub: gone });
  if (fresh.length) send({ sub: Object.fromEntries(fresh) });
  subscribed = wanted;
}

// Frames are applied one after the other, in the order in which they came.
function enqueue(frame) {
  queue = queue
    .then(() => applyFrame(frame))
    .then(() => syncTopics())
    .catch((problem) => console.error(problem));
}

function acknowledge(frame) {
  unacknowledged += 1;
  if (unacknowledged < 10 && !frame.beat) return;
  unacknowledged = 0;
  send({ ack: {} });
}

function hear(event) {
  heardAt = Date.now();
  isFresh();
  const frame = JSON.parse(event.data);
  if (frame.beat) {
    const behind = Object.entries(frame.beat).filter(([topic, seq]) => seq > seqOf(topic));
    if (behind.length) queue.then(() => syncTopics(true));
  } else enqueue(frame);
  acknowledge(frame);
}

function connect() {
  if (isOver) return;
  const { lang } = document.documentElement;
  // What is pushed is in the language of the page.
  const query = lang && lang !== "en" ? `?language=${lang}` : "";
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live/${query}`);
  socket.addEventListener("open", () => {
    failures = 0;
    heardAt = Date.now();
    clearInterval(pollTimer);
    pollTimer = 0;
    isFresh();
    show("live");
    subscribed = new Map();
    syncTopics(true);
    for (const topic of ["overview", "executions"]) if (topics().has(topic)) hint(topic);
  });
  socket.addEventListener("message", hear);
  socket.addEventListener("close", ({ code }) => {
    if (code === 4401) { isOver = true; show("signed-out"); return; }
    // The reader's rights are others now: what this page shows and offers is not right any more.
    if (code === 4403) { location.reload(); return; }
    failures += 1;
    // One page too many of this reader is let in and closed at once: it asks by plain
    // requests until there is room.
    if (failures >= POLL_AFTER_FAILURES || code === TOO_MANY) startPolling();
    else if (!pollTimer) show("reconnecting");
    setTimeout(connect, delayFor(code));
  });
}

// Where sockets are blocked the same frames come by plain requests.
export async function catchUp() {
  const wanted = [...topics()].filter(([topic]) => topic.includes(":"));
  const query = new URLSearchParams(wanted.map(([topic, seq]) => ["topic", `${topic}@${seq}`]));
  try {
    const response = await fetch(`/live/changes?${query}`, { credentials: "same-origin" });
    if (response.status === 401) { isOver = true; show("signed-out"); return false; }
    if (!response.ok) return false;
    for (const frame of (await response.json()).frames) enqueue(frame);
    isFresh();
    return true;
  } catch {
    return false;
  }
}

function startPolling() {
  if (pollTimer) return;
  const poll = async () => {
    const reached = await catchUp();
    if (isOver) { clearInterval(pollTimer); return; }
    show(reached ? "polling" : "stale");
    if (reached)
      for (const topic of ["overview", "executions"]) if (topics().has(topic)) hint(topic);
  };
  pollTimer = setInterval(poll, POLL_MS);
  poll();
}

export function startLive() {
  if (!document.querySelector("[data-topic]")) return;
  startHolding();
  connect();
  setInterval(() => {
    if (socket?.readyState === WebSocket.OPEN && Date.now() - heardAt > SILENCE_MS)
      socket.close(4000);
  }, 5000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) syncTopics(true); });
}
