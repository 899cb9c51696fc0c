// Elements are made from names and texts only: what a report contains is never parsed as markup.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (name.startsWith("aria-") && typeof value === "boolean") {
      element.setAttribute(name, String(value));
    } else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter(child => child !== null && child !== undefined));
  return element;
}

/** An HTML element. Strings among the children are text; attributes that begin with "on" are listeners. */
function html(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element. */
function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** A verdict's first words, marked. */
function tag(mark, text) {
  return html("span", {class: "tag " + mark}, text);
}

/** A table with a head. */
function table(heads, rows) {
  return html("div", {class: "scroll"},
    html("table", {},
      html("thead", {}, html("tr", {}, ...heads.map(head => html("th", {scope: "col"}, head)))),
      html("tbody", {}, ...rows.map(row => html("tr", {}, ...row.map(cell => html("td", {}, cell)))))));
}

/** A time in its usual unit. */
function duration(seconds) {
  const size = Math.abs(seconds);
  const [factor, unit] = size === 0 || size >= 1 ? [1, "s"] : size >= 1e-3 ? [1e3, "ms"] : size >= 1e-6 ? [1e6, "µs"] : [1e9, "ns"];
  return String(Number((seconds * factor).toPrecision(6))) + " " + unit;
}
