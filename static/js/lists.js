// Lists under the keyboard: j and k move along [data-row], Enter follows the row's link.
import { _ } from "./words.js";

export function move(by) {
  const rows = [...document.querySelectorAll("[data-row]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
  const stop = next.querySelector(".title, summary") || next.querySelector("a, button") || next;
  stop.focus();
  next.scrollIntoView({ block: "nearest" });
}

// A pushed row has every column, whoever reads it: those that this list does not show stay hidden.
export function hideOtherColumns() {
  const list = document.querySelector("[data-columns]");
  if (!list) return;
  const shown = list.dataset.columns.split(" ").map((name) => `.col-${CSS.escape(name)}`);
  const style = new CSSStyleSheet();
  style.replaceSync(`.execution-row > .col:not(${shown.join(", ")}) { display: none; }`);
  document.adoptedStyleSheets.push(style);
}

export function focusOn(selector) {
  const element = document.querySelector(selector);
  if (element) { element.focus(); element.select?.(); }
}

export function follow(selector) {
  document.querySelector(selector)?.click();
}

// Round the failed steps of a page, or the failed rows of a list, beginning after where the
// focus is.
export function nextError() {
  const found = [
    ...document.querySelectorAll(
      ".step:has(> .mark.tone-bad):not(.superseded), .execution-row[data-error]",
    ),
  ];
  if (!found.length) return;
  const next =
    found[(found.findIndex((each) => each.contains(document.activeElement)) + 1) % found.length];
  const details = next.querySelector("details");
  if (details) details.open = true;
  next.scrollIntoView({ block: "center" });
  next.querySelector("summary, a").focus();
}

export function followTab(number) {
  document.querySelectorAll("[data-tab]")[number - 1]?.click();
}

export function pick() {
  document.activeElement?.closest("[data-row]")?.querySelector(".pick")?.click();
}

// How many rows are checked stands beside the buttons for them; the box of the head checks all
// rows of
// the page, and shift checks all from the row that was checked last.
export function countPicked() {
  const boxes = () => [...document.querySelectorAll(".pick:not(.all)")];
  let last = null;
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".pick");
    if (!box) return;
    const all = boxes();
    if (box.matches("[data-picks-all]")) for (const each of all) each.checked = box.checked;
    else {
      const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey && from >= 0)
        for (const each of all.slice(from, to + 1)) each.checked = box.checked;
      last = box;
    }
  });
  document.addEventListener("change", () => {
    const words = document.querySelector("[data-picked]");
    const many = boxes().filter((box) => box.checked).length;
    const head = document.querySelector("[data-picks-all]");
    if (head) {
      head.checked = many > 0 && many === boxes().length;
      head.indeterminate = many > 0 && !head.checked;
    }
    if (words && many) words.textContent = _("{many} chosen", { many });
  });
}
