// The viewer of values: folding, copy, download, find, lines as they are. Without it the text
// below is all there is.
import { copy } from "./does.js";
import { say } from "./said.js";
import { _ } from "./words.js";

const OPEN_ENTRIES = 24;
const SHOWN_ENTRIES = 200;
const LONG_TEXT = 2000;
const MOST_HITS = 1000;

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};
const icon = (name) => {
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  shape.setAttribute("class", "icon icon-s");
  shape.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  const known = document.querySelector("svg.icon use")?.getAttribute("href") ?? "#";
  use.setAttribute("href", known.replace(/#.*/, `#${name}`));
  shape.append(use);
  return shape;
};
const isBranch = (value) => value !== null && typeof value === "object";
const sizeOf = (value) => Array.isArray(value) ? value.length : Object.keys(value).length;
const countOf = (value) => Array.isArray(value) ? `[ ${value.length} ]` : `{ ${sizeOf(value)} }`;
const kindOf = (value) => value === null ? "null" : typeof value;

// Characters that cannot be seen, or turn the text around them, are written out: JSON.parse
// would bring them back.
const plain = (text) =>
  text.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\u2028\u2029\u3164\uffa0]/gu, (character) =>
    "\n\t".includes(character)
      ? character
      : [...character]
          .map((each) =>
            each.codePointAt(0) > 0xffff
              ? `\\u{${each.codePointAt(0).toString(16)}}`
              : `\\u${each.codePointAt(0).toString(16).padStart(4, "0")}`,
          )
          .join(""),
  );

// A string is written as it is, with its lines; a long one opens on demand.
function leaf(value) {
  if (typeof value !== "string")
    return make("span", { className: `v-${kindOf(value)}`, textContent: String(value) });
  const isBlock = value.includes("\n");
  const shown = value.length > LONG_TEXT ? value.slice(0, LONG_TEXT) : value;
  const text = make("span", {
    className: isBlock ? "v-string v-block" : "v-string",
    textContent: isBlock ? plain(shown) : plain(JSON.stringify(shown)),
  });
  if (shown === value) return text;
  const more = make("button", {
    type: "button",
    className: "button bare v-more",
    textContent: _("Show all {many} characters", { many: value.length.toLocaleString("en") }),
  });
  more.addEventListener("click", () => {
    text.textContent = plain(isBlock ? value : JSON.stringify(value));
    more.remove();
  });
  const both = make("span", {}, text, more);
  both.openWhole = () => { if (more.isConnected) more.click(); };
  return both;
}

// One entry. Its contents are made when it is opened, so that a megabyte is as quick as a line.
function entry(name, value, isOpen) {
  const label =
    name === null ? [] : [make("span", { className: "v-key", textContent: plain(name) }), ": "];
  const item = make("li");
  item.value_ = value;
  if (!isBranch(value) || !sizeOf(value)) {
    item.append(
      ...label,
      isBranch(value)
        ? make("span", { className: "v-null", textContent: Array.isArray(value) ? "[ ]" : "{ }" })
        : leaf(value),
    );
    return item;
  }
  const details = make(
    "details",
    {},
    make(
      "summary",
      {},
      ...label,
      make("span", { className: "v-count", textContent: countOf(value) }),
    ),
  );
  item.append(details);
  item.fill = (upTo = SHOWN_ENTRIES) => {
    const list = details.querySelector(":scope > ol") ?? details.appendChild(make("ol"));
    const keys = Array.isArray(value) ? null : Object.keys(value);
    list.querySelector(":scope > .v-rest")?.remove();
    const till = Math.min(sizeOf(value), Math.max(upTo, list.children.length));
    for (let at = list.children.length; at < till; at += 1)
      list.append(entry(keys ? keys[at] : String(at), keys ? value[keys[at]] : value[at], false));
    if (till < sizeOf(value)) {
      const more = make("button", {
        type: "button",
        className: "button bare v-more",
        textContent: _("{many} more", { many: (sizeOf(value) - till).toLocaleString("en") }),
      });
      more.addEventListener("click", () => item.fill(till + SHOWN_ENTRIES));
      list.append(make("li", { className: "v-rest" }, more));
    }
    return list;
  };
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector("ol")) item.fill();
  });
  if (isOpen) { item.fill(); details.open = true; }
  return item;
}

