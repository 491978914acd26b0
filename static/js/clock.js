// Times tick here, from timestamps of the server; nothing is pushed for them.
// The exact moment, on hover, is in the zone of this browser; the server learns the zone for what it
// writes itself, and for the days that a person types.
// data-since: running duration · data-until: countdown · data-ago: "3 min ago"
let skewMs = 0;

export function setServerNow(iso) {
  const server = Date.parse(iso);
  if (!Number.isNaN(server)) skewMs = server - Date.now();
}

const now = () => Date.now() + skewMs;

export function lasted(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

export function ago(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 5) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const two = (number) => String(number).padStart(2, "0");

const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

function zoneOf(at) {
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName")?.value ?? "";
}

function exact(iso) {
  const at = new Date(iso);
  return `${day(at)} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zoneOf(at)}`;
}

function tellZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  if (zone) document.cookie = `stigmer-zone=${zone}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
}

export function tick(root = document) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    // What the server sent anew has the zone of the server again.
    if (element.dataset.zoned === element.title && element.title) continue;
    element.title = element.dataset.zoned = exact(element.dateTime);
    if (element.dataset.at !== undefined) put(element, element.title);
    if (element.dataset.day !== undefined) put(element, day(new Date(element.dateTime)));
  }
  for (const element of root.querySelectorAll("[data-since]")) put(element, lasted(now() - Date.parse(element.dataset.since)));
  for (const element of root.querySelectorAll("[data-ago]")) put(element, ago(now() - Date.parse(element.dataset.ago)));
  for (const element of root.querySelectorAll("[data-until]")) {
    const left = Date.parse(element.dataset.until) - now();
    put(element, left > 0 ? `in ${lasted(left)}` : "now");
  }
}

export function startClock() {
  tellZone();
  tick();
  setInterval(() => { if (!document.hidden) tick(); }, 500);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}
