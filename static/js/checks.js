// Editors of definitions: what is written is checked when the writer pauses; nothing is stored by it.
const PAUSE_MS = 600;
let timer = 0;
let asking = null;

async function check(form) {
  asking?.abort();
  asking = new AbortController();
  const sent = new FormData(form);
  sent.delete("file");
  try {
    const response = await fetch(form.dataset.checks, { method: "POST", body: sent, credentials: "same-origin", signal: asking.signal });
    if (!response.ok || response.redirected) return;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    document.getElementById("checked").replaceChildren(...page.body.childNodes);
  } catch { /* a newer text is being checked, or the server is away: applying checks it again */ }
}

export function listenForChecks() {
  document.addEventListener("input", ({ target }) => {
    const form = target.matches("textarea") && target.closest("form[data-checks]");
    if (!form) return;
    clearTimeout(timer);
    timer = setTimeout(() => check(form), PAUSE_MS);
  });
}
