// Forms sent by htmx: one click is one request, and whatever comes back is shown or explained.
import { catchUp } from "./live/socket.js";
import { toast } from "./toasts.js";

const SENDING = "data-sending";
const DONE_STAYS_MS = 10000;

// Good news goes by itself; a refusal stays until the next action.
function leaveLater(result) {
  if (result.classList.contains("tone-good")) setTimeout(() => result.remove(), DONE_STAYS_MS);
}

export function listenForForms() {
  const { body } = document;
  body.addEventListener("htmx:before:request", (event) => {
    const element = event.target;
    if (element.hasAttribute(SENDING)) { event.preventDefault(); return; }
    element.setAttribute(SENDING, "");
    element.setAttribute("aria-busy", "true");
  });
  body.addEventListener("htmx:finally:request", (event) => {
    event.target.removeAttribute(SENDING);
    event.target.removeAttribute("aria-busy");
  });
  body.addEventListener("htmx:after:request", (event) => {
    const status = event.detail.ctx?.response?.status ?? 0;
    const from = event.detail.ctx?.response?.raw;
    if (from?.redirected && new URL(from.url).pathname === "/log-in") location.reload();
    if (status >= 500 && !from?.headers.has("X-Explained")) toast({ tone: "bad", title: "The server could not do this", text: "Nothing is known to have changed. Look before trying again." });
    else catchUp();
  });
  body.addEventListener("htmx:error", () => {
    toast({ tone: "bad", title: "The server did not answer", text: "It is not known whether your request arrived. The page shows the truth as soon as it is back." });
  });
  body.addEventListener("htmx:after:swap", (event) => {
    const result = document.querySelector("[data-takes-focus]");
    if (result) { result.removeAttribute("data-takes-focus"); result.focus({ preventScroll: false }); leaveLater(result); }
    for (const dialog of event.target.closest?.("dialog[open]") ? [event.target.closest("dialog")] : []) dialog.close();
  });
}
