// Short messages in the corner. What must not be missed is in the inbox as well.
import { sayAtOnce } from "./said.js";

const STAYS_MS = 12000;
const MOST = 4;
const TONES = { bad: "alert", good: "check", warn: "alert", idle: "info" };

export function toast({ title, text = "", href = "", tone = "idle", does = null }) {
  const shape = document.getElementById("toast-shape");
  const holder = document.getElementById("toasts");
  if (!shape || !holder) return;
  const element = shape.content.firstElementChild.cloneNode(true);
  element.classList.add(`tone-${tone}`);
  const use = element.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${TONES[tone] || "info"}`));
  element.querySelector("strong").textContent = title;
  element.querySelector("p").textContent = text;
  const link = element.querySelector("a");
  if (href.startsWith("/")) { link.href = href; link.hidden = false; }
  const form = element.querySelector("form");
  if (does?.address.startsWith("/")) {
    form.action = does.address;
    form.elements.seq.value = does.seq;
    form.querySelector("button").textContent = does.label;
    form.hidden = false;
  }
  element.querySelector("[data-dismisses]").addEventListener("click", () => element.remove());
  holder.append(element);
  while (holder.children.length > MOST) holder.firstElementChild.remove();
  sayAtOnce(`${title}. ${text}`);
  leaveLater(element);
}

// A toast stays while it is pointed at or holds the focus.
function leaveLater(element) {
  const leave = () => {
    if (element.matches(":hover, :focus-within")) { setTimeout(leave, 2000); return; }
    element.remove();
  };
  setTimeout(leave, STAYS_MS);
}
