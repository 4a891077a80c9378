// The scans of a calibrated station, turned back to what the scanner sent. `undo` comes from the node, which has the
// layouts; what stands here is what it does with such a table.
const DEAD = "\u25cc";
const TRIES_MAX = 64;

// What the host of the station makes of a text, key by key; a dead key waits for the next character.
function typed(undo, text) {
  const parts = [];
  let waiting = "";
  for (const character of text) {
    const out = undo.typed[character] ?? character;
    if (out === "") continue;
    if (out[0] === DEAD) {
      if (waiting) parts.push(undo.accents[waiting]);
      waiting = out.slice(1);
    } else if (waiting && out < " ") {
      parts.push(out); // a control character leaves the dead key waiting
    } else if (waiting) {
      parts.push(undo.pairs[waiting + out] ?? undo.accents[waiting] + out);
      waiting = "";
    } else {
      parts.push(out);
    }
  }
  if (waiting) parts.push(undo.accents[waiting]);
  return parts.join("");
}

// What may have been sent, where a character has several origins: the fewest unlikely ones first.
function* mixtures(undo, arrived) {
  let choices = Array.from(arrived, (character) => undo.origins[character] ?? [character]);
  if (choices.length > 1 && choices[0].includes("0") && choices[1].includes("1")) {
    // A GTIN follows, so its digits are digits wherever they can be.
    choices = choices.map((choice, place) => {
      const digits = place < 16 ? choice.filter((sent) => /^\d$/.test(sent)) : [];
      return digits.length ? digits : choice;
    });
  }
  const first = choices.map((choice) => choice[0]);
  yield first.join("");
  const open = choices.map((choice, place) => place).filter((place) => choices[place].length > 1);
  function* some(count, from, parts) {
    if (count === 0) {
      yield parts.join("");
      return;
    }
    for (let at = from; at < open.length; at += 1) {
      for (const other of choices[open[at]].slice(1)) {
        const changed = parts.slice();
        changed[open[at]] = other;
        yield* some(count - 1, at + 1, changed);
      }
    }
  }
  for (let count = 1; count <= open.length; count += 1) yield* some(count, 0, first);
}

// The text that the scanner sent, with GS where the station sends something else; without a table the text itself.
export function turnedBack(undo, reached) {
  if (!undo) return reached;
  let body = undo.prefix && reached.startsWith(undo.prefix) ? reached.slice(undo.prefix.length) : reached;
  if (undo.suffix && body.endsWith(undo.suffix)) body = body.slice(0, body.length - undo.suffix.length);
  if (undo.gs !== "kept" && undo.gs !== "lost") body = body.replaceAll(undo.gs, "\u001d");
  if (Object.keys(undo.characters).length) return Array.from(body, (character) => undo.characters[character] ?? character).join("");
  if (Object.keys(undo.origins).length === 0) return body;
  const cleaned = body.replaceAll("\0", "");
  let tries = 0;
  let first = cleaned;
  for (const sent of mixtures(undo, cleaned)) {
    if (tries === 0) first = sent;
    if (typed(undo, sent) === cleaned) return sent;
    tries += 1;
    if (tries === TRIES_MAX) break;
  }
  return first;
}
