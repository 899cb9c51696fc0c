// What clocks showed, above what happened: lanes of operations.

const CHART = {left: 92, top: 44, clocks: 240, lane: 58, right: 150, least: 30, most: 54};

function laneColour(lane) {
  return lane === 0 ? "var(--lane0)" : "var(--lane" + (1 + (lane - 1) % 4) + ")";
}

/** Where each step stands: steps have one width; by true time they are as far apart as their instants, and a bit. */
function places(steps, byTime, width) {
  const step = Math.max(CHART.least, Math.min(CHART.most, (width - CHART.left - CHART.right) / steps.length));
  if (!byTime) {
    return {step, at: steps.map((s, i) => CHART.left + step * (i + .5)), end: CHART.left + step * steps.length};
  }
  const close = Math.min(step, CHART.least * .62);
  const all = Math.max(0, steps[steps.length - 1].seconds - steps[0].seconds);
  const room = Math.max(320, width - CHART.left - CHART.right - close * steps.length);
  let x = CHART.left + close / 2;
  const at = steps.map((s, i) => {
    if (i > 0) {
      x += close + (all > 0 ? Math.max(0, s.seconds - steps[i - 1].seconds) / all * room : 0);
    }
    return x;
  });
  return {step: close, at, end: x + close / 2};
}

/** Round numbers within a range, about five. */
function ticks(low, high) {
  const raw = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const size = power * [1, 2, 5, 10].find(f => f * power >= raw);
  const all = [];
  for (let v = Math.ceil(low / size) * size; v <= high + size * 1e-9; v += size) {
    all.push(Number(v.toPrecision(12)));
  }
  return all;
}

/** The range of all values. */
function range(timeline, curves) {
  const values = curves.flatMap(curve => curve.values)
    .concat(timeline.wanted ? timeline.wanted.low.concat(timeline.wanted.high) : [])
    .concat(timeline.gap ? [timeline.gap.from, timeline.gap.to] : [])
    .filter(value => value !== null);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = (high - low || 1) * .06;
  return [low - room, high + room];
}

/**
 * Draws a timeline.
 *
 * view: byTime, second (whether second clocks are drawn), width, step (the chosen one, from 0), choose(step)
 */
