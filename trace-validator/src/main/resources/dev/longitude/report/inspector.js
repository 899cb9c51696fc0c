// The state after a step: what changed, and the rest.

/** A place's state after a step, by folding the changes. */
function stateAfter(timeline, step) {
  const state = new Map(Object.entries(timeline.first));
  for (let i = 0; i <= step; i++) {
    for (const change of timeline.steps[i].changes) {
      if (change.after === undefined) {
        state.delete(change.place);
      } else {
        state.set(change.place, change.after);
      }
    }
  }
  return state;
}

/** The signed number that has the bits of a word, or null if it is the same or there is none. */
function signed(text, bits) {
  if (bits === 0 || !/^\d{1,20}$/.test(text)) {
    return null;
  }
  const word = BigInt(text);
  return word >> BigInt(bits) === 0n && word >> BigInt(bits - 1) === 1n ? word - (1n << BigInt(bits)) : null;
}

/** A value; if it is a negative word, as both. */
function shown(text, bits) {
  const negative = signed(text, bits);
  return negative === null ? text : `${text} (${negative})`;
}

/** By how much a number has changed, as words differ; empty if it is none. */
function difference(before, after, bits) {
  if (!/^-?\d{1,20}$/.test(before ?? "") || !/^-?\d{1,20}$/.test(after ?? "")) {
    return "";
  }
  let by = BigInt(after) - BigInt(before);
  if (bits > 0) {
    by = BigInt.asIntN(bits, by);
  }
  return by > 0n ? "+" + by : String(by);
}

function inspector(timeline, view) {
  const step = timeline.steps[view.step];
  const bits = timeline.wordBits;
  const state = stateAfter(timeline, view.step);
  const changed = new Set(step.changes.map(change => change.place));
  const rest = [...state.keys()].filter(place => !changed.has(place)).sort();
  const wanted = place => place.toLowerCase().includes(view.filter.trim().toLowerCase());
  const isEmpty = state.size === 0 && changed.size === 0;
  const changedRows = step.changes.filter(change => wanted(change.place)).map(change => html("tr", {class: "changed"},
    html("td", {class: "mono"}, change.place),
    html("td", {class: "mono"},
      change.before === undefined ? null : html("span", {class: "before"}, shown(change.before, bits)),
      change.before === undefined ? null : html("span", {class: "unseen"}, " became "),
      change.after === undefined ? html("em", {}, "is gone") : shown(change.after, bits)),
    html("td", {class: "mono number"}, difference(change.before, change.after, bits))));
  const sameRows = rest.filter(wanted).map(place => html("tr", {},
    html("td", {class: "mono"}, place), html("td", {class: "mono", colspan: 2}, shown(state.get(place), bits))));
  const body = html("tbody", {},
    html("tr", {}, html("th", {colspan: 3, scope: "colgroup"}, `changed by this ${timeline.numbered}: ${step.changes.length}`)),
    ...changedRows,
    html("tr", {}, html("th", {colspan: 3, scope: "colgroup"}, `as before: ${rest.length}`)),
    ...sameRows);
  const filter = html("input", {type: "search", value: view.filter, placeholder: "variables: tscOffset, pvclock[0], …",
    "aria-label": "Show only variables with this text", id: "filter"});
  filter.addEventListener("input", () => view.search(filter.value));
  const move = (by, label, sign) => html("button", {type: "button", "aria-label": label, onclick: () => view.choose(view.step + by),
    disabled: view.step + by < 0 || view.step + by >= timeline.steps.length}, sign);
  return html("div", {class: "panel inspector long"},
    html("div", {class: "bar"},
      html("h2", {class: "grow"}, `State after ${timeline.numbered} ${step.number}`),
      move(-1, "previous step", "←"), move(1, "next step", "→")),
    html("p", {class: "mono"}, step.what),
    step.cells.length === timeline.columns.length && timeline.columns.includes("returns") && step.cells[timeline.columns.indexOf("returns")]
      ? html("p", {class: "mono"}, "returns " + step.cells[timeline.columns.indexOf("returns")]) : null,
    isEmpty ? html("p", {class: "dim"}, "Nothing is known of the state here: the file shows none.") : filter,
    isEmpty ? null : html("div", {class: "places", tabindex: 0, role: "region", "aria-label": "State"}, html("table", {class: "wide"}, body)),
    bits > 0 && !isEmpty ? html("p", {class: "dim"}, `In brackets: a word of ${bits} bits read as a signed number. Differences are signed.`) : null);
}
