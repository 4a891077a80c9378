// Runs before the first paint, so that a dark page never flashes white.
(() => {
  "use strict";
  const CHOICES = ["system", "light", "dark"];
  const WORDS = { system: "as the system", light: "light", dark: "dark" };
  const root = document.documentElement;
  const read = () => {
    try {
      const kept = localStorage.getItem("rxtrail.theme");
      return CHOICES.includes(kept) ? kept : "system";
    } catch {
      return "system"; // storage is blocked: the system's choice is a good one
    }
  };
  const show = (choice) => {
    root.dataset.theme = choice;
    const button = document.getElementById("theme-toggle");
    if (button) {
      button.hidden = false;
      button.setAttribute("aria-label", `Colours: ${WORDS[choice]}. Press to change.`);
      button.title = `Colours: ${WORDS[choice]}`;
    }
  };
  let choice = read();
  show(choice);
  document.addEventListener("DOMContentLoaded", () => {
    show(choice);
    document.getElementById("theme-toggle").addEventListener("click", () => {
      choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
      show(choice);
      try {
        localStorage.setItem("rxtrail.theme", choice);
      } catch {
        // Kept for this page only.
      }
    });
  });
})();
