// A sentence for people as nodes: what stands between backticks is code, all of it is text.
const CODE = /(`{1,2})([^`\n]+)\1/;

export function coded(sentence) {
  const whole = document.createElement("span");
  // Text, backticks, code, text, …
  const pieces = sentence.split(CODE);
  for (let at = 0; at < pieces.length; at += 3) {
    whole.append(pieces[at]);
    if (at + 2 >= pieces.length) break;
    const code = document.createElement("code");
    code.textContent = pieces[at + 2];
    whole.append(code);
  }
  return whole;
}
