// A small picture of a drawing that is larger than its box: it says where one is, and a click
// goes there.
const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDEST = 150;
const HIGHEST = 180;

const make = (name, attributes) => {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

const nodesOf = (svg) =>
  [...svg.querySelectorAll(".node")].map((node) => {
    const [x, y] = /translate\(([-\d.]+)[ ,]([-\d.]+)\)/
      .exec(node.getAttribute("transform"))
      .slice(1);
    const rect = node.querySelector("rect");
    return make("rect", {
      x,
      y,
      width: rect.getAttribute("width"),
      height: rect.getAttribute("height"),
      rx: 9,
      class: ["mini", ...[...node.classList].filter((name) => name.startsWith("tone-"))].join(" "),
    });
  });

// `box` scrolls, `tools` holds the picture. `draw` takes a drawing and its size, `show` its scale.
export function minimap(box, tools) {
  const map = make("svg", { class: "minimap", "aria-hidden": "true" });
  const seen = make("rect", { class: "seen" });
  let size = { width: 1, height: 1 };
  let scale = 1;
  tools.append(map);

  const draw = (svg, newSize) => {
    size = newSize;
    const shrunk = Math.min(WIDEST / size.width, HIGHEST / size.height);
    const measured = {
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: Math.ceil(size.width * shrunk),
      height: Math.ceil(size.height * shrunk),
    };
    for (const [key, value] of Object.entries(measured)) map.setAttribute(key, value);
    map.replaceChildren(...nodesOf(svg), seen);
  };
  const show = (newScale = scale) => {
    scale = newScale;
    map.toggleAttribute(
      "hidden",
      box.scrollWidth <= box.clientWidth + 1 && box.scrollHeight <= box.clientHeight + 1,
    );
    const across = Math.min(size.width, box.clientWidth / scale);
    const down = Math.min(size.height, box.clientHeight / scale);
    const place = {
      x: Math.min(box.scrollLeft / scale, size.width - across),
      y: Math.min(box.scrollTop / scale, size.height - down),
      width: across,
      height: down,
    };
    for (const [key, value] of Object.entries(place)) seen.setAttribute(key, value);
  };
  const go = (event) => {
    const area = map.getBoundingClientRect();
    const larger = (size.width * scale) / area.width;
    box.scrollTo(
      (event.clientX - area.left) * larger - box.clientWidth / 2,
      (event.clientY - area.top) * larger - box.clientHeight / 2,
    );
  };
  map.addEventListener("pointerdown", (event) => {
    map.setPointerCapture(event.pointerId);
    go(event);
  });
  map.addEventListener("pointermove", (event) => {
    if (event.buttons) go(event);
  });
  box.addEventListener("scroll", () => show(), { passive: true });
  new ResizeObserver(() => show()).observe(box);
  return { draw, show };
}
