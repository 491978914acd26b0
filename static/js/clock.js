// Times tick here, from timestamps of the server; nothing is pushed for them.
// The exact moment, on hover, is in the zone and the format that the reader chose, else in those
// of the
// browser; the server learns the zone for what it writes itself, and for the days that a person
// types.
// data-since: running duration · data-until: countdown · data-ago: "3 min ago"
import { mine } from "./mine.js";
import { _ } from "./words.js";

let skewMs = 0;

export function setServerNow(iso) {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) skewMs = server - Date.now();
}

const now = () => Date.now() + skewMs;

// The same words as executions/spans.py has.
export function lasted(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400)
    return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

const before = (span) => _("{span} ago", { span });

export function ago(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 5) return _("just now");
  if (seconds < 60) return before(`${Math.floor(seconds)} s`);
  if (seconds < 3600) return before(`${Math.floor(seconds / 60)} min`);
  if (seconds < 86400) return before(`${Math.floor(seconds / 3600)} h`);
  return before(`${Math.floor(seconds / 86400)} d`);
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const zoneOfBrowser = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

// A zone that this browser does not know (older than the server's names) is as good as none.
const zone = (() => {
  if (!mine.zone || mine.zone === "browser") return zoneOfBrowser();
  try {
    return new Intl.DateTimeFormat("en", { timeZone: mine.zone }).resolvedOptions().timeZone;
  } catch {
    return zoneOfBrowser();
  }
})();

const PARTS = new Intl.DateTimeFormat("en", {
  timeZone: zone,
  timeZoneName: "short",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

const DAYS = {
  iso: (p) => `${p.year}-${p.month}-${p.day}`,
  dots: (p) => `${p.day}.${p.month}.${p.year}`,
  slashes: (p) => `${p.month}/${p.day}/${p.year}`,
};

const partsOf = (iso) =>
  Object.fromEntries(PARTS.formatToParts(new Date(iso)).map(({ type, value }) => [type, value]));

const day = (parts) => (DAYS[mine.dates] ?? DAYS.iso)(parts);

function time(parts) {
  if (mine.dates !== "slashes") return `${parts.hour}:${parts.minute}:${parts.second}`;
  const hour = Number(parts.hour);
  return `${hour % 12 || 12}:${parts.minute}:${parts.second} ${hour < 12 ? "AM" : "PM"}`;
}

export const timeOf = (at) => time(partsOf(at.toISOString()));

const exact = (parts) => `${day(parts)} ${time(parts)} ${parts.timeZoneName}`;

function tellZone() {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (zone)
    document.cookie = `stigmer-zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

export function tick(root = document) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    // What the server sent anew has the zone of the server again.
    if (element.dataset.zoned === element.title && element.title) continue;
    const parts = partsOf(element.dateTime);
    element.title = element.dataset.zoned = exact(parts);
    if (element.dataset.at !== undefined) put(element, element.title);
    if (element.dataset.day !== undefined) put(element, day(parts));
  }
  for (const element of root.querySelectorAll("[data-since]"))
    put(element, lasted(now() - Date.parse(element.dataset.since)));
  for (const element of root.querySelectorAll("[data-ago]"))
    put(element, ago(now() - Date.parse(element.dataset.ago)));
  for (const element of root.querySelectorAll("[data-until]")) {
    const left = Date.parse(element.dataset.until) - now();
    put(element, left > 0 ? _("in {span}", { span: lasted(left) }) : _("now"));
  }
}

export function startClock() {
  tellZone();
  tick();
  setInterval(() => { if (!document.hidden) tick(); }, 500);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}
