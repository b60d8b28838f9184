// One alert: what happened, its rule's way through the tree, the object and record it came from, the event, relatives.
import { el, panel } from "./dom.js";
import { fieldNames, iso, moment, number } from "./format.js";
import { address, path } from "./state.js";
import { alertTable, badge, value } from "./widgets.js";

export const load = (ask) => ask(`/api/alert/${path().slice("/alert/".length)}`);

export function render(seen) {
  return [head(seen), way(seen), origin(seen), tree(seen), ...relatives(seen)];
}

function head(seen) {
  const facts = [["Happened (UTC)", moment(seen.time)], ["Alert raised", seen.alert.timestamp], ["User", seen.username && value("user", seen.username)],
    ["From address", seen.src && value("address", seen.src)], ["To address", seen.dst && value("address", seen.dst)],
    ["Action", seen.action && value("action", seen.action)], ["Error", seen.error && value("error", seen.error)],
    ["Account", seen.account && value("account", seen.account)], ["Region", seen.region && value("region", seen.region)],
    ["Source", seen.source && value("source", seen.source)], ["Groups", (seen.alert.rule.groups ?? []).map?.((group) => value("group", group))],
    ["ATT&CK", (seen.alert.rule.mitre?.id ?? []).map?.((id) => value("mitre", id))]];
  const shown = facts.filter(([, fact]) => fact && (!Array.isArray(fact) || fact.length));
  const back = el("a", { href: address("/alerts"), class: "more" }, "← the list");
  return panel(seen.description || "(no description)", [
    el("p", { class: "lead" }, badge(seen.level), " rule ", value("rule", seen.rule), " ", el("span", { class: "note mono" }, `alert ${seen.alert.id ?? ""}`)),
    el("dl", { class: "facts" }, shown.flatMap(([name, fact]) => [el("dt", {}, name), el("dd", {}, fact)])),
  ], { wide: true, tools: [back] });
}

function way({ path: found, rule, explain }) {
  const ways = found.paths.map((steps) => el("ol", { class: "way" }, steps.map((step) => el("li", { class: step.id === rule ? "here" : "" },
    badge(step.level), " ", value("rule", step.id), " ", el("span", {}, step.description || "(groups what is below it)"),
    el("div", { class: "note mono" }, step.place), step.conditions.length ? el("ul", { class: "conditions" }, step.conditions.map((one) => el("li", { class: "mono" }, one))) : null))));
  const many = found.paths.length > 1 ? el("p", { class: "note" }, `The rule hangs in ${found.paths.length + found.more} places; the alert does not say which one it was.`) : null;
  const why = explain ? el("details", {}, el("summary", {}, "Why this rule, and not another?"),
    el("p", {}, "This shows every decoder and rule that was tried, and each condition:"),
    command("alertmill explain << 'EVENT'\n" + explain + "\nEVENT")) : null;
  return panel("Path through the tree", [found.trouble && el("p", { class: "empty" }, found.trouble), many, ...ways, why].filter(Boolean), { half: true });
}

function command(text) {
  const shown = el("pre", { class: "command" }, text);
  if (!navigator.clipboard) return shown; // only over HTTPS and on loopback
  const copy = el("button", { type: "button", class: "quiet", onclick: async () => { await navigator.clipboard.writeText(text); copy.textContent = "Copied"; } }, "Copy");
  return el("div", { class: "with-copy" }, shown, copy);
}

function origin(seen) {
  const { object } = seen;
  const rows = [["Alert file", `${seen.file}, byte ${number(seen.place)}`], ["Location", seen.alert.location]];
  if (object?.key) rows.unshift(["Bucket", value("bucket", object.bucket)], ["Object", el("span", { class: "mono break" }, object.key)], ["Record", object.record ? `number ${object.record} in it` : "(not said)"]);
  const s3 = object?.key && object.bucket ? `s3://${object.bucket}/${object.key}` : "";
  return panel("Where it came from", [
    el("dl", { class: "facts" }, rows.filter(([, fact]) => fact).flatMap(([name, fact]) => [el("dt", {}, name), el("dd", {}, fact)])),
    s3 && command(`alertmill scan '${s3.replaceAll("'", "'\\''")}'`)].filter(Boolean), { half: true });
}

/** The event as a tree that opens and closes; values are filters where the dashboard knows their field. */
const fields = { "rule.id": "rule", "agent.name": "agent", "data.srcip": "address", "data.dstip": "address", "data.dstuser": "user", "data.action": "action",
  "data.aws.log_info.s3bucket": "bucket", "data.aws.aws_account_id": "account", "data.aws.awsRegion": "region", "data.aws.source": "source", "data.dstport": "port",
  "data.aws.eventSource": "service", "data.aws.errorCode": "error" };
const MOST = 500;

function branch(name, of, at, depth) {
  if (of === null || typeof of !== "object") {
    const leaf = fields[at] ? value(fields[at], of) : el("span", { class: "leaf" }, String(of));
    return el("li", {}, el("span", { class: "key" }, name), leaf);
  }
  const entries = Object.entries(of);
  const below = el("ul", {});
  const fill = () => {
    if (below.childElementCount) return;
    below.append(...entries.slice(0, MOST).map(([key, one]) => branch(key, one, at ? `${at}.${key}` : key, depth + 1)));
    if (entries.length > MOST) below.append(el("li", { class: "note" }, `... and ${entries.length - MOST} more`));
  };
  const open = depth < 2 || at.startsWith("data");
  if (open) fill();
  const summary = el("summary", {}, el("span", { class: "key" }, name), el("span", { class: "note" }, Array.isArray(of) ? `[${entries.length}]` : `{${entries.length}}`));
  return el("li", {}, el("details", { open, ontoggle: fill }, summary, below));
}

function tree(seen) {
  const raw = el("details", {}, el("summary", {}, "The line as it stands in the file"), command(seen.raw));
  return panel("Event", [el("ul", { class: "tree" }, Object.entries(seen.alert).map(([key, one]) => branch(key, one, key, 1))), raw], { wide: true });
}

function relatives({ related, time }) {
  const hour = 3600000;
  return related.map(({ field, value: same, count, alerts }) => {
    const all = el("a", { class: "more", href: address("/alerts", (query) => {
      for (const name of [...query.keys()]) query.delete(name);
      query.append(field, same);
      query.set("from", iso(time - hour));
      query.set("to", iso(time + hour));
    }) }, `all ${number(count)}`);
    return panel(`Same ${fieldNames[field].toLowerCase()} within an hour: ${same}`, alertTable(alerts, `Alerts with the same ${field}`), { wide: true, tools: [all] });
  });
}
