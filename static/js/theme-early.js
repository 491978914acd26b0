// Runs before the first paint, so that the page never flashes in the other theme.
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("stigmer-theme"); } catch { /* storage is blocked: follow the system */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
