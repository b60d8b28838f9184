// The page: which view, its filters, its answer; keyboard; theme; how far the dashboard is with reading.
import * as alert from "./alert.js";
import * as alerts from "./alerts.js";
import { byId, el } from "./dom.js";
import { hideTip } from "./draw.js";
import * as ec2 from "./ec2.js";
import { bytes, fieldNames, number } from "./format.js";
import * as live from "./live.js";
import * as overview from "./overview.js";
import { address, go, listen, params, path, setTime, toggle, update } from "./state.js";
import * as vpc from "./vpc.js";

const views = [["/", "Overview", overview, "o"], ["/ec2", "EC2", ec2, "e"], ["/vpc", "VPC", vpc, "v"], ["/alerts", "Alerts", alerts, "a"], ["/live", "Live", live, "l"]];
const ranges = [["", "All of the time"], ["now-15m", "Last 15 minutes"], ["now-1h", "Last hour"], ["now-6h", "Last 6 hours"], ["now-24h", "Last 24 hours"],
  ["now-7d", "Last 7 days"], ["now-30d", "Last 30 days"], ["custom", "From ... to ..."]];
const CHECK = 3000;

let pending = null, lastSeen = "", shownAt = "", auto = true;

const viewOf = (at) => (at.startsWith("/alert/") ? [at, "Alert", alert] : views.find(([target]) => target === at) ?? views[0]);

/** An answer of the dashboard to the filters of the address and `more`; a value may be a list. */
function asking(signal) {
  return async (target, more = {}) => {
    const query = params();
    for (const name of ["peak", "by", "stack"]) if (name !== "stack" || target !== "/api/overview") query.delete(name);
    for (const [name, given] of Object.entries(more)) {
      if (given === null || given === undefined) continue;
      query.delete(name);
      for (const one of [given].flat()) query.append(name, one);
    }
    const answer = await fetch(`${target}?${query}`, { signal, headers: { accept: "application/json" } });
    if (answer.status === 401) { location.assign("/login"); throw new DOMException("login", "AbortError"); }
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error);
    return body;
  };
}

async function show({ quiet = false } = {}) {
  pending?.abort();
  pending = new AbortController();
  const { signal } = pending;
  const [, name, view] = viewOf(path());
  live.stop();
  hideTip();
  bar();
  document.title = `${name} · Alertmill`;
  byId("progress").hidden = quiet;
  try {
    const seen = await view.load(asking(signal));
    const text = JSON.stringify(seen);
    if (signal.aborted || (quiet && text === lastSeen && shownAt === location.href)) return;
    lastSeen = text;
    const moved = shownAt.split("?")[0] !== location.href.split("?")[0];
    shownAt = location.href;
    byId("content").replaceChildren(...view.render(seen));
    if (moved) scrollTo(0, 0);
  } catch (error) {
    if (error.name === "AbortError") return;
    byId("content").replaceChildren(el("p", { class: "notice", role: "alert" }, error.message || "The dashboard does not answer."));
  } finally {
    if (!signal.aborted) byId("progress").hidden = true;
  }
  document.documentElement.dataset.shown = location.pathname + location.search;
}

// --- the bar of filters ---------------------------------------------------------------------------------------------

function bar() {
  byId("views").replaceChildren(...views.map(([target, name]) => el("a", { href: address(target), "aria-current": viewOf(path())[0] === target ? "page" : null }, name)));
  const query = params();
  if (document.activeElement !== byId("q")) byId("q").value = query.get("q") ?? "";
  const from = query.get("from") ?? "", to = query.get("to") ?? "";
  const known = !to && ranges.some(([value]) => value === from);
  byId("range").value = known ? from : "custom";
  byId("custom").hidden = known;
  if (!known) { byId("from").value = from.replace(/Z$/, "").slice(0, 19); byId("to").value = to.replace(/Z$/, "").slice(0, 19); }
  byId("chips").replaceChildren(...chips(query));
}

