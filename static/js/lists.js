// Lists under the keyboard: j and k move along [data-row], Enter follows the row's link.
export function move(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  const stop = next.querySelector("a, summary, button") || next;
  stop.focus();
  next.scrollIntoView({ block: "nearest" });
}

export function focusOn(selector) {
  const element = document.querySelector(selector);
  if (element) { element.focus(); element.select?.(); }
}

export function follow(selector) {
  document.querySelector(selector)?.click();
}

export function nextError() {
  const step = document.querySelector(".step:has(> .mark.tone-bad):not(.superseded)");
  if (!step) return;
  step.querySelector("details").open = true;
  step.scrollIntoView({ block: "center" });
  step.querySelector("summary").focus();
}
