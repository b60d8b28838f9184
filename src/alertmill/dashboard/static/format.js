// Numbers, times and names as people read them. Times are UTC throughout, as in the alerts.

const plain = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const number = (value) => plain.format(value);
export const compact = (value) => (value < 100000 ? plain.format(value) : short.format(value));

export function bytes(value) {
  const units = ["B", "KB", "MB", "GB", "TB", "PB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** 2026-01-15 10:00:00 */
export const moment = (ms) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
/** 2026-01-15T10:00:00Z, which the address takes */
export const iso = (ms) => new Date(ms).toISOString().replace(".000Z", "Z");

export function span(from, to) {
  const begin = moment(from), end = moment(to);
  return begin.slice(0, 10) === end.slice(0, 10) ? `${begin} – ${end.slice(11)}` : `${begin} – ${end}`;
}

export function width(ms) {
  for (const [name, size] of [["day", 86400000], ["hour", 3600000], ["minute", 60000], ["second", 1000]]) {
    if (ms >= size && ms % size === 0) return ms === size ? name : `${ms / size} ${name}s`;
  }
  return `${ms} ms`;
}

const protocols = { 1: "ICMP", 6: "TCP", 17: "UDP", 47: "GRE", 50: "ESP", 58: "ICMPv6" };
export const protocol = (value) => protocols[value] ?? value;

export const severity = (level) => (level >= 15 ? "critical" : level >= 12 ? "high" : level >= 7 ? "medium" : "low");

export const fieldNames = {
  rule: "Rule", group: "Group", source: "Source", account: "Account", region: "Region", bucket: "Bucket", user: "User",
  address: "Address (anywhere)", src: "From address", dst: "To address", port: "Port", protocol: "Protocol",
  action: "Action", service: "Service", error: "Error", agent: "Agent", mitre: "MITRE ATT&CK", ec2: "EC2", level: "Level",
};
