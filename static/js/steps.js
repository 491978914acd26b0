// The list of steps: what stands in a row or a loop is read when it is opened, and bars are
// drawn anew as the line grows.
import { tick } from "./clock.js";

const AGAIN_MS = 1000;
const WIDTH = 1000;
const SMALLEST = 4;
const due = new Map();

async function read(address) {
  const response = await fetch(address, {
    headers: { "X-Part": "yes" },
    credentials: "same-origin",
  });
  if (!response.ok || response.redirected) throw new Error(`HTTP ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html").body;
}

async function fill(place, body, swap = "innerMorph") {
  const list = body.querySelector(":scope > ol.steps");
  const text = place.tagName === "OL" && list ? list.innerHTML : body.innerHTML;
  await htmx.swap({ text, target: place, swap, sourceElement: document.body });
  tick(place);
  draw(place);
}

const placeOf = (details) => document.getElementById(details.dataset.into);

async function load(details) {
  const place = placeOf(details);
  const version = details.dataset.version ?? "1";
  if (!place || place.dataset.loaded === version) return;
  const was = place.dataset.loaded;
  place.dataset.loaded = version;
  try { await fill(place, await read(details.dataset.loads)); } catch (problem) {
    if (was === undefined) delete place.dataset.loaded; else place.dataset.loaded = was;
    throw problem;
  }
}

// What changed while it is open is read again, at most once a second.
function later(details) {
  if (due.has(details)) return;
  due.set(
    details,
    setTimeout(() => {
      due.delete(details);
      if (details.open) load(details);
    }, AGAIN_MS),
  );
}

function placeAt(knots, moment) {
  if (!knots.length || moment <= knots[0][0]) return 0;
  for (let at = 1; at < knots.length; at += 1) {
    const [[left, from], [right, to]] = [knots[at - 1], knots[at]];
    if (moment <= right)
      return right > left ? from + ((to - from) * (moment - left)) / (right - left) : from;
  }
  return WIDTH;
}

export function draw(root = document) {
  const axis = document.getElementById("axis");
  if (!axis) return;
  const knots = JSON.parse(axis.dataset.knots || "[]");
  for (const part of root.querySelectorAll("rect[data-from]")) {
    const x = placeAt(knots, Number(part.dataset.from));
    const end = part.dataset.to === undefined ? WIDTH : placeAt(knots, Number(part.dataset.to));
    const width = Math.max(SMALLEST, end - x);
    part.setAttribute("x", Math.min(x, WIDTH - width).toFixed(1));
    part.setAttribute("width", width.toFixed(1));
  }
}

// The state stands in the window's tab, in words and in the colour of its mark.
function wear() {
  const headline = document.getElementById("headline");
  if (!headline?.dataset.title) return;
  if (document.title !== headline.dataset.title) document.title = headline.dataset.title;
  const icon = document.querySelector("link[rel=icon]");
  if (icon.getAttribute("href") !== headline.dataset.mark) icon.href = headline.dataset.mark;
}

async function onClick(event) {
  const link = event.target.closest?.(
    "a[data-fills], a[data-continues], a[data-earlier], a[data-jumps]",
  );
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  if (link.dataset.jumps !== undefined) { jump(link.hash); return; }
  event.preventDefault();
  const body = await read(link.href).catch(() => null);
  if (!body) { location.assign(link.href); return; }
  if (link.dataset.fills) {
    const place = document.getElementById(link.dataset.fills);
    await fill(place, body);
    place.dataset.loaded = "1";
  } else if (link.dataset.earlier !== undefined) {
    const list = document.getElementById("steps");
    await htmx.swap({
      text: body.querySelector("#steps").innerHTML,
      target: list,
      swap: "afterbegin",
      sourceElement: document.body,
    });
    document
      .getElementById("earlier")
      .replaceChildren(...body.querySelector("#earlier").childNodes);
    tick(list);
    draw(list);
  } else {
    const place = link.closest("ol");
    link.closest("li").remove();
    await fill(place, body, "beforeend");
  }
}

function jump(hash) {
  const row = hash.length > 1 && document.getElementById(decodeURIComponent(hash.slice(1)));
  if (!row) return;
  for (
    let around = row.closest("details");
    around;
    around = around.parentElement.closest("details")
  )
    around.open = true;
  const details = row.querySelector("details");
  if (details) details.open = true;
  row.querySelector("summary")?.focus({ preventScroll: true });
}

// From one tab of a run to the next the bar of the tabs stays where it is on the screen.
const PLACE = "stigmer-tabs-at";

function keepPlace() {
  const tabs = document.querySelector("nav.tabs");
  if (!tabs) return;
  try {
    const kept = JSON.parse(sessionStorage.getItem(PLACE) || "null");
    sessionStorage.removeItem(PLACE);
    if (kept && [...tabs.querySelectorAll("a")].some((tab) => tab.pathname === kept.from))
      scrollBy({ top: tabs.getBoundingClientRect().top - kept.top, behavior: "instant" });
  } catch { /* storage is blocked: the page begins at its top */ }
  tabs.addEventListener("click", (event) => {
    if (!event.target.closest("a")) return;
    try {
      sessionStorage.setItem(
        PLACE,
        JSON.stringify({ from: location.pathname, top: tabs.getBoundingClientRect().top }),
      );
    } catch {
      /* as above */
    }
  });
}

export function startSteps() {
  keepPlace();
  document.addEventListener("click", onClick);
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (target.matches?.("details[data-loads]") && target.open) load(target);
    },
    true,
  );
  if (!document.getElementById("headline")) return;
  wear();
  if (location.hash) jump(location.hash);
  for (const details of document.querySelectorAll("details[data-loads][open]")) load(details);
  new MutationObserver((changes) => {
    for (const { target, attributeName } of changes) {
      if (attributeName === "data-knots") draw();
      else if (attributeName === "data-title") wear();
      else if (attributeName === "data-version" && target.open) later(target);
    }
  }).observe(document.body, {
    subtree: true,
    attributeFilter: ["data-knots", "data-title", "data-version"],
  });
}
