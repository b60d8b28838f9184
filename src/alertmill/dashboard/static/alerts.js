// All alerts that fit, newest first, a page at a time.
import { el, panel } from "./dom.js";
import { alertRow, alertTable, nothing } from "./widgets.js";

let ask = null;

export async function load(asking) {
  ask = asking;
  return ask("/api/alerts", { limit: "100" });
}

export function render(seen) {
  if (!seen.alerts.length) return [nothing()];
  const table = alertTable(seen.alerts);
  const body = table.querySelector("tbody");
  let next = seen.next;
  const more = el("button", { type: "button", class: "load-more", hidden: !next, onclick: async () => {
    const page = await ask("/api/alerts", { limit: "100", before: next });
    body.append(...page.alerts.map(alertRow));
    next = page.next;
    more.hidden = !next;
  } }, "Older alerts");
  return [panel("Alerts", [table, more], { wide: true, note: "newest first" })];
}
