// A drawing that is too large for the page is zoomed, by buttons and by + - 0 while it has the
// focus, and has a small picture.
import { minimap } from "./minimap.js";
import { _ } from "./words.js";

const STEP = 1.25;
const [LEAST, MOST] = [0.2, 2.5];
// Called for a drawing that was pushed anew.
const known = new WeakMap();

function zooming(box) {
  const svg = () => box.querySelector("svg");
  const tools = box.parentElement.querySelector(".graph-tools");
  let scale = 1;
  const size = () => {
    const [, , width, height] = svg().getAttribute("viewBox").split(" ").map(Number);
    return { width, height };
  };
  const map = minimap(box, tools);
  const apply = () => {
    const { width, height } = size();
    svg().setAttribute("width", Math.round(width * scale));
    svg().setAttribute("height", Math.round(height * scale));
  };
  const set = (wanted) => {
    const middle = [
      (box.scrollLeft + box.clientWidth / 2) / scale,
      (box.scrollTop + box.clientHeight / 2) / scale,
    ];
    scale = Math.min(MOST, Math.max(LEAST, wanted));
    apply();
    box.scrollTo(middle[0] * scale - box.clientWidth / 2, middle[1] * scale - box.clientHeight / 2);
    map.show(scale);
  };
  const fit = () =>
    set(
      Math.min(1, (box.clientWidth - 24) / size().width, (box.clientHeight - 24) / size().height),
    );
  const does = {
    "+": () => set(scale * STEP),
    "=": () => set(scale * STEP),
    "-": () => set(scale / STEP),
    0: fit,
  };
  const bar = Object.assign(document.createElement("div"), { className: "row zoom" });
  for (const [key, sign, words] of [
    ["+", "+", _("Larger")],
    ["-", "−", _("Smaller")],
    ["0", _("Fit"), _("Fit the whole")],
  ]) {
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      className: "button",
      textContent: sign,
      title: words,
    });
    button.setAttribute("aria-label", words);
    button.addEventListener("click", does[key]);
    bar.append(button);
  }
  tools.prepend(bar);
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !does[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    does[event.key]();
  });
  const again = () => {
    apply();
    map.draw(svg(), size());
    map.show(scale);
  };
  again();
  known.set(box, again);
}

export function startGraph(within = document) {
  for (const box of within.querySelectorAll("[data-zooms]")) {
    const again = known.get(box);
    if (again) again();
    else if (box.querySelector("svg")) zooming(box);
  }
}

export function listenForDrawings() {
  document.body.addEventListener("htmx:after:swap", () => startGraph());
}