function chart(timeline, view) {
  const steps = timeline.steps;
  const curves = timeline.curves.filter(curve => view.second || !curve.second);
  const {step, at, end} = places(steps, view.byTime, view.width);
  const hasClocks = curves.length > 0;
  const clocks = hasClocks ? CHART.clocks : 0;
  const lanes = CHART.top + clocks + (hasClocks ? 40 : 12);
  const longest = steps.reduce((most, s) => Math.max(most, shortName(s.what).length), 0);
  // Names that stand close together are turned more, so that they do not overlap.
  const turn = step < 26 ? 48 : 32;
  const lane = Math.max(CHART.lane, 30 + longest * 5.7 * Math.sin(turn * Math.PI / 180));
  const height = lanes + timeline.lanes.length * lane + 8;
  const width = end + CHART.right;
  const drawing = svg("svg", {width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": "Timeline: " + timeline.lanes.join(", ") + ". The table of steps says the same."});
  const edge = i => i === 0 ? at[0] - step / 2 : (at[i - 1] + at[i]) / 2;
  const begin = i => view.byTime ? edge(i) : at[i] - step / 2;
  const finish = i => i === steps.length - 1 ? at[i] + step / 2 : begin(i + 1);

  for (const span of timeline.spans) {
    const [x0, x1] = [begin(span.first), finish(span.last)];
    if (span.kind === "place") {
      drawing.append(svg("text", {x: (x0 + x1) / 2, y: 14, "text-anchor": "middle", class: "dim"}, span.name));
      if (span.first > 0) {
        drawing.append(svg("line", {x1: x0, x2: x0, y1: 4, y2: height, stroke: "var(--line)"}));
      }
    } else {
      drawing.append(svg("rect", {x: x0, y: 20, width: x1 - x0, height: height - 20,
        fill: span.kind === "preemption" ? "var(--preempted)" : "var(--blackout)", "fill-opacity": span.kind === "unjudged" ? .5 : 1}));
      if (span.kind !== "preemption") {
        drawing.append(svg("text", {x: (x0 + x1) / 2, y: 32, "text-anchor": "middle", class: "dim small"}, span.name));
      }
    }
  }

  let y = null;
  if (hasClocks) {
    const [low, high] = range(timeline, curves);
    y = value => CHART.top + clocks - (value - low) / (high - low) * clocks;
    for (const value of ticks(low, high)) {
      drawing.append(
        svg("line", {x1: CHART.left, x2: end, y1: y(value), y2: y(value), stroke: "var(--grid)"}),
        svg("text", {x: CHART.left - 8, y: y(value) + 4, "text-anchor": "end", class: "dim"}, String(value)));
    }
    drawing.append(svg("text", {x: 12, y: CHART.top + clocks / 2, transform: `rotate(-90 12 ${CHART.top + clocks / 2})`,
      "text-anchor": "middle", class: "dim"}, timeline.unit));
    drawWanted(drawing, timeline, {at, y, begin, finish, byTime: view.byTime});
    curves.forEach(curve => drawCurve(drawing, curve, curves, {at, y, begin, finish, byTime: view.byTime}));
    drawLabels(drawing, curves, y, end, timeline.unit.startsWith("ms ") ? " ms" : "");
  }
  drawTimes(drawing, steps, i => view.byTime ? at[i] : begin(i), CHART.top + clocks + 16, hasClocks);

  timeline.lanes.forEach((name, k) => {
    const top = lanes + k * lane;
    drawing.append(
      svg("line", {x1: 4, x2: end, y1: top, y2: top, stroke: "var(--line)"}),
      // At both ends: the chart may be wider than the window.
      svg("text", {x: 4, y: top + 16, class: "strong", fill: laneColour(k)}, name),
      svg("text", {x: end + 44, y: top + 16, class: "strong", fill: laneColour(k), "aria-hidden": true}, name));
    drawRuns(drawing, timeline, k, top, {begin, finish, at});
  });
  if (timeline.gap && y !== null) {
    drawGap(drawing, timeline.gap, {x: at[timeline.gap.step], step, y});
  }
  steps.forEach((s, i) => drawStep(drawing, s, i, {x: at[i], begin: begin(i), finish: finish(i), step, numbers: lanes - 5,
    top: lanes + s.lane * lane, height, view, turn}));
  return {drawing, end: at[steps.length - 1], chosen: at[view.step]};
}

function drawTimes(drawing, steps, place, y, hasClocks) {
  let last = null;
  let free = -Infinity;
  steps.forEach((s, i) => {
    if (s.seconds === undefined || s.seconds === last || !hasClocks) {
      return;
    }
    last = s.seconds;
    const text = (i === 0 ? "true time " : "") + duration(s.seconds);
    drawing.append(svg("line", {x1: place(i), x2: place(i), y1: 36, y2: y + 2, stroke: "var(--wanted)", "stroke-dasharray": "1 3"}));
    if (place(i) > free) {
      drawing.append(svg("text", {x: place(i) + 3, y, class: "dim small"}, text));
      free = place(i) + 8 + text.length * 6;
    }
  });
}

/** A path through the values: level over a step, or straight from instant to instant. */
function path(values, place, shift) {
  let d = "";
  let drawing = false;
  values.forEach((value, i) => {
    if (value === null) {
      drawing = false;
      return;
    }
    const v = place.y(value) + shift;
    if (place.byTime) {
      d += (drawing ? "L" : "M") + place.at[i] + " " + v + (drawing ? "" : "h.01");
    } else {
      d += (drawing ? "L" : "M") + place.begin(i) + " " + v + "H" + place.finish(i);
    }
    drawing = true;
  });
  return d;
}

function drawCurve(drawing, curve, curves, place) {
  const shift = (curves.indexOf(curve) - (curves.length - 1) / 2) * 2.4;
  const colour = laneColour(curve.lane);
  const line = (values, width, dash) => drawing.append(svg("path", {d: path(values, place, shift), fill: "none", stroke: colour,
    "stroke-width": width, "stroke-dasharray": dash, "stroke-linejoin": "round"}));
  if (curve.second) {
    line(curve.values, 2, "2 4");
  } else {
    line(curve.values, 1.5, null);
    line(curve.values.map((value, i) => curve.inside[i] ? value : null), 4.5, null);
  }
}

function drawWanted(drawing, timeline, place) {
  if (!timeline.wanted) {
    return;
  }
  const {low, high} = timeline.wanted;
  const points = low.map((value, i) => value === null ? null : i).filter(i => i !== null);
  if (points.length === 0) {
    return;
  }
  const along = (values, is) => is.flatMap(i => place.byTime
    ? [`${place.at[i]},${place.y(values[i])}`]
    : (is[0] <= is[is.length - 1]
      ? [`${place.begin(i)},${place.y(values[i])}`, `${place.finish(i)},${place.y(values[i])}`]
      : [`${place.finish(i)},${place.y(values[i])}`, `${place.begin(i)},${place.y(values[i])}`]));
  drawing.append(svg("polygon", {points: along(high, points).concat(along(low, points.slice().reverse())).join(" "),
    fill: "var(--wanted)", "fill-opacity": .3, stroke: "var(--wanted)", "stroke-opacity": .3, "stroke-width": 7, "stroke-linejoin": "round"}));
}

/** The curves' names at their ends, moved apart. */
function drawLabels(drawing, curves, y, end, unit) {
  const labels = curves.map(curve => ({curve, value: curve.values[curve.values.length - 1]}))
    .filter(label => label.value !== null)
    .sort((a, b) => b.value - a.value);
  let free = -Infinity;
  for (const {curve, value} of labels) {
    const place = Math.max(y(value) + 4, free);
    free = place + 14;
    drawing.append(svg("text", {x: end + 6, y: place, class: "strong end", "data-lane": curve.lane, fill: laneColour(curve.lane)},
      curve.name + " = " + Number(value.toPrecision(unit ? 6 : 9)) + unit));
  }
}

/** When a vCPU was in the guest. */
function drawRuns(drawing, timeline, lane, top, place) {
  const curve = timeline.curves.find(c => c.lane === lane && !c.second);
  if (!curve) {
    return;
  }
  let from = null;
  curve.inside.concat([false]).forEach((inside, i) => {
    if (inside && from === null) {
      from = i;
    } else if (!inside && from !== null) {
      drawing.append(svg("rect", {x: place.at[from], y: top + 5, rx: 5, height: 10,
        width: Math.max(4, (i < curve.inside.length ? place.at[i] : place.finish(i - 1)) - place.at[from]),
        fill: laneColour(lane), "fill-opacity": .4}));
      from = null;
    }
  });
}

function drawGap(drawing, gap, {x, step, y}) {
  const isLeft = x - step / 2 - CHART.left > gap.text.length * 7;
  const [a, b] = [y(gap.from), y(gap.to)];
  const tip = a < b ? -1 : 1;
  drawing.append(
    svg("line", {x1: x, x2: x, y1: a, y2: b, stroke: "var(--bad)", "stroke-width": 2}),
    svg("path", {d: `M${x - 5} ${b + tip * 9}L${x} ${b + tip}L${x + 5} ${b + tip * 9}`, fill: "none", stroke: "var(--bad)", "stroke-width": 2}),
    svg("line", {x1: x - step / 2, x2: x + step / 2, y1: a, y2: a, stroke: "var(--bad)", "stroke-dasharray": "4 3", "stroke-width": 2}),
    svg("text", {x: isLeft ? x - step / 2 - 6 : x + step / 2 + 6, y: (a + b) / 2 + 4, "text-anchor": isLeft ? "end" : "start", class: "strong fault", fill: "var(--bad)"}, gap.text));
}

/** An operation without its arguments, which the table has. */
function shortName(what) {
  const name = what.startsWith("the VMM is ") ? what.slice(11) : what;
  const bracket = name.indexOf("(");
  return bracket > 0 ? name.slice(0, bracket) : name;
}

function drawStep(drawing, s, i, place) {
  const {x, top, height, view} = place;
  const fault = s.role === "FAULT";
  const cause = s.role === "CAUSE";
  const colour = fault ? "var(--bad)" : cause ? "var(--warn)" : laneColour(s.lane);
  const chosen = i === view.step;
  const group = svg("g", {class: "step", "data-step": i, onclick: () => view.choose(i)},
    svg("title", {}, `${s.number}: ${s.what}`),
    svg("rect", {class: "hit", x: place.begin, y: 20, width: Math.max(4, place.finish - place.begin), height: height - 22}));
  if (fault) {
    group.append(svg("rect", {x: x - place.step / 2, y: 22, width: place.step, height: height - 26, fill: "none", rx: 4,
      stroke: "var(--bad)", "stroke-width": 2}));
  }
  group.append(fault || cause
    ? svg("path", {d: `M${x} ${top + 3}l7 7l-7 7l-7 -7z`, fill: colour, stroke: chosen ? "var(--chosen)" : null, "stroke-width": 2})
    : svg("circle", {cx: x, cy: top + 10, r: 4, fill: colour, stroke: chosen ? "var(--chosen)" : null, "stroke-width": 2}));
  group.append(
    svg("text", {x: x - 3, y: top + 27, transform: `rotate(${place.turn} ${x - 3} ${top + 27})`,
      class: "small name" + (fault || cause ? " strong" : ""), fill: fault || cause ? colour : null}, shortName(s.what)),
    svg("text", {x, y: place.numbers, "text-anchor": "middle", class: "dim small"}, String(s.number)));
  if (chosen) {
    group.append(svg("rect", {class: "chosen", x: x - place.step / 2 + 1, y: 24, width: place.step - 2, height: height - 30,
      fill: "none", rx: 4, stroke: "var(--chosen)", "stroke-opacity": .7, "stroke-dasharray": "3 3"}));
  }
  drawing.append(group);
}

/** What the lines and marks mean. */
function legend(timeline, view) {
  const items = [];
  const line = (colour, width, dash, opacity) => svg("svg", {width: 26, height: 12, "aria-hidden": "true"},
    svg("line", {x1: 0, x2: 26, y1: 6, y2: 6, stroke: colour, "stroke-width": width, "stroke-dasharray": dash, "stroke-opacity": opacity}));
  const mark = colour => svg("svg", {width: 16, height: 16, "aria-hidden": "true"}, svg("path", {d: "M8 1l7 7l-7 7l-7 -7z", fill: colour}));
  const item = (sign, text) => items.push(html("span", {}, sign, " " + text));
  const curves = timeline.curves.filter(curve => view.second || !curve.second);
  for (const curve of curves) {
    item(line(laneColour(curve.lane), curve.second ? 2 : 4.5, curve.second ? "2 4" : null, null), curve.name);
  }
  if (curves.length > 0) {
    item(line("var(--dim)", 1.5, null, null), "thin: the vCPU is not in the guest");
  }
  if (timeline.wanted) {
    item(line("var(--wanted)", 8, null, .45), timeline.wanted.name);
  }
  if (timeline.steps.some(s => s.role === "CAUSE")) {
    item(mark("var(--warn)"), "a step that it rests on");
  }
  if (timeline.steps.some(s => s.role === "FAULT")) {
    item(mark("var(--bad)"), "the step that shows it");
  }
  return html("div", {class: "legend"}, ...items);
}
