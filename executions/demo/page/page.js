// Shows the state of the shop once a second and sends what a person asks for. No state is kept here.
const OPERATIONS = [
  ["stock", "Check stock", "GET /stock/{sku}"],
  ["reserve", "Reserve", "POST /reservations"],
  ["charge", "Charge", "POST /payments"],
  ["ship", "Ship", "POST /shipments"],
  ["health", "Health", "GET /health"],
];
const CHOICES = [
  [null, "Works"], ["unavailable", "503"], ["reject", "400"], ["hang", "Hangs"], ["slow", "Slow"], ["drop", "Loses answer"],
];
const WORDS = {
  unavailable: "answers 503", reject: "answers 400", hang: "hangs", slow: "is slow", drop: "does it, loses the answer",
};
const COUNTS = [["reserve", "reservations"], ["charge", "payments"], ["ship", "shipments"], ["repeated", "repeats answered from memory"]];

const at = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const rows = new Map();
for (const [operation, name, path] of OPERATIONS) {
  const now = make("span", { class: "now" });
  const buttons = CHOICES.map(([kind, word]) => {
    const button = make("button", { type: "button", "aria-pressed": "false", ...(kind ? {} : { class: "fine" }) }, word);
    button.addEventListener("click", () => ask({ operation, fault: kind, ...extent(kind) }));
    return [kind, button];
  });
  const row = make("li", {},
    make("div", {}, make("span", { class: "name" }, name), " ", make("span", { class: "path" }, path), make("br"), now),
    make("div", { class: "choices", role: "group", "aria-label": `${name}: what happens` }, ...buttons.map(([, b]) => b)));
  at("operations").append(row);
  rows.set(operation, { row, now, buttons });
}

function extent(kind) {
  if (!kind) return {};
  const times = Number(at("times").value);
  const seconds = kind === "hang" || kind === "slow" ? { seconds: Number(at(kind).value) } : {};
  return { times: times > 0 ? times : null, ...seconds };
}

function sentence(fault) {
  if (!fault) return "works";
  const wait = fault.seconds ? ` for ${fault.seconds} s` : "";
  const many = fault.times === null ? "every call" : fault.times === 1 ? "the next call" : `the next ${fault.times} calls`;
  return `${WORDS[fault.kind]}${wait}: ${many}`;
}

let shown = "";
function show(state) {
  // What did not change is left alone, so that a selection and the reader's place survive.
  if (shown === (shown = JSON.stringify(state))) return;
  for (const [operation, { row, now, buttons }] of rows) {
    const fault = state.faults[operation];
    row.classList.toggle("failing", Boolean(fault));
    if (now.textContent !== sentence(fault)) now.textContent = sentence(fault);
    for (const [kind, button] of buttons) button.setAttribute("aria-pressed", String((fault?.kind ?? null) === kind));
  }
  at("counts").replaceChildren(...COUNTS.map(([key, word]) =>
    make("div", {}, make("dt", {}, word), make("dd", {}, String(state.counts[key])))));
  at("none").hidden = state.calls.length > 0;
  at("calls").replaceChildren(...state.calls.map(line));
}

function line(call) {
  const tone = call.status === null ? "open" : call.status < 400 ? "good" : "bad";
  return make("tr", {},
    make("td", {}, new Date(call.at).toLocaleTimeString()),
    make("td", {}, `${call.method} ${call.path}`),
    make("td", {}, make("span", { class: `badge ${tone}` }, call.status === null ? "none" : String(call.status))),
    make("td", {}, call.said),
    make("td", {}, make("span", { class: "key", title: call.key ?? "" }, call.key ?? "–")));
}

function reachable(is) {
  at("live").className = `dot ${is ? "on" : "off"}`;
  const word = is ? "live" : "not reachable, trying again";
  if (at("live-word").textContent !== word) at("live-word").textContent = word;
}

async function ask(asked) {
  try {
    const answer = await fetch("/control", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked),
    });
    const body = await answer.json();
    at("said").textContent = answer.ok ? "" : body.error;
    if (answer.ok) show(body);
  } catch {
    reachable(false);
  }
}

async function look() {
  if (!document.hidden) {
    try {
      show(await (await fetch("/state")).json());
      reachable(true);
    } catch {
      reachable(false);
    }
  }
  setTimeout(look, 1000);
}

at("reset").addEventListener("click", () => ask({ reset: true }));
look();
