// Starts the page: times, keys, clicks, forms and the live connection.
import { listenForChecks } from "./checks.js";
import { startClock, setServerNow } from "./clock.js";
import { copy, listenForChanges, listenForClicks } from "./does.js";
import { listenForForms } from "./forms.js";
import { listenForKeys, register, showKeys } from "./keys.js";
import {
  countPicked, focusOn, follow, followTab, hideOtherColumns, move, nextError, pick,
} from "./lists.js";
import { startPolls } from "./live/polls.js";
import { startLive } from "./live/socket.js";
import { startTalk } from "./live/talk.js";
import { listenForPalette } from "./palette.js";
import { listenForDrawings, startGraph } from "./graph.js";
import { showOwn } from "./own.js";
import { startPayloads } from "./payload.js";
import { startSteps } from "./steps.js";
import { followTheme, toggleTheme } from "./theme.js";
import { _ } from "./words.js";

const go = (name) => () => { follow(`a[data-nav="${name}"]`); };

register("?", _("Show this help"), showKeys);
register("/", _("Search"), () => focusOn("input[type=search]"));
register("g o", _("Go to overview"), go("overview"));
register("g e", _("Go to executions"), go("executions"));
register("g w", _("Go to workflows"), go("workflows"));
register("g v", _("Go to approvals"), go("approvals"));
register("g h", _("Go to schedules"), go("schedules"));
register("g i", _("Go to inbox"), go("inbox"));
register("g p", _("Go to workers"), go("workers"));
register("g a", _("Go to what needs attention"), go("attention"));
register("g s", _("Go to agents"), go("agents"));
register("g t", _("Go to API tokens"), go("tokens"));
register("g c", _("Go to your settings"), go("settings"));
document.querySelectorAll("[data-tab]").forEach((tab, at) => {
  register(`${at + 1}`, _("Tab: {name}", { name: tab.textContent }), () => followTab(at + 1));
});
register("j", _("Next row or step"), () => move(1));
register("k", _("Previous row or step"), () => move(-1));
register("x", _("Choose the row"), pick);
register("n", _("Show new rows"), () => follow("[data-new-pill]:not([hidden])"));
register(".", _("Go to the next error"), nextError);
register("c", _("Copy the id"), () => {
  const id = document.querySelector("h1 ~ * [data-copies], [data-copies]");
  if (id) copy(id.dataset.copies);
});
register("t", _("Light or dark"), toggleTheme);

if (document.querySelector("#reply, #message"))
  register("m", _("Write a message"), () => focusOn("#reply, #message"));

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
hideOtherColumns();
startSteps();
startPayloads();
startGraph();
listenForDrawings();
startLive();
startTalk();
startPolls();
// Clicks of before are done now: js/held-early.js.
dispatchEvent(new Event("scripts-live"));
