// The page: which subject, timeline and step are chosen, and how keys and buttons choose others.

const report = JSON.parse(document.getElementById("report").textContent);
const page = document.getElementById("page");

const view = {
  subject: Math.max(0, report.subjects.findIndex(s => ["fails", "sometimes"].includes(s.mark))),
  timeline: 0,
  step: 0,
  byTime: false,
  second: true,
  filter: "",
  width: 900,
  choose(step) {
    const last = (timelineNow()?.steps.length ?? 0) - 1;
    const to = Math.min(last, Math.max(0, step));
    if (to !== view.step) {
      view.step = to;
      draw(true);
      announce();
    }
  },
  open(timeline) {
    view.timeline = timeline;
    view.step = interesting();
    draw(false);
  },
  across(byTime) {
    view.byTime = byTime;
    draw(false);
  },
  toggleSecond() {
    view.second = !view.second;
    draw(true);
  },
  search(text) {
    view.filter = text;
    draw(true);
  },
};

function timelineNow() {
  return report.subjects[view.subject]?.timelines[view.timeline];
}

/** The step with which a timeline is opened: the one that shows the fault, or the first. */
function interesting() {
  const fault = (timelineNow()?.steps ?? []).findIndex(s => s.role === "FAULT");
  return Math.max(0, fault);
}

function announce() {
  const step = timelineNow().steps[view.step];
  document.getElementById("announcement").textContent = `${timelineNow().numbered} ${step.number}: ${step.what}`;
}

function themeButton() {
  return html("button", {type: "button", onclick: () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }}, "light / dark");
}

/** The subjects, if there are several. */
function overview() {
  if (report.subjects.length < 2) {
    return null;
  }
  const counts = {};
  report.subjects.forEach(s => counts[s.says] = (counts[s.says] ?? 0) + 1);
  const rows = report.subjects.map((subject, i) => html("tr", {class: i === view.subject ? "chosen" : null},
    html("td", {}, tag(subject.mark, subject.says)),
    html("td", {}, html("button", {type: "button", "aria-pressed": i === view.subject, onclick: () => go(i)}, subject.name))));
  return html("div", {class: "panel subjects", tabindex: 0, role: "region", "aria-label": "All that was judged"},
    html("p", {class: "dim"}, Object.entries(counts).map(([says, n]) => `${n} × ${says}`).join(" · ")),
    html("table", {}, html("tbody", {}, ...rows)));
}

/** The timeline with which a subject is opened: of those that fail most, one with the fewest steps. */
function plainest() {
  const all = report.subjects[view.subject]?.timelines ?? [];
  const order = timeline => ["fails", "sometimes", "unknown", "warns", "holds", "none"].indexOf(timeline.mark) * 1e6 + timeline.steps.length;
  return all.reduce((best, timeline, i) => order(timeline) < order(all[best]) ? i : best, 0);
}

function go(subject) {
  view.subject = subject;
  view.timeline = plainest();
  view.step = interesting();
  draw(false);
}

/** Draws the page anew; what has the focus, and what is scrolled, stays. */
function draw(stay) {
  const focus = stay ? focused() : null;
  const scrolled = [".subjects", ".chart", ".steps", ".places"].map(name => [name, page.querySelector(name)])
    .filter(([, element]) => element !== null).map(([name, element]) => [name, element.scrollLeft, element.scrollTop]);
  const subject = report.subjects[view.subject];
  const timeline = timelineNow();
  view.width = page.clientWidth - 80;
  const drawn = timeline && timeline.steps.length > 0 ? timelinePanels(timeline, view) : null;
  document.title = subject ? `${subject.name}: ${subject.says}` : report.title;
  page.replaceChildren(...[
    html("div", {class: "bar"}, html("h1", {class: "grow"}, report.title), themeButton()),
    overview(),
    subject ? html("div", {class: "bar"}, tag(subject.mark, subject.says),
      html("h2", {class: "grow", id: "subject"}, report.subjects.length > 1 ? subject.name : subject.about)) : null,
    subject && report.subjects.length > 1 && subject.about ? html("p", {class: "dim"}, subject.about) : null,
    subject && subject.rows.length > 0
      ? html("ul", {class: "rows", "aria-label": "Verdicts"}, ...subject.rows.map(row => verdictRow(row, view))) : null,
    ...(drawn ? drawn.panels : timeline ? [html("div", {class: "says " + timeline.mark}, ...timeline.says.map(line => html("p", {}, line)))] : []),
    html("div", {class: "sections"}, ...(subject ? subject.sections : []).map(section)),
    html("footer", {}, html("code", {}, report.command), drawn ? html("p", {}, "← → Home End: through the steps.") : null),
  ].filter(Boolean));
  scrolled.forEach(([name, left, top]) => {
    const element = page.querySelector(name);
    if (element) {
      element.scrollLeft = stay || name === ".subjects" ? left : 0;
      element.scrollTop = stay || name === ".subjects" ? top : 0;
    }
  });
  if (drawn) {
    showStep(drawn);
  }
  if (focus) {
    refocus(focus);
  }
}

/** Scrolls so that the chosen step is visible in the chart and in the table. */
function showStep(drawn) {
  const frame = drawn.frame;
  if (drawn.drawn.chosen < frame.scrollLeft + 40) {
    frame.scrollLeft = drawn.drawn.chosen - 120;
  } else if (drawn.drawn.chosen + CHART.right > frame.scrollLeft + frame.clientWidth) {
    frame.scrollLeft = drawn.drawn.chosen + CHART.right - frame.clientWidth;
  }
  const steps = page.querySelector(".steps");
  const row = steps.querySelector("tr.chosen");
  const above = row.offsetTop - 30;
  const below = row.offsetTop + row.offsetHeight + 10;
  if (above < steps.scrollTop) {
    steps.scrollTop = above;
  } else if (below > steps.scrollTop + steps.clientHeight) {
    steps.scrollTop = below - steps.clientHeight;
  }
}

/** What has the focus, so that it can have it again. */
function focused() {
  const element = document.activeElement;
  if (!element || !page.contains(element)) {
    return null;
  }
  const label = element.getAttribute("aria-label") ?? element.textContent;
  return {tag: element.tagName, label, at: element.selectionStart};
}

function refocus({tag: name, label, at}) {
  const same = [...page.querySelectorAll(name)].find(e => (e.getAttribute("aria-label") ?? e.textContent) === label);
  if (same) {
    same.focus({preventScroll: true});
    if (name === "INPUT" && at !== null) {
      same.setSelectionRange(at, at);
    }
  }
}

function onKey(event) {
  if (["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName) || event.altKey || event.ctrlKey || event.metaKey) {
    return;
  }
  const last = (timelineNow()?.steps.length ?? 0) - 1;
  const isInSteps = event.target.closest?.(".steps");
  const to = {ArrowLeft: view.step - 1, ArrowRight: view.step + 1, Home: 0, End: last,
    ArrowUp: isInSteps ? view.step - 1 : undefined, ArrowDown: isInSteps ? view.step + 1 : undefined}[event.key];
  if (to !== undefined && last >= 0) {
    event.preventDefault();
    view.choose(to);
  }
}

document.title = report.title;
if (report.matrix) {
  page.append(html("div", {class: "bar"}, html("span", {class: "grow"}), themeButton()), ...matrixPage(report.matrix, report.command));
} else {
  view.timeline = plainest();
  view.step = interesting();
  addEventListener("keydown", onKey);
  addEventListener("resize", () => draw(true));
  draw(false);
}