function* places(value, words, path = []) {
  if (!isBranch(value)) { if (String(value).toLowerCase().includes(words)) yield path; return; }
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const key of keys) {
    if (typeof key === "string" && key.toLowerCase().includes(words) && !isBranch(value[key]))
      yield [...path, key];
    else {
      if (typeof key === "string" && key.toLowerCase().includes(words)) yield [...path, key];
      yield* places(value[key], words, [...path, key]);
    }
  }
}

function show(root, path) {
  let item = root;
  for (const key of path) {
    const at = Array.isArray(item.value_) ? key : Object.keys(item.value_).indexOf(key);
    const list = item.fill(at + 1);
    item.querySelector(":scope > details").open = true;
    item = list.children[at];
  }
  item.querySelector(":scope > span:last-of-type")?.openWhole?.();
  return item;
}

// The words themselves, in a value that may be long; null where they are in the name.
function markIn(item, words) {
  const text = item.querySelector(":scope > .v-string, :scope > span > .v-string");
  const at = text ? text.textContent.toLowerCase().indexOf(words.toLowerCase()) : -1;
  if (at < 0) return null;
  const all = text.textContent;
  const mark = make("mark", { textContent: all.slice(at, at + words.length) });
  text.replaceChildren(all.slice(0, at), mark, all.slice(at + words.length));
  return mark;
}

class Viewer {
  constructor(box) {
    this.box = box;
    this.pre = box.querySelector("pre");
    this.isCut = "cut" in box.dataset;
    this.hits = [];
    this.at = -1;
    this.text = this.isCut ? null : this.pre.textContent;
    this.bar();
    if (!this.isCut) this.build();
  }

  button(words, name, does) {
    const button = make(
      "button",
      { type: "button", className: "button bare square", title: words },
      icon(name),
    );
    button.setAttribute("aria-label", `${words}: ${this.box.dataset.label}`);
    button.addEventListener("click", does);
    return button;
  }