function chips(query) {
  const found = [];
  for (const [name, given] of query) {
    const field = name.replace(/!$/, ""), not = name.endsWith("!");
    if (!(field in fieldNames)) continue;
    const said = `${fieldNames[field]} ${not ? "is not" : field === "level" && given.endsWith("-") ? "at least" : "is"} ${field === "level" ? given.replace(/-$/, "") : given}`;
    const turn = field === "level" ? null : el("button", { type: "button", title: not ? "ask for it" : "leave it out", "aria-label": `${said}: ${not ? "ask for it" : "leave it out"}`, onclick: () => toggle(field, given, !not) }, not ? "≠" : "=");
    found.push(el("li", { class: not ? "chip not" : "chip" }, turn, el("span", {}, said),
      el("button", { type: "button", "aria-label": `Remove: ${said}`, onclick: () => toggle(field, given, not) }, "✕")));
  }
  if (found.length > 1) found.push(el("li", {}, el("button", { type: "button", class: "quiet", onclick: clear }, "Remove all")));
  return found;
}

const clear = () => go(path().startsWith("/alert/") ? "/alerts" : path());

byId("add-field").append(...Object.entries(fieldNames).map(([field, name]) => el("option", { value: field }, name)));
byId("range").append(...ranges.map(([value, name]) => el("option", { value }, name)));
byId("add").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = byId("add-value").value.trim();
  if (given) { byId("add-value").value = ""; toggle(byId("add-field").value, given); }
});
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = byId("q").value.trim();
  update((query) => (words ? query.set("q", words) : query.delete("q")));
});
byId("q").addEventListener("search", () => { if (!byId("q").value && params().has("q")) update((query) => query.delete("q")); });
byId("range").addEventListener("change", () => {
  const chosen = byId("range").value;
  if (chosen === "custom") { byId("custom").hidden = false; byId("from").focus(); } else setTime(chosen, "");
});
byId("time").addEventListener("submit", (event) => {
  event.preventDefault();
  const utc = (text) => (text ? `${text}Z` : "");
  setTime(utc(byId("from").value), utc(byId("to").value));
});

// --- theme, keyboard, state of the dashboard ------------------------------------------------------------------------

function switchTheme() {
  const dark = getComputedStyle(document.documentElement).getPropertyValue("--theme").trim() === "dark";
  document.documentElement.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", document.documentElement.dataset.theme); } catch { /* not kept, then */ }
  lastSeen = "";
  show({ quiet: true });
}
byId("theme").addEventListener("click", switchTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { lastSeen = ""; show({ quiet: true }); });
byId("help").addEventListener("click", () => byId("keys").showModal());
byId("refresh").addEventListener("click", () => { auto = !auto; byId("refresh").setAttribute("aria-pressed", String(auto)); });

function step(by) {
  const links = [...document.querySelectorAll("table.alerts td.time a")];
  const next = links[Math.min(Math.max(links.indexOf(document.activeElement) + by, 0), links.length - 1)];
  next?.focus();
}
const keys = {
  "/": () => byId("q").focus(), t: switchTheme, x: clear, j: () => step(1), k: () => step(-1), "?": () => byId("keys").showModal(),
  ...Object.fromEntries(views.map(([target, , , key]) => [key, () => go(address(target))])),
};
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { hideTip(); document.activeElement?.blur?.(); return; }
  if (event.target.matches?.("input, select, textarea") || byId("keys").open || !(event.key in keys)) return;
  event.preventDefault();
  keys[event.key]();
});

let number_ = -1;
async function check() {
  try {
    const answer = await fetch("/api/status");
    if (answer.status === 401) { location.assign("/login"); return; }
    const now = await answer.json();
    const reading = now.waiting > 0 && !now.ready;
    const corrupt = now.corrupt ? `, ${number(now.corrupt)} unreadable lines` : "";
    const said = reading ? `reading: ${number(now.rows)} alerts, ${bytes(now.waiting)} to go` : `${number(now.rows)} alerts in ${number(now.files)} ${now.files === 1 ? "file" : "files"}${corrupt}`;
    byId("status").textContent = said;
    byId("status").title = [now.home, ...now.trouble].join("\n");
    byId("status").classList.toggle("bad", Boolean(now.corrupt || now.trouble.length));
    const changed = number_ !== -1 && now.number !== number_;
    number_ = now.number;
    const own = ["/live", "/alerts"].includes(path()) || path().startsWith("/alert/");
    if (changed && auto && !document.hidden && (!own || reading)) await show({ quiet: true });
  } catch { byId("status").textContent = "the dashboard does not answer"; }
}
setInterval(() => { if (!document.hidden) check(); }, CHECK);

listen(() => show());
check();
show();
