// A keyboard-wedge scanner types like a very fast person who ends with Enter or Tab.
//
// Keys are watched before the page sees them, so that a scan counts wherever the cursor is, and the group
// separator (Ctrl+] or F8, which no text field keeps) is not lost.
const GAP_MS = 250; // a longer pause ends a run: 80 ms cut scans in half on a busy machine
const STALL_MS = 1000; // but what has come at a scanner's pace so far may stall: the machine is busy
const STALLS_MAX = 2;
const LENGTH_MIN = 6;
const KEY_MS_MAX = 50; // a scanner's pace; nobody types 240 words a minute
const KEY_MS_MAX_OUTSIDE = 120; // where nobody types at all, a slow scanner is believed too
const GROUP_SEPARATOR = "\u001d";

export function watchScanner(field, onScan) {
  let run = "";
  let startedAt = 0;
  let lastAt = -Infinity;
  let stalls = 0;
  let stalledMs = 0;
  let target = null;
  let valueBefore = "";

  const isText = (element) => element instanceof HTMLInputElement && element.type === "text"
    || element instanceof HTMLTextAreaElement;

  function forget() {
    run = "";
    lastAt = -Infinity;
    stalls = 0;
    stalledMs = 0;
    target = null;
  }

  function add(character, event) {
    if (run === "") {
      startedAt = event.timeStamp;
      target = event.target;
      valueBefore = isText(target) ? target.value : "";
    } else if (event.timeStamp - lastAt > GAP_MS) {
      stalls += 1;
      stalledMs += event.timeStamp - lastAt;
    }
    run += character;
    lastAt = event.timeStamp;
  }

  const pace = () => (lastAt - startedAt - stalledMs) / Math.max(1, run.length - 1);

  const gapMax = () => (stalls < STALLS_MAX && pace() <= KEY_MS_MAX ? STALL_MS : GAP_MS);

  const isScan = () => run.length >= LENGTH_MIN && pace() <= (isText(target) ? KEY_MS_MAX : KEY_MS_MAX_OUTSIDE);

  function end(event) {
    if (isScan()) {
      event.preventDefault();
      event.stopImmediatePropagation(); // the scanner's Enter must never press the button that has the focus
      const text = run;
      if (isText(target)) target.value = target === field ? "" : valueBefore;
      forget();
      onScan(text, { byScanner: true });
    } else if (event.key === "Enter" && event.target === field) {
      event.preventDefault();
      event.stopImmediatePropagation();
      // Typed by hand, or by a slow scanner: the run still knows the separators that the field lost.
      const untouched = run !== "" && valueBefore + run.replaceAll(GROUP_SEPARATOR, "") === field.value;
      const text = untouched ? valueBefore + run : field.value;
      forget();
      onScan(text, { byScanner: false });
    } else {
      forget();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !event.isTrusted) return;
    if (event.timeStamp - lastAt > gapMax()) forget();
    const { key } = event;
    const altGraph = event.getModifierState("AltGraph");
    if (key === "F8" || key === GROUP_SEPARATOR || (event.ctrlKey && !event.altKey && (key === "]" || event.code === "BracketRight"))) {
      event.preventDefault();
      add(GROUP_SEPARATOR, event);
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
