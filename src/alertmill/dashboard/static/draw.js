// Charts, drawn by Vega on canvas: text of alerts is painted there, never parsed. Vega's expressions are interpreted
// (`ast`), since the page's policy allows no evaluation of strings. Lists beside the charts say the same as text.
import { byId, el } from "./dom.js";
import { compact, moment } from "./format.js";

/** Vega, which is run when the first chart is wanted: figures and lists do not wait for it. */
let loading = null;
const vega = () => (loading ??= new Promise((resolve, reject) => {
  const script = el("script", { src: "/static/charts.js", onload: () => resolve(window.vegaEmbed), onerror: reject });
  requestAnimationFrame(() => setTimeout(() => document.head.append(script)));
}));

/** A colour of the theme by the name of its custom property. */
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const SERIES = 10;
export const seriesColour = (number) => colour(`series-${number % SERIES}`);
const levels = { low: "level-low", medium: "level-medium", high: "level-high", critical: "level-critical" };
export const severityColour = (name) => colour(levels[name]);

const tip = byId("tip");
function showTip(event, lines) {
  tip.replaceChildren(...lines.map((line) => el("div", {}, line)));
  tip.hidden = !lines.length;
  const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
  const top = Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8);
  tip.style.left = `${Math.max(left, 4)}px`;
  tip.style.top = `${Math.max(top, 4)}px`;
}
export const hideTip = () => { tip.hidden = true; };

const axis = () => ({
  labelColor: colour("muted"), titleColor: colour("muted"), domainColor: colour("line"), tickColor: colour("line"),
  gridColor: colour("line"), labelFont: "system-ui, sans-serif", labelFontSize: 11, labelPadding: 6, tickSize: 4,
});

/** Draw `spec(width)` into `box`, and again when its width changes. `ready(view)` binds what the chart does. */
function chart(box, spec, ready) {
  let view = null, drawn = 0, drawing = false;
  const draw = async () => {
    const width = Math.floor(box.clientWidth);
    if (drawing || !box.isConnected || width < 40 || width === drawn) return;
    drawing = true;
    const embed = await vega();
    view?.finalize();
    hideTip();
    const made = await embed(box, { $schema: "https://vega.github.io/schema/vega/v6.json", ...spec(width) }, {
      mode: "vega", ast: true, actions: false, defaultStyle: false, renderer: "canvas", tooltip: () => {}, hover: false,
    });
    view = made.view;
    drawn = width;
    drawing = false;
    for (const canvas of box.querySelectorAll("canvas, .chart-wrapper, [role]")) canvas.removeAttribute("tabindex");
    box.dataset.drawn = "yes";
    ready(view);
  };
  new ResizeObserver(() => { if (box.isConnected) draw(); else view?.finalize(); }).observe(box);
  return box;
}

/**
 * Bars over time. `rows` are {t, name, n} of bars `step` wide, `names` their order and `colours` by name; `marks` are
 * spans to show behind the bars. `onSpan(from, to)` hears of a dragged range, `onBar(name, t, event)` of a click.
 */
