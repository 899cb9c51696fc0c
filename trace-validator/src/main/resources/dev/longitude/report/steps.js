// The steps as a table.

function stepsTable(timeline, view) {
  const steps = timeline.steps;
  const hasTime = steps.some(s => s.seconds !== undefined);
  const isNumber = text => /^-?[\d.]+$/.test(text);
  const numeric = timeline.columns.map((_, k) => steps.every(s => !s.cells[k] || isNumber(s.cells[k])));
  const heads = [html("th", {scope: "col"}, ""), html("th", {scope: "col"}, "what happens")];
  if (hasTime) {
    heads.push(html("th", {scope: "col", class: "number"}, "true time"));
  }
  timeline.columns.forEach((head, k) => heads.push(html("th", {scope: "col", class: numeric[k] ? "number" : null}, head)));
  const rows = steps.map((s, i) => {
    const sign = s.role === "FAULT" ? "✗ " : s.role === "CAUSE" ? "* " : "";
    const cells = [html("td", {class: "number"}, sign + s.number), html("td", {class: "what"}, s.what)];
    if (hasTime) {
      cells.push(html("td", {class: "number"}, s.seconds === undefined ? "" : duration(s.seconds)));
    }
    s.cells.forEach((cell, k) => cells.push(html("td", {class: numeric[k] ? "number" : null}, cell)));
    const names = [s.role === "PLAIN" ? "" : s.role.toLowerCase(), i === view.step ? "chosen" : ""].filter(Boolean).join(" ");
    return html("tr", {"data-step": i, class: names || null, "aria-current": i === view.step ? "step" : null,
      onclick: () => view.choose(i)}, ...cells);
  });
  return html("div", {class: "panel long"},
    html("div", {class: "bar"}, html("h2", {class: "grow"}, "Steps"), html("span", {class: "dim"}, "* it rests on this step · ✗ shows it")),
    html("div", {class: "steps scroll", tabindex: 0, role: "region", "aria-label": "Steps; the arrow keys move through them"},
      html("table", {class: "wide"}, html("thead", {}, html("tr", {}, ...heads)), html("tbody", {}, ...rows))));
}
