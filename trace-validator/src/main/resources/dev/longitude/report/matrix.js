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
  const places = new WeakMap();
  const cell = html("section", {class: "panel cell", "aria-live": "polite", hidden: true});

  const fails = id => ["fails", "sometimes"].includes(grid.verdicts[id].mark);

  /** The tables that the filters leave, each with its columns and rows. */
  function selected() {
    const all = [];
    for (const recipe of grid.recipes) {
      for (const t of recipe.tables) {
        const columns = t.kernels.map((name, k) => k).filter(k => !kernel.element.value || t.kernels[k] === kernel.element.value);
        const rows = t.properties.map((name, r) => r)
          .filter(r => !property.element.value || t.properties[r] === property.element.value)
          .filter(r => columns.some(k => failing.checked ? fails(t.rows[r][k]) : grid.verdicts[t.rows[r][k]].mark !== "none"));
        if (recipe.name.toLowerCase().includes(search.value.trim().toLowerCase())
            && (!world.element.value || t.world === world.element.value) && columns.length > 0 && rows.length > 0) {
          all.push({recipe, t, columns, rows});
        }
      }
    }
    return all;
  }

  function apply() {
    const all = selected();
    const cells = all.flatMap(({t, columns, rows}) => rows.flatMap(r => columns.map(k => t.rows[r][k])))
      .filter(id => grid.verdicts[id].mark !== "none");
    count.textContent = `${cells.length} verdicts, ${cells.filter(fails).length} of them fail`;
    cell.hidden = true;
    const oneKernel = all.length > 0 && new Set(all.flatMap(({t, columns}) => columns.map(k => t.kernels[k]))).size === 1;
    list.replaceChildren(...(oneKernel || property.element.value ? acrossRecipes(all, oneKernel) : byRecipe(all)), cell);
  }

  /** For each recipe its tables: properties down, kernels across. */
  function byRecipe(all) {
    return grid.recipes.filter(recipe => all.some(one => one.recipe === recipe)).map(recipe => html("section",
      {class: "panel long", "data-recipe": recipe.name},
      html("h2", {}, recipe.name), html("p", {}, recipe.about),
      ...all.filter(one => one.recipe === recipe).map(({t, columns, rows}) => gridTable("world " + t.world, `${recipe.name}, world ${t.world}`,
        columns.map(k => t.kernels[k]),
        rows.map(r => ({head: t.properties[r], cells: columns.map(k => ({recipe, t, r, k}))})))),
      recipe.lines.length + recipe.claims.length === 0 ? null : html("details", {},
        html("summary", {}, `source, worlds without a verdict${recipe.claims.length > 0 ? ", published claims: " + recipe.claims.length : ""}`),
        ...recipe.lines.map(line => html("p", {}, line)),
        recipe.claims.length > 0
          ? table(["published claim", "by", "property", "the matrix"], recipe.claims.map(c => [c.claim, c.by, c.property, c.verdict])) : null)));
  }

  /** Recipes down; of one kernel the properties across, otherwise of one property the kernels. */
  function acrossRecipes(all, oneKernel) {
    const groups = new Map();
    for (const one of all) {
      const heads = oneKernel ? one.t.properties : one.columns.map(k => one.t.kernels[k]);
      const key = one.t.world + " " + heads.join(" ");
      groups.set(key, (groups.get(key) ?? {heads, world: one.t.world, all: []}));
      groups.get(key).all.push(one);
    }
    return [...groups.values()].map(group => {
      const columns = group.heads.map((head, i) => i)
        .filter(i => !oneKernel || group.all.some(({rows}) => rows.includes(i)));
      const name = oneKernel ? group.all[0].t.kernels[group.all[0].columns[0]] : property.element.value;
      return html("section", {class: "panel long"}, gridTable(`${name}, world ${group.world}`, `${name}, world ${group.world}`,
        columns.map(i => group.heads[i]),
        group.all.map(({recipe, t, columns: ks, rows}) => ({head: recipe.name, title: recipe.about,
          cells: columns.map(i => oneKernel ? {recipe, t, r: i, k: ks[0]} : {recipe, t, r: rows[0], k: ks[i]})}))));
    });
  }

  function gridTable(heading, label, heads, rows) {
    const body = rows.map(row => html("tr", {}, html("th", {scope: "row", title: row.title}, row.head), ...row.cells.map(of => {
      const verdict = grid.verdicts[of.t.rows[of.r][of.k]];
      const td = html("td", {class: verdict.mark, role: "gridcell", tabindex: -1, "aria-selected": false,
        "aria-label": `${of.recipe.name}, ${of.t.properties[of.r]} on ${of.t.kernels[of.k]}: ${verdict.says}`}, verdict.brief);
      places.set(td, of);
      return td;
    })));
    const element = html("table", {role: "grid", "aria-label": label},
      html("thead", {}, html("tr", {}, html("th", {}, ""), ...heads.map(head => html("th", {scope: "col"}, ...breakable(head))))),
      html("tbody", {}, ...body));
    element.querySelector("td").tabIndex = 0;
    const openAt = td => open(places.get(td), td);
    element.addEventListener("click", event => {
      const td = event.target.closest("td");
      if (td) {
        openAt(td);
      }
    });
    element.addEventListener("keydown", event => moveInGrid(event, element, openAt));
    return html("div", {class: "matrix"}, html("h3", {}, heading), html("div", {class: "scroll"}, element));
  }

  function open({recipe, t, r, k}, td) {
    document.querySelectorAll("td[aria-selected=true]").forEach(other => other.setAttribute("aria-selected", "false"));
    td.setAttribute("aria-selected", "true");
    td.closest("table").querySelectorAll("td[tabindex='0']").forEach(other => other.tabIndex = -1);
    td.tabIndex = 0;
    const verdict = grid.verdicts[t.rows[r][k]];
    cell.replaceChildren(
      html("div", {class: "bar"}, html("h2", {class: "grow"}, `${recipe.name} on ${t.kernels[k]}, world ${t.world}: ${t.properties[r]}`),
        html("button", {type: "button", onclick: () => { cell.hidden = true; td.focus(); }}, "close")),
      html("p", {}, tag(verdict.mark, verdict.says)),
      verdict.detail ? html("p", {}, verdict.detail) : null,
      verdict.mark === "none" || verdict.mark === "holds" || verdict.mark === "unknown" ? null : html("p", {}, "Its counterexample: ",
        html("code", {}, `longitude matrix --recipe ${recipe.argument} --kernel ${t.kernels[k]} --world ${t.world} --property ${t.properties[r]} --report cell.html`)));
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
      ["none", "empty", "does not apply: the property means nothing there, or the kernel lacks what the recipe needs"],
    ].map(([mark, brief, text]) => html("li", {}, html("span", {class: "plain"}, tag(mark, brief), html("span", {}, text))))),
    html("div", {class: "panel filters bar"}, html("span", {class: "label grow"}, search), world.field, kernel.field, property.field,
      html("label", {}, failing, "only what fails"), count),
    list,
    html("footer", {}, html("code", {}, command)),
  ];
}

/** A name that may be broken before each of its words. */
function breakable(name) {
  return name.split(/(?<=[a-z])(?=[A-Z])/).flatMap((word, i) => i === 0 ? [word] : [html("wbr", {}), word]);
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
