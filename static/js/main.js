// Starts the page: times, keys, clicks, forms and the live connection.
import { listenForChecks } from "./checks.js";
import { startClock, setServerNow } from "./clock.js";
import { copy, listenForChanges, listenForClicks } from "./does.js";
import { listenForForms } from "./forms.js";
import { listenForKeys, register, showKeys } from "./keys.js";
import { countPicked, focusOn, follow, followTab, move, nextError, pick } from "./lists.js";
import { startPolls } from "./live/polls.js";
import { startLive } from "./live/socket.js";
import { startTalk } from "./live/talk.js";
import { listenForPalette } from "./palette.js";
import { listenForDrawings, startGraph } from "./graph.js";
import { showOwn } from "./own.js";
import { startPayloads } from "./payload.js";
import { startSteps } from "./steps.js";
import { followTheme, toggleTheme } from "./theme.js";

const go = (name) => () => { follow(`a[data-nav="${name}"]`); };

register("?", "Show this help", showKeys);
register("/", "Search", () => focusOn("input[type=search]"));
register("g o", "Go to overview", go("overview"));
register("g e", "Go to executions", go("executions"));
register("g w", "Go to workflows", go("workflows"));
register("g v", "Go to approvals", go("approvals"));
register("g h", "Go to schedules", go("schedules"));
register("g i", "Go to inbox", go("inbox"));
register("g p", "Go to workers", go("workers"));
register("g a", "Go to what needs attention", go("attention"));
register("g s", "Go to agents", go("agents"));
register("g t", "Go to API tokens", go("tokens"));
register("g c", "Go to your settings", go("settings"));
document.querySelectorAll("[data-tab]").forEach((tab, at) => register(`${at + 1}`, `Tab: ${tab.textContent}`, () => followTab(at + 1)));
register("j", "Next row or step", () => move(1));
register("k", "Previous row or step", () => move(-1));
register("x", "Choose the row", pick);
register("n", "Show new rows", () => follow("[data-new-pill]:not([hidden])"));
register(".", "Go to the next error", nextError);
register("c", "Copy the id", () => { const id = document.querySelector("h1 ~ * [data-copies], [data-copies]"); if (id) copy(id.dataset.copies); });
register("t", "Light or dark", toggleTheme);

if (document.querySelector("#reply, #message")) register("m", "Write a message", () => focusOn("#reply, #message"));

setServerNow(document.querySelector("[data-server-now]")?.dataset.serverNow ?? "");
startClock();
showOwn();
followTheme();
listenForClicks();
listenForChanges();
listenForKeys();
listenForForms();
listenForPalette();
listenForChecks();
countPicked();
startSteps();
startPayloads();
startGraph();
listenForDrawings();
startLive();
startTalk();
startPolls();
// Clicks of before are done now: js/held-early.js.
dispatchEvent(new Event("scripts-live"));
