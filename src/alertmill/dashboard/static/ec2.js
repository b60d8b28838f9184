// The EC2 view: what was done to instances, security groups and elastic addresses, per day and per user.
import { el, panel } from "./dom.js";
import { colour } from "./draw.js";
import { number } from "./format.js";
import { isChosen, toggle, update } from "./state.js";
import { stackedPanel } from "./overview.js";
import { alertTable, figure, heatTable, nothing, topList, value } from "./widgets.js";

const names = {
  run: "run", start: "started", stop: "stopped", terminate: "terminated", unauthorized: "unauthorized",
  "security group": "security groups", address: "elastic addresses", other: "other calls",
};
const colours = {
  run: "series-1", start: "series-2", stop: "series-3", terminate: "series-6", unauthorized: "level-critical",
  "security group": "series-0", address: "series-4", other: "series-8",
};

export async function load(ask) {
  const seen = await ask("/api/ec2");
  if (!seen.count) return seen;
  const { alerts } = await ask("/api/alerts", { limit: "15", ...(seen.kinds.some(([kind]) => isChosen("ec2", kind)) ? {} : { ec2: seen.kinds.map(([kind]) => kind) }) });
  return { ...seen, alerts };
}

export function render(seen) {
  if (!seen.count) return [nothing("No alert about EC2 fits these filters.")];
  const figures = seen.kinds.map(([kind, count]) => figure(names[kind], count, {
    pressed: isChosen("ec2", kind), className: kind === "unauthorized" && count ? "grave" : "", onclick: (event) => toggle("ec2", kind, event.shiftKey),
  }));
  return [
    el("div", { class: "figures" }, figures),
    stackedPanel("Calls to EC2 over time", seen, { field: "ec2", colours: (kind) => colour(colours[kind]) }),
    users(seen),
    panel("Calls", topList("action", seen.calls)), panel("Regions", topList("region", seen.regions)),
    panel("Errors", topList("error", seen.errors, { empty: "no call failed" })),
    panel("Newest alerts about EC2", alertTable(seen.alerts), { wide: true }),
  ];
}

function users({ users: found, kinds }) {
  const table = heatTable("Alerts per user and kind of call", "User", found, kinds.map(([kind]) => kind), (row, kind) => {
    const size = row.kinds[kinds.findIndex(([name]) => name === kind)];
    const both = () => update((query) => { query.delete("user"); query.delete("ec2"); query.append("user", row.user); query.append("ec2", kind); });
    return { size, text: number(size), title: `${row.user || "(no user)"}, ${names[kind]}: ${number(size)}`, onclick: both };
  }, { rowHead: (row) => (row.user ? value("user", row.user) : "(no user)"), columnHead: (kind) => value("ec2", kind, { label: names[kind] }) });
  return panel("Per user", table, { wide: true, note: "a cell shows its alerts" });
}
