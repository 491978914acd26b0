// Light or dark: the system decides until a person does.
import { keep, mine } from "./mine.js";
import { say } from "./said.js";
import { _ } from "./words.js";

// Pages before the log-in know no person: they follow this browser's last one.
function remember(theme) {
  try {
    localStorage.setItem("stigmer-theme", theme);
  } catch {
    /* storage is blocked: they follow the system */
  }
}

export function followTheme() {
  remember(mine.theme);
}

export function toggleTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const now = mine.theme === "light" || mine.theme === "dark" ? mine.theme : system;
  mine.theme = now === "dark" ? "light" : "dark";
  remember(mine.theme);
  keep("theme", mine.theme);
  say(mine.theme === "dark" ? _("dark theme") : _("light theme"));
}
