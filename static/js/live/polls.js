// A region that is read again each second while it says so ([data-polls]): for what no topic
// tells of.
import { tick } from "../clock.js";

const EVERY_MS = 1000;

async function readAgain(region) {
  const response = await fetch(location.href, {
    headers: { "X-Live": "refresh" },
    credentials: "same-origin",
  });
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(region.id);
  if (!fresh || region.contains(document.activeElement?.closest("dialog[open]"))) return;
  await htmx.swap({
    text: fresh.outerHTML,
    target: region,
    swap: "outerMorph",
    sourceElement: document.body,
  });
  tick();
}

export function startPolls() {
  const poll = async () => {
    const region = document.querySelector("[data-polls]");
    // Where the server is away for a while, it is asked again. A region may begin to ask at
    // any time.
    try {
      if (region && !document.hidden) await readAgain(region);
    } catch {
      /* asked again below */
    }
    setTimeout(poll, EVERY_MS);
  };
  setTimeout(poll, EVERY_MS);
}
