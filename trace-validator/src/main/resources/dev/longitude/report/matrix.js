// The matrix: filters, a table for each recipe in each world, and the cell that is open.

function matrixPage(grid, command) {
  const unique = lists => [...new Set(lists.flat())];
  const tables = grid.recipes.flatMap(recipe => recipe.tables);
  const select = (label, all, values) => {
    const element = html("select", {}, html("option", {value: ""}, all), ...values.map(value => html("option", {value}, value)));
    element.addEventListener("change", apply);
    return {element, field: html("label", {}, label, element)};
  };
  const search = html("input", {type: "search", placeholder: "recipe: qemu, firecracker, …", "aria-label": "Only recipes with this text"});
  search.addEventListener("input", apply);
  const world = select("world", "all", unique(tables.map(t => t.world)));
  const kernel = select("kernel", "all", unique(tables.map(t => t.kernels)));
  const property = select("property", "all", unique(tables.map(t => t.properties)));
  const failing = html("input", {type: "checkbox"});
  failing.addEventListener("change", apply);
  const count = html("span", {class: "dim", role: "status"});
  const list = html("div", {});
  const cell = html("section", {class: "panel cell", "aria-live": "polite", hidden: true});

  function apply() {
    const fails = id => ["fails", "sometimes"].includes(grid.verdicts[id].mark);
    let cells = 0;
    let bad = 0;
    list.replaceChildren();
    cell.hidden = true;
    for (const recipe of grid.recipes) {
      if (!recipe.name.toLowerCase().includes(search.value.trim().toLowerCase())) {
        continue;
      }
      const shown = [];
      for (const t of recipe.tables) {
        const columns = t.kernels.map((name, k) => k).filter(k => !kernel.element.value || t.kernels[k] === kernel.element.value);
        const rows = t.properties.map((name, r) => r)
          .filter(r => !property.element.value || t.properties[r] === property.element.value)
          .filter(r => columns.some(k => failing.checked ? fails(t.rows[r][k]) : grid.verdicts[t.rows[r][k]].mark !== "none"
            || property.element.value));
        if ((!world.element.value || t.world === world.element.value) && columns.length > 0 && rows.length > 0) {
          shown.push(matrixTable(recipe, t, columns, rows));
          rows.forEach(r => columns.forEach(k => {
            cells++;
            bad += fails(t.rows[r][k]) ? 1 : 0;
          }));
        }
      }
      if (shown.length > 0) {
        list.append(html("section", {class: "panel long", "data-recipe": recipe.name},
          html("h2", {}, recipe.name), html("p", {}, recipe.about), ...shown,
          recipe.lines.length + recipe.claims.length === 0 ? null : html("details", {},
            html("summary", {}, `source, worlds without a verdict${recipe.claims.length > 0 ? ", published claims: " + recipe.claims.length : ""}`),
            ...recipe.lines.map(line => html("p", {}, line)),
            recipe.claims.length > 0
              ? table(["published claim", "by", "property", "the matrix"], recipe.claims.map(c => [c.claim, c.by, c.property, c.verdict])) : null)));
      }
    }
    count.textContent = `${cells} cells, ${bad} of them fail`;
    list.append(cell);
  }

  function matrixTable(recipe, t, columns, rows) {
    const body = rows.map(r => html("tr", {}, html("th", {scope: "row"}, t.properties[r]), ...columns.map(k => {
      const verdict = grid.verdicts[t.rows[r][k]];
      return html("td", {class: verdict.mark, role: "gridcell", tabindex: -1, "aria-selected": "false",
        "data-row": r, "data-kernel": k, "aria-label": `${t.properties[r]} on ${t.kernels[k]}: ${verdict.says}`}, verdict.brief);
    })));
    const element = html("table", {role: "grid", "aria-label": `${recipe.name} in the world ${t.world}`},
      html("thead", {}, html("tr", {}, html("th", {}, ""), ...columns.map(k => html("th", {scope: "col"}, t.kernels[k])))),
      html("tbody", {}, ...body));
    const first = element.querySelector("td");
    first.tabIndex = 0;
    const openAt = td => open(recipe, t, Number(td.dataset.row), Number(td.dataset.kernel), td);
    element.addEventListener("click", event => {
      const td = event.target.closest("td");
      if (td) {
        openAt(td);
      }
    });
    element.addEventListener("keydown", event => moveInGrid(event, element, openAt));
    return html("div", {class: "matrix"}, html("h3", {}, "world " + t.world), html("div", {class: "scroll"}, element));
  }

  function open(recipe, t, r, k, td) {
    document.querySelectorAll("td[aria-selected=true]").forEach(other => other.setAttribute("aria-selected", "false"));
    td.setAttribute("aria-selected", "true");
    td.closest("table").querySelectorAll("td[tabindex='0']").forEach(other => other.tabIndex = -1);
    td.tabIndex = 0;
    const verdict = grid.verdicts[t.rows[r][k]];
    const world = t.world === "usual" ? "" : ", world " + t.world;
    cell.replaceChildren(
      html("div", {class: "bar"}, html("h2", {class: "grow"}, `${recipe.name} on ${t.kernels[k]}${world}: ${t.properties[r]}`),
        html("button", {type: "button", onclick: () => { cell.hidden = true; td.focus(); }}, "close")),
      html("p", {}, tag(verdict.mark, verdict.says)),
      verdict.detail ? html("p", {}, verdict.detail) : null,
      verdict.mark === "none" || verdict.mark === "holds" || verdict.mark === "unknown" ? null : html("p", {}, "Its counterexample: ",
        html("code", {}, `longitude matrix --recipe ${recipe.name} --kernel ${t.kernels[k]} --world ${t.world} --property ${t.properties[r]} --report cell.html`)));
    cell.hidden = false;
  }

  apply();
  return [
    html("h1", {}, "What holds: recipe, kernel, property"),
    html("p", {class: "dim"}, "Each cell is a verdict; a number is the length of a shortest counterexample. Open a cell with a click, "
      + "or with the arrow keys and Enter."),
    html("ul", {class: "rows"}, ...[
      ["holds", "+", "holds, in every behaviour of the model"],
      ["warns", "+ steps", "holds up to the time that steps take: a clock is off by no more"],
      ["fails", "FAILS", "fails at every restore"],
      ["sometimes", "preempted", "fails if the VMM is preempted between two steps, within the window"],
      ["sometimes", "beyond", "fails only if it is preempted for as long as the window, or longer"],
      ["unknown", "?", "not judged: the specification does not model what happens there"],
    ].map(([mark, brief, text]) => html("li", {}, html("span", {class: "plain"}, tag(mark, brief), html("span", {}, text))))),
    html("div", {class: "panel filters bar"}, html("span", {class: "label grow"}, search), world.field, kernel.field, property.field,
      html("label", {}, failing, "only what fails"), count),
    list,
    html("footer", {}, html("code", {}, command)),
  ];
}

/** The arrow keys move in a grid; Enter and the space bar open a cell. */
function moveInGrid(event, grid, open) {
  const td = event.target.closest("td");
  if (!td) {
    return;
  }
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    open(td);
    return;
  }
  const tr = td.parentElement;
  const column = [...tr.children].indexOf(td);
  const to = {ArrowLeft: td.previousElementSibling, ArrowRight: td.nextElementSibling,
    ArrowUp: tr.previousElementSibling?.children[column], ArrowDown: tr.nextElementSibling?.children[column]}[event.key];
  if (to && to.tagName === "TD") {
    event.preventDefault();
    grid.querySelectorAll("td[tabindex='0']").forEach(other => other.tabIndex = -1);
    to.tabIndex = 0;
    to.focus();
  }
}
