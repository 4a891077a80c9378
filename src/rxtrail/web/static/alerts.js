// The alert pages: act by name; what changes elsewhere is shown by itself.
import { actOnAlert } from "./api.js";
import { visible } from "./dom.js";
import { followAlerts } from "./live.js";

const problem = document.getElementById("alert-problem");
const acts = document.getElementById("act-form");
const here = document.getElementById("alert")?.dataset;

acts?.addEventListener("submit", async (event) => {
  event.preventDefault();
  problem.hidden = true;
  const data = new FormData(acts);
  const text = (name) => String(data.get(name) ?? "").trim();
  const step = { what: event.submitter.value, by: text("by"), reason: text("reason") };
  if (step.what === "suppress") step.until = text("until");
  const answer = await actOnAlert(here.alert, step);
  if (answer.status === 200) location.reload();
  else {
    problem.textContent = answer.status === 0
      ? "The record was not reached. It is not known whether this was recorded: load this page again."
      : [visible(answer.value?.detail), visible(answer.value?.advice)].filter(Boolean).join(" ");
    problem.hidden = false;
  }
});

followAlerts((told) => {
  // Nobody's half-written form is thrown away.
  const writing = Array.from(document.querySelectorAll("input")).some((field) => field.value !== "");
  if (!writing && (here === undefined || told.id === here.alert)) location.reload();
});
