// Starts the page: times, keys, clicks, forms and the live connection.
import { startClock, setServerNow } from "./clock.js";
import { copy, listenForChanges, listenForClicks } from "./does.js";
import { listenForForms } from "./forms.js";
import { listenForKeys, register, showKeys } from "./keys.js";
import { focusOn, follow, move, nextError } from "./lists.js";
import { startLive } from "./live/socket.js";
import { toggleTheme } from "./theme.js";

const go = (name) => () => { follow(`.nav a[data-nav="${name}"]`); };

register("?", "Show this help", showKeys);
register("/", "Search", () => focusOn("input[type=search]"));
register("g o", "Go to overview", go("overview"));
register("g e", "Go to executions", go("executions"));
register("g w", "Go to workflows", go("workflows"));
register("g i", "Go to inbox", go("inbox"));
register("g p", "Go to workers", go("workers"));
register("j", "Next row or step", () => move(1));
register("k", "Previous row or step", () => move(-1));
register("n", "Show new rows", () => follow("[data-new-pill]:not([hidden])"));
register(".", "Go to the error", nextError);
register("c", "Copy the id", () => { const id = document.querySelector("h1 ~ * [data-copies], [data-copies]"); if (id) copy(id.dataset.copies); });
register("t", "Light or dark", toggleTheme);

setServerNow(document.querySelector("[data-server-now]")?.dataset.serverNow ?? "");
startClock();
listenForClicks();
listenForChanges();
listenForKeys();
listenForForms();
startLive();
