// What has to work while the other scripts are still on their way. A click on a button that only
// scripts serve is held until they are there, and then done. Ctrl-Enter sends a form, which needs
// none of them.
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    const form = event.target.matches?.("textarea[data-enter-sends]") && event.target.form;
    if (!form) return;
    const button =
      form.querySelector("button:not([type=button])") ||
      document.querySelector(`button[form="${form.id}"]`);
    if (!button || button.disabled) return;
    event.preventDefault();
    form.requestSubmit(button);
  });
  const held = new Set();
  const hold = (event) => {
    const button = event.target.closest?.("button[type=button]:not([popovertarget])");
    if (button) held.add(button);
  };
  document.addEventListener("click", hold, true);
  addEventListener(
    "scripts-live",
    () => {
      document.removeEventListener("click", hold, true);
      for (const button of held) if (button.isConnected) button.click();
    },
    { once: true },
  );
})();
