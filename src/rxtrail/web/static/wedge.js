// A keyboard-wedge scanner types like a very fast person who ends with Enter or Tab.
//
// Keys are watched before the page sees them, so that a scan counts wherever the cursor is, and the group
// separator (Ctrl+], F8 or Alt and 029, which no text field takes) is not lost.
const GAP_MS = 250; // a longer pause ends a run: 80 ms cut scans in half on a busy machine
const STALL_MS = 1000; // but what has come at a scanner's pace so far may stall: the machine is busy
const STALLS_MAX = 2;
const LENGTH_MIN = 6;
const KEY_MS_MAX = 50; // a scanner's pace; nobody types 240 words a minute
const KEY_MS_MAX_OUTSIDE = 120; // where nobody types at all, a slow scanner is believed too
const GROUP_SEPARATOR = "\u001d";

// onScan is told the text and { byScanner, ending, tookMs }: the key that ended it ("\r" or "\t"), and the time from the
// first key to the last one where they were seen, else null.
export function watchScanner(field, onScan) {
  let run = "";
  let startedAt = 0;
  let lastAt = -Infinity;
  let stalls = 0;
  let stalledMs = 0;
  let target = null;
  let valueBefore = "";
  let composed = false; // a dead key was pressed: only the field knows what it made of the next one
  let altDigits = "";

  const isText = (element) => element instanceof HTMLInputElement && element.type === "text"
    || element instanceof HTMLTextAreaElement;

  function forget() {
    run = "";
    lastAt = -Infinity;
    stalls = 0;
    stalledMs = 0;
    target = null;
    composed = false;
  }

  function pressed(event) {
    if (lastAt === -Infinity) {
      startedAt = event.timeStamp;
      target = event.target;
      valueBefore = isText(target) ? target.value : "";
    } else if (event.timeStamp - lastAt > GAP_MS) {
      stalls += 1;
      stalledMs += event.timeStamp - lastAt;
    }
    lastAt = event.timeStamp;
  }

  function add(character, event) {
    pressed(event);
    run += character;
    // The field itself would drop it.
    if (character === GROUP_SEPARATOR && event.target === field) {
      field.setRangeText(GROUP_SEPARATOR, field.selectionStart, field.selectionEnd, "end");
    }
  }

  const pace = () => (lastAt - startedAt - stalledMs) / Math.max(1, run.length - 1);

  const gapMax = () => (stalls < STALLS_MAX && pace() <= KEY_MS_MAX ? STALL_MS : GAP_MS);

  const isScan = () => run.length >= LENGTH_MIN && pace() <= (isText(target) ? KEY_MS_MAX : KEY_MS_MAX_OUTSIDE);

  function end(event) {
    const seen = { ending: event.key === "Tab" ? "\t" : "\r", tookMs: run.length > 1 ? lastAt - startedAt : null };
    if (isScan()) {
      event.preventDefault();
      event.stopImmediatePropagation(); // the scanner's Enter must never press the button that has the focus
      const text = composed && target === field && field.value.startsWith(valueBefore) ? field.value.slice(valueBefore.length) : run;
      if (isText(target)) target.value = target === field ? "" : valueBefore;
      forget();
      onScan(text, { byScanner: true, ...seen });
    } else if (event.key === "Enter" && event.target === field) {
      event.preventDefault();
      event.stopImmediatePropagation();
      // Typed by hand, or by a slow scanner: the separators were put into the field as they came.
      const text = field.value;
      forget();
      onScan(text, { byScanner: false, ...seen });
    } else {
      forget();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !event.isTrusted) return;
    if (event.timeStamp - lastAt > gapMax()) forget();
    const { key } = event;
    if (key === "Alt") altDigits = "";
    const altGraph = event.getModifierState("AltGraph");
    if (key === "F8" || key === GROUP_SEPARATOR || (event.ctrlKey && !event.altKey && (key === "]" || event.code === "BracketRight"))) {
      event.preventDefault();
      add(GROUP_SEPARATOR, event);
    } else if (event.altKey && !altGraph && /^[0-9]$/.test(key)) {
      altDigits += key;
      if (altDigits.length > 2 && Number(altDigits) === GROUP_SEPARATOR.charCodeAt(0)) add(GROUP_SEPARATOR, event);
    } else if (key === "Dead") {
      pressed(event);
      composed = true;
    } else if (key === "Enter" || (key === "Tab" && run !== "")) {
      end(event);
    } else if (key.length === 1 && (altGraph || !(event.ctrlKey || event.altKey || event.metaKey))) {
      // A scan begun on a list or a button must not choose or press anything there.
      if (event.target instanceof HTMLSelectElement || (run !== "" && !isText(event.target))) event.preventDefault();
      add(key, event);
    } else if (!["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock"].includes(key)) {
      forget(); // corrected by hand: the field is right, the run is not
    }
  }, { capture: true });

  document.addEventListener("paste", forget, { capture: true });
  document.addEventListener("pointerdown", forget, { capture: true });
}
