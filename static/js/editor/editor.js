// The editor of definitions: CodeMirror over the plain box, which stays what is sent.
import * as cm from "../../vendor/codemirror.min.js";
import { coded } from "./coded.js";
import { completing } from "./completing.js";

const nonce = document.querySelector("script[data-editor]").nonce;

const colours = cm.HighlightStyle.define([
  { tag: [cm.tags.propertyName, cm.tags.definition(cm.tags.propertyName)], class: "cm-key" },
  { tag: [cm.tags.string, cm.tags.special(cm.tags.string), cm.tags.content], class: "cm-text" },
  {
    tag: [cm.tags.number, cm.tags.bool, cm.tags.null, cm.tags.atom, cm.tags.keyword],
    class: "cm-constant",
  },
  { tag: [cm.tags.comment, cm.tags.lineComment], class: "cm-remark" },
  {
    tag: [
      cm.tags.punctuation,
      cm.tags.separator,
      cm.tags.squareBracket,
      cm.tags.brace,
      cm.tags.meta,
    ],
    class: "cm-mark",
  },
]);

function problemsIn(doc) {
  return [...document.querySelectorAll("#checked [data-line]")].map(({ dataset }) => {
    const line = doc.line(Math.min(Math.max(1, Number(dataset.line)), doc.lines));
    const indent = line.text.length - line.text.trimStart().length;
    const from = line.from + Math.min(Math.max(indent, Number(dataset.column) - 1), line.length);
    const message = dataset.says;
    const renderMessage = () => coded(message);
    return { from, to: Math.max(from, line.to), severity: "error", message, renderMessage };
  });
}

function start(box) {
  const form = box.form;
  const send = () => {
    form.requestSubmit(form.querySelector("button.primary"));
    return true;
  };
  const completion = new Promise((done) => {
    fetch(form.dataset.words, { credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.json() : null))
      .then(
        (told) => done(told ? completing(told) : () => null),
        () => done(() => null),
      );
  });
  const view = new cm.EditorView({
    doc: box.value,
    extensions: [
      cm.EditorView.cspNonce.of(nonce),
      cm.EditorView.contentAttributes.of({
        "aria-labelledby": "text-label",
        spellcheck: "false",
        autocapitalize: "off",
        tabindex: "0",
      }),
      cm.EditorView.editorAttributes.of({ class: "code-editor" }),
      cm.EditorState.tabSize.of(2),
      cm.indentUnit.of("  "),
      cm.lineNumbers(),
      cm.foldGutter(),
      cm.lintGutter(),
      cm.history(),
      cm.drawSelection(),
      cm.indentOnInput(),
      cm.bracketMatching(),
      cm.closeBrackets(),
      cm.highlightActiveLine(),
      cm.highlightActiveLineGutter(),
      cm.highlightSelectionMatches(),
      cm.search({ top: true }),
      cm.yaml(),
      cm.syntaxHighlighting(colours),
      cm.placeholder(box.placeholder),
      cm.autocompletion({
        override: [async (context) => (await completion)(context)],
        icons: false,
      }),
      cm.keymap.of([
        { key: "Mod-Enter", run: send, preventDefault: true },
        ...cm.closeBracketsKeymap,
        ...cm.completionKeymap,
        ...cm.searchKeymap,
        ...cm.historyKeymap,
        ...cm.foldKeymap,
        ...cm.lintKeymap,
        ...cm.defaultKeymap,
        cm.indentWithTab,
      ]),
      cm.EditorView.updateListener.of((update) => {
        if (!update.docChanged) return;
        box.value = update.state.doc.toString();
        box.dispatchEvent(new Event("input", { bubbles: true }));
      }),
    ],
  });
  box.after(view.dom);
  box.hidden = true;
  const label = document.getElementById("text-label");
  label.removeAttribute("for");
  label.addEventListener("click", () => view.focus());
  document.querySelector("[data-editor-help]").hidden = false;
  const show = () => view.dispatch(cm.setDiagnostics(view.state, problemsIn(view.state.doc)));
  document.getElementById("checked").addEventListener("checked", show);
  if (document.querySelector("#checked [data-line]")) show();
  box.addEventListener("goes-to-line", (event) => {
    event.preventDefault();
    const line = view.state.doc.line(Math.min(event.detail, view.state.doc.lines));
    view.dispatch({
      selection: { anchor: line.from, head: line.to },
      effects: cm.EditorView.scrollIntoView(line.from, { y: "center" }),
    });
    view.focus();
  });
  // A page that the browser kept comes back with the text of the box.
  if (box.value && !box.dataset.checked) box.dispatchEvent(new Event("input", { bubbles: true }));
}

const box = document.getElementById("text");
if (box) start(box);
