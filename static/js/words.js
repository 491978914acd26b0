// Sentences of scripts in the language of the page: js/words/LANGUAGE.js has them; of English,
// which is what the scripts are written in, there is none.
const known = globalThis.stigmerWords ?? {};

// "{name}" stands for a value.
export function _(text, values = {}) {
  return (known[text] ?? text).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
