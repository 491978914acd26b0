// Forms: one click, or a double click, is one request, and whatever comes back is shown or
// explained.
import { catchUp } from "./live/socket.js";
import { toast } from "./toasts.js";
import { _ } from "./words.js";

const SENDING = "data-sending";
const DONE_STAYS_MS = 10000;
const SENT_AGAIN_MS = 5000;

// Good news goes by itself; a refusal stays until the next action.
function leaveLater(result) {
  if (result.classList.contains("tone-good")) setTimeout(() => result.remove(), DONE_STAYS_MS);
}

// The button under the second click of a double click may be another one by then.
function takeDoubleClicksAsOne() {
  document.addEventListener("click", (event) => {
    if (event.detail < 2 || !event.target.closest("form button")) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.hasAttribute(SENDING)) { event.preventDefault(); return; }
    form.setAttribute(SENDING, "");
    sign(form);
    // The reader may have stopped it, or the server be away.
    setTimeout(() => form.removeAttribute(SENDING), SENT_AGAIN_MS);
  });
  // A page that the browser kept is shown again as it was left.
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted)
      for (const form of document.querySelectorAll(`form[${SENDING}]`))
        form.removeAttribute(SENDING);
  });
}

// A form that was pushed into the page has no token of its own: that of the page counts.
function sign(form) {
  if (form.elements.csrfmiddlewaretoken) return;
  const token = JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRFToken"];
  form.append(
    Object.assign(document.createElement("input"), {
      type: "hidden",
      name: "csrfmiddlewaretoken",
      value: token,
    }),
  );
}

function explained(status) {
  if (status === 403)
    return {
      title: _("Nothing was done"),
      text: _("You may not do this, or this page is from before you logged in. Load it again."),
    };
  if (status >= 500)
    return {
      title: _("The server could not do this"),
      text: _("Nothing is known to have changed. Look before trying again."),
    };
  return {
    title: _("This was not understood"),
    text: _(
      "The answer was {status}. Load the page again and look before trying again.",
      { status },
    ),
  };
}

// An answer that is no notice of ours: a log-in page, an error page, something of a proxy.
function explain(from) {
  if (from.redirected && new URL(from.url).pathname === "/log-in") location.reload();
  else toast({ tone: "bad", ...explained(from.status) });
}

const notHeard = () => _(
  "It is not known whether your request arrived. The page shows the truth as soon as it is back.",
);

export function listenForForms() {
  const { body } = document;
  takeDoubleClicksAsOne();
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
    const from = event.detail.ctx.response.raw;
    if (from.headers.has("X-Explained")) { catchUp(); return; }
    event.preventDefault();
    explain(from);
  });
  body.addEventListener("htmx:error", () => {
    toast({
      tone: "bad",
      title: _("The server did not answer"),
      text: notHeard(),
    });
  });
  body.addEventListener("htmx:after:swap", (event) => {
    const result = document.querySelector("[data-takes-focus]");
    if (result) {
      result.removeAttribute("data-takes-focus");
      result.focus({ preventScroll: false });
      leaveLater(result);
    }
    for (const dialog of event.target.closest?.("dialog[open]")
      ? [event.target.closest("dialog")]
      : [])
      dialog.close();
  });
}
