// What views are put together from: values that are filters, lists with bars, rings, tables of alerts, heat tables.
import { el, panel } from "./dom.js";
import { ring, seriesColour, severityColour } from "./draw.js";
import { compact, fieldNames, moment, number, severity } from "./format.js";
import { address, isChosen, toggle } from "./state.js";

/** A value that filters by itself when it is clicked; with Shift it is left out. */
export function value(field, text, { label = text, className = "" } = {}) {
  const chosen = isChosen(field, text);
  const title = `${fieldNames[field] ?? field}: ${text}\nclick: only this; Shift + click: not this`;
  return el("button", {
    type: "button", class: `value ${className} ${chosen ? "chosen" : ""}`, title, "aria-pressed": chosen ? "true" : "false",
    onclick: (event) => { event.stopPropagation(); toggle(field, text, event.shiftKey); },
  }, String(label));
}

/** The most frequent values with bars; `rows` are [value, count] and perhaps a label. */
export function topList(field, rows, { format = compact, swatches = null, empty = "none" } = {}) {
  if (!rows.length) return el("p", { class: "empty" }, empty);
  const most = Math.max(...rows.map(([, count]) => count), 1);
  const items = rows.map(([text, count, label]) => {
    const bar = el("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${Math.max((100 * count) / most, 0.6)}%`;
    const swatch = swatches ? el("span", { class: "swatch", "aria-hidden": "true" }) : null;
    if (swatch) swatch.style.background = swatches[text];
    return el("li", {}, bar, swatch, value(field, text, { label: label ?? text }), el("span", { class: "count" }, format(count)));
  });
  return el("ol", { class: "top-list" }, items);
}

/** A ring and the list that says the same. */
export function ringPanel(title, field, rows, { colours = null, names = (text) => text } = {}) {
  const swatches = Object.fromEntries(rows.map(([text], place) => [text, colours ? colours(text) : seriesColour(place)]));
  if (!rows.length) return panel(title, el("p", { class: "empty" }, "nothing of this in the alerts that fit"));
  const slices = rows.map(([text, count]) => [String(names(text)), count, swatches[text]]);
  const back = Object.fromEntries(rows.map(([text]) => [String(names(text)), text]));
  const drawn = ring(slices, { onSlice: (name, event) => toggle(field, back[name], event.shiftKey) });
  const listed = topList(field, rows.map(([text, count]) => [text, count, names(text)]), { swatches });
  return panel(title, el("div", { class: "ring-row" }, drawn, listed));
}

/** The legend of a stacked chart; each name filters. */
export function legend(field, names, colours, counts) {
  return el("ul", { class: "legend" }, names.map((name) => {
    const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
    swatch.style.background = colours[name];
    const word = name.startsWith(" ") ? el("span", { class: "value" }, name.trim()) : value(field, name);
    return el("li", {}, swatch, word, el("span", { class: "count" }, compact(counts[name])));
  }));
}

export const badge = (level) => el("span", { class: `badge ${severity(level)}`, title: `level ${level}: ${severity(level)}` }, String(level));

/** A figure with its name; with `field` it is a filter. */
export function figure(name, count, { onclick = null, pressed = false, className = "", format = number } = {}) {
  const inside = [el("span", { class: "figure-count" }, format(count)), el("span", { class: "figure-name" }, name)];
  return onclick
    ? el("button", { type: "button", class: `figure ${className}`, "aria-pressed": String(pressed), onclick }, inside)
    : el("div", { class: `figure ${className}` }, inside);
}

/** A row of an alert: time, level, rule, description, who, from where. */
export function alertRow(alert) {
  const opened = address(`/alert/${encodeURIComponent(alert.id)}`);
  return el("tr", {},
    el("td", { class: "time" }, el("a", { href: opened, title: "open this alert" }, moment(alert.time))),
    el("td", {}, badge(alert.level)),
    el("td", {}, value("rule", alert.rule)),
    el("td", { class: "description" }, el("a", { href: opened, tabindex: "-1" }, alert.description || "(no description)")),
    el("td", {}, alert.username ? value("user", alert.username) : ""),
    el("td", { class: "mono" }, alert.src ? value("address", alert.src) : ""),
    el("td", { class: "plain" }, [alert.source && value("source", alert.source), alert.region && value("region", alert.region)].filter(Boolean)));
}

/** The head of a table; headings that begin with > stand at the right, as numbers do. */
export const tableHead = (heads) => el("thead", {}, el("tr", {}, heads.map((head) =>
  el("th", { scope: "col", class: head.startsWith(">") ? "count" : "" }, head.replace(">", "")))));

export function alertTable(alerts, caption = "Alerts, newest first") {
  const heads = ["Time (UTC)", "Level", "Rule", "Description", "User", "Address", "Source, region"];
  return el("div", { class: "scroll" }, el("table", { class: "alerts" },
    el("caption", { class: "hidden" }, caption),
    tableHead(heads),
    el("tbody", {}, alerts.map(alertRow))));
}

/** Rows against columns, a deeper colour for more. `cell(row, column)` gives {text, size, title, onclick} or nothing. */
export function heatTable(caption, corner, rows, columns, cell, { rowHead, columnHead } = {}) {
  const cells = rows.map((row) => columns.map((column) => cell(row, column)));
  const most = Math.max(1, ...cells.flat().map((one) => one?.size ?? 0));
  const body = rows.map((row, place) => el("tr", {}, el("th", { scope: "row" }, rowHead ? rowHead(row) : row),
    cells[place].map((one) => {
      if (!one || !one.size) return el("td", { class: "heat none" }, "·");
      const step = 1 + Math.min(6, Math.floor((7 * Math.log1p(one.size)) / Math.log1p(most)));
      const button = el("button", { type: "button", title: one.title, onclick: one.onclick }, one.text);
      return el("td", { class: `heat heat-${step}` }, button);
    })));
  return el("div", { class: "scroll" }, el("table", { class: "heat-table" },
    el("caption", { class: "hidden" }, caption),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "corner" }, corner),
      columns.map((column) => el("th", { scope: "col" }, columnHead ? columnHead(column) : column)))),
    el("tbody", {}, body)));
}

export const levelColour = (level) => severityColour(severity(level));
export const nothing = (text = "No alert fits these filters.") => el("p", { class: "empty large" }, text);
