// Light or dark: the system decides until a person does.
import { say } from "./said.js";

export function toggleTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (document.documentElement.dataset.theme || system) === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try { localStorage.setItem("stigmer-theme", next); } catch { /* kept for this page only */ }
  say(`${next} theme`);
}
