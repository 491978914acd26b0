// The reader's own settings: they stand at <html>, and are kept by the server.
export const mine = document.documentElement.dataset;

// Nothing waits for it: where it cannot be kept it holds for this page.
export function keep(name, value) {
  const token = JSON.parse(document.body.getAttribute("hx-headers:inherited"))["X-CSRFToken"];
  const headers = { "X-CSRFToken": token, "Content-Type": "application/json" };
  fetch("/api/v1/me/settings", {
    method: "PATCH",
    headers,
    body: JSON.stringify({ [name]: value }),
  }).catch(() => {});
}
