// One thing that was judged: its verdicts, the timeline of one of them, and what else there is to say.

function verdictRow(row, view) {
  const parts = [tag(row.mark, row.says), html("span", {}, row.name),
    row.detail ? html("span", {class: "detail"}, row.detail) : null,
    row.command ? html("code", {class: "detail"}, row.command) : null];
  if (row.timeline === undefined) {
    return html("li", {"data-property": row.name}, html("span", {class: "plain"}, ...parts));
  }
  return html("li", {"data-property": row.name}, html("button", {type: "button", "aria-pressed": row.timeline === view.timeline,
    onclick: () => view.open(row.timeline)}, ...parts));
}

function section(part) {
  return html("section", {class: "panel"}, html("h2", {}, part.heading),
    ...part.lines.map(line => html("p", {}, line)),
    part.heads.length > 0 ? table(part.heads, part.table) : null);
}

function timelinePanels(timeline, view) {
  const hasTime = timeline.steps.every(s => s.seconds !== undefined)
    && timeline.steps[timeline.steps.length - 1].seconds > timeline.steps[0].seconds;
  const hasSecond = timeline.curves.some(curve => curve.second);
  const switcher = (label, pressed, act) => html("button", {type: "button", "aria-pressed": pressed, onclick: act}, label);
  const drawn = chart(timeline, view);
  const frame = html("div", {class: "scroll chart", tabindex: 0, role: "region", "aria-label": "Timeline"}, drawn.drawing);
  return {
    frame,
    drawn,
    panels: [
      html("div", {class: "says " + timeline.mark}, ...timeline.says.map(line => html("p", {}, line))),
      html("div", {class: "panel"},
        html("div", {class: "bar"},
          html("h2", {class: "grow"}, timeline.curves.length > 0 ? "What the guest's clocks show" : "What happens"),
          hasTime ? html("span", {class: "dim screen"}, "across:") : null,
          hasTime ? switcher("steps", !view.byTime, () => view.across(false)) : null,
          hasTime ? switcher("true time", view.byTime, () => view.across(true)) : null,
          hasSecond ? switcher(timeline.curves.find(c => c.second).name.replace(/ \d+$/, ""), view.second, view.toggleSecond) : null),
        frame,
        legend(timeline, view)),
      html("div", {class: "below"}, stepsTable(timeline, view), inspector(timeline, view))],
  };
}