  bar() {
    const head = this.box.querySelector(".payload-head");
    const whole = head.querySelector("a");
    whole?.addEventListener("click", async (event) => {
      if (!event.metaKey && !event.ctrlKey) {
        event.preventDefault();
        await this.whole();
      }
    });
    this.count = make("span", { className: "small faint number" });
    this.count.setAttribute("role", "status");
    this.field = make("input", {
      type: "search",
      className: "input v-find",
      placeholder: _("Find"),
      hidden: true,
    });
    this.field.setAttribute("aria-label", _("Find in {what}", { what: this.box.dataset.label }));
    this.field.addEventListener("input", () => this.find());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") { event.preventDefault(); this.step(event.shiftKey ? -1 : 1); }
      if (event.key === "Escape") {
        event.stopPropagation();
        this.field.value = "";
        this.find();
        this.field.hidden = true;
        this.pre.focus();
      }
    });
    const tools = make(
      "span",
      { className: "row push v-tools" },
      this.count,
      this.field,
      this.button(_("Find"), "search", async () => {
        await this.whole();
        this.field.hidden = false;
        this.field.focus();
      }),
      this.button(_("Fold or unfold"), "chevron", () => this.fold()),
      this.button(_("Copy"), "copy", async () => {
        await this.whole();
        await copy(this.text);
      }),
      this.button(_("Download"), "download", () => this.download()),
    );
    head.append(tools);
    whole?.classList.remove("push");
  }

  async whole() {
    if (this.text !== null) return;
    const response = await fetch(this.box.dataset.address, { credentials: "same-origin" });
    if (!response.ok) { say(_("The value could not be read")); return; }
    this.text = await response.text();
    this.box.querySelector(".payload-head > a")?.remove();
    this.pre.textContent = this.text;
    this.build();
  }

  build() {
    if (this.box.dataset.payload !== "json") return;
    let value;
    try { value = JSON.parse(this.text); } catch { return; }
    if (!isBranch(value)) {
      if (typeof value === "string") this.pre.textContent = plain(value);
      return;
    }
    this.root = entry(null, value, sizeOf(value) <= OPEN_ENTRIES);
    const only = Object.values(value);
    if (sizeOf(value) <= 8)
      for (const item of this.root.querySelectorAll(":scope > details > ol > li"))
        if (item.fill && sizeOf(item.value_) <= 8 && only.length) {
          item.fill();
          item.firstChild.open = true;
        }
    const tree = make("ol", { className: "value v-tree", tabIndex: 0 }, this.root);
    tree.setAttribute("aria-label", this.box.dataset.label);
    if (this.pre.classList.contains("error")) tree.classList.add("error");
    this.pre.hidden = true;
    this.tree?.remove();
    this.tree = tree;
    this.pre.after(tree);
  }

  fold() {
    if (!this.root) { this.pre.classList.toggle("v-long"); return; }
    const top = this.root.querySelectorAll(":scope > details > ol > li > details");
    const isAnyOpen = [...top].some((each) => each.open);
    if (!isAnyOpen) { this.root.fill(); this.root.firstChild.open = true; }
    for (const each of this.root.querySelectorAll(":scope > details > ol > li > details"))
      each.open = !isAnyOpen;
  }

  find() {
    const words = this.field.value.toLowerCase();
    this.at = -1;
    this.hits = [];
    this.clear();
    if (words && this.root)
      for (const path of places(this.root.value_, words)) {
        this.hits.push(path);
        if (this.hits.length >= MOST_HITS) break;
      }
    else if (words)
      for (
        let at = this.text.toLowerCase().indexOf(words);
        at >= 0 && this.hits.length < MOST_HITS;
        at = this.text.toLowerCase().indexOf(words, at + 1)
      )
        this.hits.push(at);
    this.count.textContent = words ? _("{many} found", { many: this.many() }) : "";
    if (this.hits.length) this.step(1);
  }

  many() {
    return `${this.hits.length}${this.hits.length >= MOST_HITS ? "+" : ""}`;
  }

  step(by) {
    if (!this.hits.length) return;
    this.at = (this.at + by + this.hits.length) % this.hits.length;
    this.count.textContent = _("{at} of {many}", { at: this.at + 1, many: this.many() });
    this.clear();
    const hit = this.hits[this.at];
    if (this.root) {
      const item = show(this.root, hit);
      item.classList.add("v-hit");
      this.scroll(this.tree, markIn(item, this.field.value) ?? item);
      return;
    }
    const words = this.field.value;
    const mark = make("mark", { textContent: this.text.slice(hit, hit + words.length) });
    this.pre.replaceChildren(this.text.slice(0, hit), mark, this.text.slice(hit + words.length));
    this.scroll(this.pre, mark);
  }

  scroll(box, item) {
    box.scrollTop +=
      item.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight / 3;
  }

  clear() {
    for (const hit of this.box.querySelectorAll(".v-hit")) hit.classList.remove("v-hit");
    for (const mark of this.box.querySelectorAll(".v-string > mark"))
      mark.parentElement.textContent = mark.parentElement.textContent;
    if (!this.root && this.text !== null) this.pre.textContent = this.text;
  }

  async download() {
    await this.whole();
    const address = URL.createObjectURL(
      new Blob([this.text], { type: "text/plain;charset=utf-8" }),
    );
    make("a", { href: address, download: this.box.dataset.name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
}

const known = new WeakSet();
let look = null;

function begin(box) {
  if (known.has(box)) return;
  known.add(box);
  look.observe(box);
}

function startIn(root) {
  if (root.matches?.("[data-payload]")) begin(root);
  for (const box of root.querySelectorAll?.("[data-payload]") ?? []) begin(box);
}

// A value becomes a tree when it comes into sight: folded rows cost nothing.
export function startPayloads() {
  look = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen)
      if (isIntersecting) {
        look.unobserve(target);
        new Viewer(target);
      }
  }, { rootMargin: "200px" });
  startIn(document);
  new MutationObserver((changes) => {
    for (const change of changes)
      for (const node of change.addedNodes) if (node.nodeType === 1) startIn(node);
  }).observe(document.body, { subtree: true, childList: true });
}
