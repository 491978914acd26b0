// Parts that are pushed are the same for all of one role: of what somebody asked for, each reader
// is shown the half for the asker, or that for the others.
export function showOwn(root = document) {
  const { user } = document.body.dataset;
  for (const around of root.querySelectorAll("[data-asked-by]")) {
    const isOwn = around.dataset.askedBy === user;
    for (const each of around.querySelectorAll("[data-by]"))
      each.hidden = (each.dataset.by === "asker") !== isOwn;
  }
}
