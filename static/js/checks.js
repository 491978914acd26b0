// Editors of definitions: what is written is checked when the writer pauses; nothing is stored
// by it.
import { startGraph } from "./graph.js";

const PAUSE_MS = 600;
let timer = 0;
let asking = null;

async function check(form, button = null) {
  asking?.abort();
  asking = new AbortController();
  const sent = new FormData(form, button);
  sent.delete("file");
  try {
    const response = await fetch(form.dataset.checks, {
      method: "POST",
      body: sent,
      credentials: "same-origin",
      signal: asking.signal,
    });
    if (!response.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const place = document.getElementById("checked");
    place.replaceChildren(...page.body.childNodes);
    startGraph(place);
    place.dispatchEvent(new Event("checked"));
  } catch { /* a newer text is being checked, or the server is away: applying checks it again */ }
}

export function listenForChecks() {
  document.addEventListener("input", ({ target }) => {
    const form = target.matches("textarea") && target.closest("form[data-checks]");
    if (!form) return;
    clearTimeout(timer);
    timer = setTimeout(() => check(form), PAUSE_MS);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-looks]");
    const form = button?.form;
    // A file is read by the server: that is a page of its own.
    if (!form || form.elements.file?.files.length) return;
    event.preventDefault();
    clearTimeout(timer);
    check(form, button).then(() =>
      document.getElementById("checked").scrollIntoView({ block: "nearest" }),
    );
  });
}
