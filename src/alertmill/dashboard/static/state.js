// What is asked for lives in the address, and nowhere else: a link is the whole state, and Back undoes.

let onChange = () => {};
export const listen = (callback) => { onChange = callback; };

export const params = () => new URLSearchParams(location.search);
export const path = () => location.pathname;

/** Go to an address of this dashboard without loading the page anew. */
export function go(target, { replace = false } = {}) {
  const url = new URL(target, location.href);
  if (url.origin !== location.origin) return;
  if (url.href === location.href) { onChange(); return; }
  history[replace ? "replaceState" : "pushState"](null, "", url.pathname + url.search);
  onChange();
}

/** The address of a view with the filters of now; a peak belongs to the view that it was chosen in. */
export function address(view, change = () => {}) {
  const query = params();
  for (const name of ["before", ...(view === path() ? [] : ["peak", "by"])]) query.delete(name);
  change(query);
  const text = query.toString();
  return text ? `${view}?${text}` : view;
}

const listView = () => (path().startsWith("/alert/") ? "/alerts" : path());
export const update = (change) => go(address(listView(), change));

/** Ask for a value, or with `not` leave it out; asking for what is asked for already takes it back. */
export function toggle(field, value, not = false) {
  update((query) => {
    const name = not ? `${field}!` : field;
    const values = query.getAll(name);
    const rest = values.filter((other) => other !== String(value));
    query.delete(name);
    query.delete(not ? field : `${field}!`, String(value));
    for (const other of rest) query.append(name, other);
    if (rest.length === values.length) query.append(name, String(value));
  });
}

export const isChosen = (field, value) => params().getAll(field).includes(String(value));

export function setTime(from, to) {
  update((query) => {
    query.delete("from");
    query.delete("to");
    query.delete("peak");
    if (from) query.set("from", from);
    if (to) query.set("to", to);
  });
}

addEventListener("popstate", () => onChange());
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = link.getAttribute("href");
  if (!target.startsWith("/") || target.startsWith("/static/")) return;
  event.preventDefault();
  go(target);
});
