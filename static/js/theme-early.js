// Runs before the first paint, so that the page never flashes in the other theme.
(() => {
  // Of who is logged in the server knows it.
  if (document.documentElement.dataset.theme) return;
  let chosen = document.currentScript?.dataset.wanted || null;
  try {
    chosen ||= localStorage.getItem("stigmer-theme");
  } catch {
    /* storage is blocked: follow the system */
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
