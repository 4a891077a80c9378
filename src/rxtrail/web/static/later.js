// What a person does without the record, and what is said when it was sent.
import { el, timeWords, visible } from "./dom.js";
import { changeLater } from "./offline.js";

// The button that notes a change on this device. It is on its disk before it is said to be noted; `after(words, noted)`.
export function laterButton(wanted, verdict, site, after) {
  const button = el("button", { type: "button", class: "button", id: "change-later" }, `${wanted.words}, confirm later`);
  button.addEventListener("click", async () => {
    if (button.disabled) return;
    button.disabled = true;
    try {
      const at = await changeLater(verdict.pack, wanted.state, site, verdict.verdict);
      button.remove();
      after(`${wanted.done} at ${timeWords(at)}, noted on this device. It is sent when the record is back.`, true);
    } catch {
      button.disabled = false;
      after("Not noted: this device could not keep it. Write it down.", false);
    }
  });
  return button;
}

export function sentWords(settled, left) {
  const cases = settled.map((each) => each.case).filter(Boolean);
  const refused = settled.filter((each) => each.status >= 400 && !each.case);
  if (cases.length > 0) {
    return `Done offline, and against the record: ${cases.length === 1 ? "case" : "cases"} ${cases.map(visible).join(", ")}. Show this to the pharmacist.`;
  }
  if (refused.length > 0) return `Done offline, and refused: ${visible(refused[0].detail)} It stays on this device.`;
  return left === 0 ? `The record is back: ${settled.length === 1 ? "1 scan" : `${settled.length} scans`} made offline sent.` : "";
}
