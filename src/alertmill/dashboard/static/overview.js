// The overview: figures, alerts over time, rings, lists, the newest alerts.
import { el, panel } from "./dom.js";
import { seriesColour, timeline } from "./draw.js";
import { iso, number, severity, span, width } from "./format.js";
import { address, params, setTime, toggle, update } from "./state.js";
import { alertTable, badge, figure, legend, levelColour, nothing, ringPanel, tableHead, topList, value } from "./widgets.js";

const stacks = { group: "group", level: "level", rule: "rule", source: "source", account: "account", region: "region", user: "user", action: "action" };

export async function load(ask) {
  const [seen, latest] = await Promise.all([ask("/api/overview"), ask("/api/alerts", { limit: "12" })]);
  return { ...seen, alerts: latest.alerts };
}

export function render(seen) {
  if (!seen.count) return [nothing()];
  return [figures(seen), overTime(seen), ...rings(seen), groups(seen), rules(seen), users(seen), addresses(seen), actions(seen), newest(seen)];
}

function figures(seen) {
  const grave = params().getAll("level").includes("12-");
  const { figures: found } = seen;
  return el("div", { class: "figures" },
    figure("alerts", seen.count),
    figure("of level 12 and above", found.grave, { className: found.grave ? "grave" : "", pressed: grave, onclick: () => toggle("level", "12-") }),
    figure("rules", found.rules), figure("users", found.users), figure("source addresses", found.addresses), figure("accounts", found.accounts));
}

/** A chart over time of an answer's `timeline`, with its legend. */
export function stackedPanel(title, seen, { field, colours = null, tools = [], note = "" }) {
  const { times, series, width: step, everywhere } = seen.timeline;
  const names = series.map(({ name }) => name);
  const byName = Object.fromEntries(names.map((name, place) => [name, colours ? colours(name) : seriesColour(place)]));
  const rows = series.flatMap(({ name, counts }, order) =>
    counts.map((n, place) => ({ t: times[place], name: name.trim(), n, order })).filter(({ n }) => n));
  const counts = Object.fromEntries(series.map(({ name, counts: all }) => [name, all.reduce((sum, n) => sum + n, 0)]));
  const drawn = timeline({
    rows, names: names.map((name) => name.trim()), colours: Object.fromEntries(names.map((name) => [name.trim(), byName[name]])),
    first: times[0], last: times.at(-1) + step, step, label: number,
    onSpan: (from, to) => setTime(iso(from), iso(to)),
    onBar: (name, t, event) => { if (names.includes(name)) toggle(field, name, event.shiftKey); },
  });
  const said = everywhere.length ? el("p", { class: "note" }, "In nearly all of them, not drawn: ", everywhere.map((name) => value(field, name))) : null;
  return panel(title, [drawn, legend(field, names, byName, counts), said], { wide: true, tools, note: note || `per ${width(step)}, drag to zoom` });
}

function overTime(seen) {
  const stack = params().get("stack") ?? "group";
  const choose = el("select", { "aria-label": "Stack by", onchange: (event) => update((query) => query.set("stack", event.target.value)) },
    Object.entries(stacks).map(([name, label]) => el("option", { value: name, selected: name === stack }, `by ${label}`)));
  const note = `${span(seen.first, seen.last)} UTC; per ${width(seen.timeline.width)}, drag to zoom${stack === "group" ? "; an alert counts in each of its groups" : ""}`;
  return stackedPanel("Alerts over time", seen, { field: stack, colours: stack === "level" ? levelColour : null, tools: [choose], note });
}

function rings({ top, levels }) {
  const byLevel = [...levels].sort((a, b) => b[0] - a[0]);
  return [
    ringPanel("Sources", "source", top.source), ringPanel("Accounts", "account", top.account),
    ringPanel("Regions", "region", top.region), ringPanel("Buckets", "bucket", top.bucket),
    ringPanel("Levels", "level", byLevel, { colours: levelColour, names: (level) => `${level} ${severity(level)}` }),
    top.agent.length > 1 ? ringPanel("Agents", "agent", top.agent) : null,
  ].filter(Boolean);
}

function rules({ rules: found }) {
  const rows = found.map(({ rule, count, level, description }) => el("tr", {},
    el("td", {}, badge(level)), el("td", {}, value("rule", rule)), el("td", { class: "description" }, description), el("td", { class: "count" }, number(count))));
  const heads = ["Level", "Rule", "One of its descriptions", ">Alerts"];
  return panel("Top rules", el("div", { class: "scroll" }, el("table", {}, tableHead(heads), el("tbody", {}, rows))), { wide: true });
}

const users = ({ top }) => panel("Top users", topList("user", top.user));
const addresses = ({ top }) => panel("Top source addresses", topList("src", top.src));
const actions = ({ top }) => panel("Top actions", topList("action", top.action));
const groups = ({ groups: found }) => panel("Groups", topList("group", found.slice(0, 10)));

function newest({ alerts, count }) {
  const all = el("a", { href: address("/alerts"), class: "more" }, `all ${number(count)}`);
  return panel("Newest alerts", alertTable(alerts), { wide: true, tools: [all] });
}
