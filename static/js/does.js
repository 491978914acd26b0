// Things that a click does without asking the server: [data-does], [data-copies], [data-opens].
import { showKeys } from "./keys.js";
import { openPalette } from "./palette.js";
import { say } from "./said.js";
import { toggleTheme } from "./theme.js";
import { _ } from "./words.js";

const does = {
  theme: toggleTheme,
  keys: showKeys,
  palette: openPalette,
  reload: () => location.reload(),
};

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say(_("Copied"));
    return true;
  } catch {
    return false;
  }
}

export function listenForClicks() {
  document.addEventListener("click", async (event) => {
    const element = event.target.closest("[data-does], [data-copies], [data-opens]");
    if (!element) return;
    if (element.dataset.does) does[element.dataset.does]?.();
    if (element.dataset.opens) document.getElementById(element.dataset.opens)?.showModal();
    if (element.dataset.copies && await copy(element.dataset.copies)) flash(element);
  });
  // A click beside a sheet closes it, as Escape does.
  document.addEventListener("click", (event) => {
    if (event.target instanceof HTMLDialogElement && event.target.matches("dialog.sheet[open]"))
      event.target.close();
  });
}

export function listenForChanges() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-sends]")) event.target.form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const line = event.target.closest("[data-goes-to-line]")?.dataset.goesToLine;
    const text = document.getElementById("text");
    if (!line || !text) return;
    event.preventDefault();
    // The editor goes there itself.
    if (
      !text.dispatchEvent(
        new CustomEvent("goes-to-line", { cancelable: true, detail: Number(line) }),
      )
    )
      return;
    const start =
      text.value
        .split("\n")
        .slice(0, Number(line) - 1)
        .join("\n").length + (Number(line) > 1 ? 1 : 0);
    const end = text.value.indexOf("\n", start);
    text.focus();
    text.setSelectionRange(start, end < 0 ? text.value.length : end);
    text.scrollTop =
      text.scrollHeight * (start / Math.max(1, text.value.length)) - text.clientHeight / 2;
  });
}

function flash(element) {
  const label = element.querySelector("[data-label]");
  if (!label || label.dataset.was) return;
  label.dataset.was = label.textContent;
  label.textContent = _("Copied");
  setTimeout(() => { label.textContent = label.dataset.was; delete label.dataset.was; }, 1200);
}
