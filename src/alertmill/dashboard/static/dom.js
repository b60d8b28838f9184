// Making elements. Text of alerts only ever becomes text: nothing here, or anywhere in the page, parses HTML.

/** An element with attributes and children; strings become text, functions named on... become listeners. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "href" && !/^[/?#]/.test(value)) throw new Error("links lead to this dashboard only");
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** A panel of a view: a heading, perhaps with tools beside it, and a body. */
export function panel(title, body, { wide = false, broad = false, half = false, tools = [], note = "" } = {}) {
  const heading = el("div", { class: "panel-head" }, el("h2", {}, title), note && el("span", { class: "note" }, note), ...tools);
  return el("section", { class: `panel${wide ? " wide" : ""}${broad ? " broad" : ""}${half ? " half" : ""}`, "aria-label": title }, heading, ...[body].flat());
}

export const byId = (id) => document.getElementById(id);