export function timeline({ rows, names, colours, first, last, step, height = 220, label = compact, marks = [], onSpan, onBar }) {
  const box = el("div", { class: "chart", "aria-hidden": "true" });
  box.style.height = `${height}px`;
  const spec = (width) => ({
    width: width - 64, height: height - 34, padding: { left: 56, right: 8, top: 8, bottom: 26 }, autosize: "none", background: null,
    signals: [
      { name: "brush", value: [0, 0], on: [
        { events: { type: "pointerdown" }, update: "[clamp(x(), 0, width), clamp(x(), 0, width)]" },
        { events: "[pointerdown, window:pointerup] > window:pointermove!", update: "[brush[0], clamp(x(), 0, width)]" }] },
    ],
    data: [
      { name: "bars", values: rows, transform: [{ type: "stack", groupby: ["t"], field: "n", sort: { field: "order" } }] },
      { name: "marks", values: marks },
    ],
    scales: [
      { name: "x", type: "utc", domain: [first, last], range: "width" },
      { name: "y", type: "linear", domain: { data: "bars", field: "y1" }, range: "height", nice: true, zero: true },
      { name: "c", type: "ordinal", domain: names, range: names.map((name) => colours[name]) },
    ],
    axes: [
      { scale: "y", orient: "left", grid: true, tickCount: 4, ...axis(), domain: false, ticks: false, gridOpacity: 0.5,
        encode: { labels: { update: { text: { signal: "datum.label" } } } }, format: "~s" },
      { scale: "x", orient: "bottom", tickCount: Math.max(2, Math.floor(width / 110)), labelOverlap: true, labelFlush: true, labelBound: true, ...axis(), formatType: "utc",
        format: { year: "%Y", month: "%b %Y", date: "%a %d %b", hours: "%H:%M", minutes: "%H:%M", seconds: "%H:%M:%S", milliseconds: "%H:%M:%S.%L" } },
    ],
    marks: [
      { type: "rect", from: { data: "marks" }, interactive: false, encode: { update: {
        x: { scale: "x", field: "from" }, x2: { scale: "x", field: "to" }, y: { value: 0 }, y2: { signal: "height" },
        fill: { value: colour("accent") }, fillOpacity: { value: 0.18 }, stroke: { value: colour("accent") } } } },
      { type: "rect", from: { data: "bars" }, encode: {
        update: {
          x: { scale: "x", field: "t", offset: 0.5 }, x2: { scale: "x", signal: `datum.t + ${step}`, offset: -0.5 },
          y: { scale: "y", field: "y0" }, y2: { scale: "y", field: "y1" }, fill: { scale: "c", field: "name" },
          fillOpacity: { value: 0.92 }, cursor: { value: "pointer" } },
        hover: { fillOpacity: { value: 0.65 } } } },
      { type: "rect", interactive: false, encode: { update: {
        x: { signal: "brush[0]" }, x2: { signal: "brush[1]" }, y: { value: 0 }, y2: { signal: "height" },
        fill: { value: colour("text") }, fillOpacity: { value: 0.15 } } } },
    ],
  });
  return chart(box, spec, (view) => {
    view.addEventListener("pointermove", (event, item) => {
      const bar = item?.datum;
      if (bar?.t === undefined || bar.n === undefined) { hideTip(); return; }
      const all = rows.filter((row) => row.t === bar.t).reduce((sum, row) => sum + row.n, 0);
      showTip(event, [`${bar.name}: ${label(bar.n)}`, names.length > 1 ? `all: ${label(all)}` : "", `${moment(bar.t)} UTC`].filter(Boolean));
    });
    view.addEventListener("pointerout", hideTip);
    let pressed = null;
    view.addEventListener("pointerdown", (event, item) => { pressed = { item, x: event.clientX }; });
    const released = (event) => {
      if (!box.isConnected) { removeEventListener("pointerup", released); return; }
      if (!pressed) return;
      const [a, b] = view.signal("brush").map((x) => first + ((last - first) * x) / (width(view)));
      const { item, x } = pressed;
      pressed = null;
      if (Math.abs(event.clientX - x) > 5 && onSpan) onSpan(Math.floor(Math.min(a, b) / step) * step, Math.ceil(Math.max(a, b) / step) * step);
      else if (item?.datum?.n !== undefined && onBar) onBar(item.datum.name, item.datum.t, event);
    };
    addEventListener("pointerup", released);
  });
  function width(view) { return view.signal("width"); }
}

/** A ring of [name, count, colour]; `onSlice(name, event)` hears of a click. */
export function ring(slices, { size = 132, onSlice }) {
  const box = el("div", { class: "ring", "aria-hidden": "true" });
  const total = slices.reduce((sum, [, count]) => sum + count, 0);
  const spec = () => ({
    width: size, height: size, padding: 0, autosize: "none", background: null,
    data: [{ name: "slices", values: slices.map(([name, n, fill]) => ({ name, n, fill })), transform: [{ type: "pie", field: "n" }] }],
    marks: [{ type: "arc", from: { data: "slices" }, encode: {
      update: {
        x: { value: size / 2 }, y: { value: size / 2 }, startAngle: { field: "startAngle" }, endAngle: { field: "endAngle" },
        innerRadius: { value: size * 0.31 }, outerRadius: { value: size / 2 - 1 }, padAngle: { value: 0.012 },
        fill: { field: "fill" }, fillOpacity: { value: 1 }, cursor: { value: "pointer" } },
      hover: { fillOpacity: { value: 0.7 } } } },
    { type: "text", interactive: false, encode: { update: {
      x: { value: size / 2 }, y: { value: size / 2 }, align: { value: "center" }, baseline: { value: "middle" },
      text: { value: compact(total) }, fill: { value: colour("text") }, fontSize: { value: 15 }, fontWeight: { value: 600 },
      font: { value: "system-ui, sans-serif" } } } }],
  });
  return chart(box, spec, (view) => {
    view.addEventListener("pointermove", (event, item) => {
      if (item?.datum?.n === undefined) { hideTip(); return; }
      showTip(event, [String(item.datum.name), `${compact(item.datum.n)} (${((100 * item.datum.n) / total).toFixed(1)} %)`]);
    });
    view.addEventListener("pointerout", hideTip);
    view.addEventListener("click", (event, item) => { if (item?.datum?.n !== undefined) onSlice(item.datum.name, event); });
  });
}
