// The VPC view: traffic over time with its peaks, and who talked to whom in the one that is selected.
import { el, panel } from "./dom.js";
import { colour, timeline } from "./draw.js";
import { bytes, moment, number, protocol, span, width } from "./format.js";
import { address, params, setTime, update } from "./state.js";
import { alertTable, figure, heatTable, nothing, ringPanel, tableHead, topList, value } from "./widgets.js";

const measure = () => (params().get("by") === "flows" ? "flows" : "bytes");
const shown = (size) => (measure() === "flows" ? number(size) : bytes(size));

export async function load(ask) {
  const seen = await ask("/api/vpc", { peak: params().get("peak"), by: params().get("by") });
  const peak = peakOf();
  const { alerts } = await ask("/api/alerts", { limit: "12", ...(params().has("source") ? {} : { source: "vpc" }), ...(peak ? { from: String(peak[0]), to: String(peak[1]) } : {}) });
  return { ...seen, alerts };
}

function peakOf() {
  const found = /^(\d+)-(\d+)$/.exec(params().get("peak") ?? "");
  return found ? [Number(found[1]), Number(found[2])] : null;
}
const choosePeak = (from, to) => update((query) => (from === null ? query.delete("peak") : query.set("peak", `${from}-${to}`)));

export function render(seen) {
  if (!seen.count) return [nothing("No flow fits these filters: the VPC view is about alerts on VPC flow logs.")];
  return [figures(seen), overTime(seen), talkers(seen), matrix(seen), verdicts(seen), ends("From", "src", seen.sources), ends("To", "dst", seen.destinations), ports(seen), mentions(seen)];
}

function figures({ total }) {
  return el("div", { class: "figures" },
    figure("bytes", total.bytes, { format: bytes }), figure("packets", total.packets), figure("flows", total.flows),
    figure("accepted", total.accepted), figure("rejected", total.rejected, { className: total.rejected ? "warn" : "" }));
}

function overTime({ timeline: line }) {
  const by = measure(), peak = peakOf(), step = line.width;
  const series = by === "flows"
    ? [["rejected", line.rejected, colour("level-critical")], ["accepted", line.accepted, colour("series-0")], ["neither", line.flows.map((all, place) => all - line.accepted[place] - line.rejected[place]), colour("series-8")]]
    : [["bytes", line.bytes, colour("series-0")]];
  const rows = series.flatMap(([name, sizes], order) => sizes.map((n, place) => ({ t: line.times[place], name, n, order })).filter(({ n }) => n));
  const drawn = timeline({
    rows, names: series.map(([name]) => name), colours: Object.fromEntries(series.map(([name, , fill]) => [name, fill])),
    first: line.times[0], last: line.times.at(-1) + step, step, height: 240, label: shown,
    marks: peak ? [{ from: peak[0], to: peak[1] }] : [],
    onSpan: choosePeak, onBar: (_name, t) => choosePeak(t, t + step),
  });
  const choose = ["bytes", "flows"].map((name) => el("button", { type: "button", class: "switch", "aria-pressed": String(by === name), onclick: () => update((query) => query.set("by", name)) }, name));
  const peaks = line.peaks[by].map((place) => {
    const from = line.times[place], to = from + step, pressed = peak?.[0] === from && peak?.[1] === to;
    return el("button", { type: "button", class: "peak", "aria-pressed": String(pressed), onclick: () => (pressed ? choosePeak(null) : choosePeak(from, to)) },
      el("strong", {}, shown(line[by][place])), ` ${moment(from).slice(5, 16)}`);
  });
  const bar = el("div", { class: "peaks" }, el("span", { class: "note" }, "Peaks:"), peaks,
    peak && el("button", { type: "button", class: "peak", onclick: () => choosePeak(null) }, "✕ all of the time"),
    peak && el("button", { type: "button", class: "peak", onclick: () => setTime(new Date(peak[0]).toISOString(), new Date(peak[1]).toISOString()) }, "zoom in"));
  return panel("Traffic over time", [drawn, bar], { wide: true, tools: [el("span", { class: "switches" }, choose)], note: `per ${width(step)}; click a bar or drag: everything below is about that part` });
}

const about = () => { const peak = peakOf(); return peak ? `${span(...peak)} UTC` : "all of the time shown"; };

function talkers({ talkers: found }) {
  const heads = ["From", "To", "Port", "Protocol", ">Bytes", ">Packets", ">Flows", ">Accepted", ">Rejected", "When (UTC)"];
  const rows = found.map((row) => el("tr", {},
    el("td", { class: "mono" }, value("src", row.src)), el("td", { class: "mono" }, value("dst", row.dst)),
    el("td", { class: "mono" }, row.port ? value("port", row.port) : ""), el("td", {}, protocol(row.protocol)),
    ...[bytes(row.bytes), number(row.packets ?? 0), number(row.flows), number(row.accepted)].map((text) => el("td", { class: "count" }, text)),
    el("td", { class: `count ${row.rejected ? "bad" : ""}` }, number(row.rejected)),
    el("td", { class: "time" }, row.first === row.last ? moment(row.first) : span(row.first, row.last))));
  const table = el("div", { class: "scroll tall" }, el("table", {}, tableHead(heads), el("tbody", {}, rows)));
  return panel("Talkers", table, { wide: true, note: `${about()}, by ${measure()}` });
}

function matrix({ matrix: found, sources, destinations }) {
  const sizes = new Map(found.map(([src, dst, size, rejected]) => [`${src} ${dst}`, { size, rejected }]));
  const both = (src, dst) => update((query) => { query.delete("src"); query.delete("dst"); query.append("src", src); query.append("dst", dst); });
  const table = heatTable("From source (rows) to destination (columns)", "from \\ to", sources.map(([src]) => src), destinations.map(([dst]) => dst), (src, dst) => {
    const one = sizes.get(`${src} ${dst}`);
    return one && { size: one.size, text: shown(one.size), title: `${src} to ${dst}: ${shown(one.size)}${one.rejected ? `, ${number(one.rejected)} flows rejected` : ""}`, onclick: () => both(src, dst) };
  }, { rowHead: (src) => value("src", src), columnHead: (dst) => value("dst", dst) });
  return panel("Source × destination", table, { broad: true, note: `${about()}, by ${measure()}` });
}

const ends = (word, field, rows) => panel(`${word} whom, most ${measure()}`.replace("From whom", "From").replace("To whom", "To"), topList(field, rows, { format: shown }));

function ports({ ports: found }) {
  const by = measure();
  const rows = found.map((row) => [row.port, row[by], row.port ? `${row.port}/${protocol(row.protocol)}` : protocol(row.protocol)]).filter(([port]) => port);
  return panel("Destination ports", topList("port", rows, { format: shown }));
}

function verdicts({ total }) {
  const rows = [["ACCEPT", total.accepted], ["REJECT", total.rejected]].filter(([, count]) => count);
  const colours = { ACCEPT: colour("series-0"), REJECT: colour("level-critical") };
  return ringPanel("Accepted against rejected", "action", rows, { colours: (action) => colours[action], names: (action) => ({ ACCEPT: "accepted", REJECT: "rejected" })[action] });
}

function mentions({ alerts }) {
  const asked = [...params().getAll("src"), ...params().getAll("dst"), ...params().getAll("address")];
  const links = [...new Set(asked)].map((one) => {
    const target = address("/alerts", (query) => { for (const name of ["src", "dst", "address"]) query.delete(name); query.append("address", one); });
    return el("a", { href: target, class: "more" }, `every alert that mentions ${one}`);
  });
  return panel("Newest alerts of this", alertTable(alerts), { wide: true, tools: links, note: about() });
}
