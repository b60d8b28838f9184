// The live tail: alerts that fit, as they come.
import { el, panel } from "./dom.js";
import { number } from "./format.js";
import { params } from "./state.js";
import { alertRow, alertTable } from "./widgets.js";

const KEPT = 500;
let source = null;

export function stop() { source?.close(); source = null; }

export async function load(ask) {
  const { alerts } = await ask("/api/alerts", { limit: "25" });
  return { alerts };
}

export function render({ alerts }) {
  stop();
  const table = alertTable(alerts, "Alerts as they come");
  const body = table.querySelector("tbody");
  const state = el("span", { class: "note", role: "status" }, "connecting ...");
  let paused = false, came = 0, held = [];
  const take = (found) => {
    body.prepend(...found.map((alert) => { const row = alertRow(alert); row.classList.add("fresh"); return row; }).reverse());
    while (body.childElementCount > KEPT) body.lastElementChild.remove();
  };
  const pause = el("button", { type: "button", class: "switch", "aria-pressed": "false", onclick: () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused) { take(held); held = []; }
  } }, "Pause");
  const query = params();
  for (const name of ["from", "to", "stack", "peak", "by"]) query.delete(name);
  source = new EventSource(`/api/live?${query}`);
  source.addEventListener("hello", () => { state.textContent = "live"; state.classList.add("on"); });
  source.addEventListener("alerts", (event) => {
    const { alerts: found, left_out: left } = JSON.parse(event.data);
    came += found.length + left;
    if (paused) held = [...held, ...found].slice(-KEPT); else take(found);
    state.textContent = `live, ${number(came)} since you look${left ? `; ${number(left)} at once were passed over` : ""}`;
  });
  source.onerror = () => { state.textContent = "not connected, trying again ..."; state.classList.remove("on"); };
  return [panel("Live tail", table, { wide: true, tools: [state, pause] })];
}
