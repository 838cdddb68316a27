"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);

  /* Everything that came from a row or a model enters the page as the text of a node, never as HTML. */
  const make = (name, attributes = {}, ...content) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...content);
    return made;
  };

  const drawCharts = async () => {
    const { config, charts } = read("chart-data");
    for (const { id, spec } of charts) {
      const place = document.getElementById(id);
      try {
        await vegaEmbed(place, spec, {
          mode: "vega-lite",
          renderer: "svg",
          ast: true, // expressions are interpreted: the page's policy forbids scripts made from text
          actions: false,
          defaultStyle: false,
          tooltip: { disableDefaultStyle: true },
          config,
        });
        place.setAttribute("role", "img");
        place.style.minHeight = "";
      } catch (error) {
        place.classList.add("broken");
        place.textContent = "This chart could not be drawn; its numbers stand beside it.";
        console.error(error);
      }
    }
    document.documentElement.dataset.charts = "drawn";
  };

  const PAGE = 50;
  const LONG = 60; // characters from which a column is given room
  const whole = new Intl.NumberFormat("en");
  const broken = new Intl.NumberFormat("en", { minimumFractionDigits: 2, maximumFractionDigits: 3 });

  const buildTable = () => {
    const data = read("row-data");
    const box = document.getElementById("table");
    const several = { run: data.runs.length > 1, evaluator: data.evaluators.length > 1 };
    const entries = [];
    for (const [run, line, id, outcomes, cells] of data.rows)
      for (const [evaluator, state, score, label, said] of outcomes)
        entries.push({ run, line, id, evaluator, state, score, label, said, cells, text: null });

    const columns = [
      { name: "Row", of: (one) => one.id, head: true },
      ...(several.run ? [{ name: "Run", of: (one) => data.runs[one.run] }] : []),
      ...(several.evaluator ? [{ name: "Evaluator", of: (one) => data.evaluators[one.evaluator] }] : []),
      { name: "Score", of: (one) => one.score, number: true },
      { name: "State", of: (one) => data.states[one.state], state: true },
      { name: "Verdict", of: (one) => one.label },
      { name: "Reasoning or error", of: (one) => one.said },
      ...data.columns.map((name, place) => ({ name, of: (one) => one.cells[place] })),
    ].filter((column) => column.head || column.number || entries.some((one) => ![null, ""].includes(column.of(one))));
    for (const column of columns) {
      const some = entries.slice(0, 500).map(column.of).filter((value) => value !== null);
      column.number = some.length > 0 && some.every((value) => typeof value === "number");
      column.format = some.every(Number.isInteger) ? whole : broken;
      column.long = some.some((value) => typeof value === "string" && value.length > LONG);
    }
    if (data.runs.length < 2 && entries.every((one) => one.state === 0))
      columns.splice(columns.findIndex((column) => column.state), 1);

    const chosen = { text: "", run: "", evaluator: "", state: "", column: null, descending: false, page: 0 };
    let found = entries;

    const textOf = (one) => (one.text ??= columns.map((column) => column.of(one) ?? "").join("\n").toLowerCase());
    const compare = (column) => (a, b) => {
      const [x, y] = [column.of(a), column.of(b)];
      if (x === y) return 0;
      if (x === null || x === "") return 2;
      if (y === null || y === "") return -2;
      if (typeof x === "number" && typeof y === "number") return x < y ? -1 : 1;
      return String(x).localeCompare(String(y), "en", { numeric: true }) < 0 ? -1 : 1;
    };

    const find = () => {
      const text = chosen.text.trim().toLowerCase();
      found = entries.filter(
        (one) =>
          ["run", "evaluator", "state"].every((key) => chosen[key] === "" || one[key] === Number(chosen[key])) &&
          (text === "" || textOf(one).includes(text)),
      );
      if (chosen.column !== null) {
        const order = compare(columns[chosen.column]);
        found = found.slice().sort((a, b) => {
          const sign = order(a, b);
          return chosen.descending && Math.abs(sign) < 2 ? -sign : sign; // what is empty stays last
        });
      }
      chosen.page = 0;
      show();
    };

    const select = (key, name, names) => {
      const made = make("select", {}, make("option", { value: "" }, "all"));
      names.forEach((one, place) => made.append(make("option", { value: String(place) }, one)));
      made.addEventListener("change", () => { chosen[key] = made.value; find(); });
      return make("label", {}, name, made);
    };
    const search = make("input", { type: "search", placeholder: "words in any column" });
    search.addEventListener("input", () => { chosen.text = search.value; find(); });
    const controls = make("div", { class: "controls" }, make("label", {}, "Find", search));
    if (several.run) controls.append(select("run", "Run", data.runs));
    if (several.evaluator) controls.append(select("evaluator", "Evaluator", data.evaluators));
    if (columns.some((column) => column.state)) controls.append(select("state", "State", data.states));

    const side = (column) => (column.number ? "number" : "words");
    const heads = columns.map((column, place) => {
      const button = make("button", { type: "button" }, column.name);
      const cell = make("th", { scope: "col", class: side(column), "aria-sort": "none" }, button);
      button.addEventListener("click", () => {
        const again = chosen.column === place;
        if (again && chosen.descending) Object.assign(chosen, { column: null, descending: false });
        else Object.assign(chosen, { column: place, descending: again });
        heads.forEach((one, number) => {
          const sorted = chosen.descending ? "descending" : "ascending";
          one.setAttribute("aria-sort", number === chosen.column ? sorted : "none");
        });
        find();
      });
      return cell;
    });
    const body = make("tbody");
    const shown = make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body);
    const scroll = make("div", { class: "scroll", role: "region", "aria-label": "Rows", tabindex: "0" }, shown);

    const count = make("p", { "aria-live": "polite" });
    const turn = (name, by) => {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", () => {
        chosen.page += by;
        show();
        box.scrollIntoView({ block: "start" });
      });
      return button;
    };
    const back = turn("Previous", -1);
    const on = turn("Next", 1);

    const cellOf = (column, one, row) => {
      const value = column.of(one);
      const text = value === null ? "" : typeof value === "number" ? column.format.format(value) : value;
      const inner = make("div", { class: column.long ? "cell long" : "cell" });
      if (column.head) {
        const button = make("button", { type: "button", "aria-expanded": "false", title: "Show whole texts" }, text);
        button.addEventListener("click", () => {
          button.setAttribute("aria-expanded", String(row.classList.toggle("open")));
        });
        inner.append(button);
        return make("th", { scope: "row", class: "words" }, inner);
      }
      inner.textContent = text;
      return make("td", { class: column.state ? `words state-${one.state}` : side(column) }, inner);
    };
    const show = () => {
      const from = chosen.page * PAGE;
      const part = found.slice(from, from + PAGE);
      body.replaceChildren(
        ...part.map((one) => {
          const row = make("tr");
          row.append(...columns.map((column) => cellOf(column, one, row)));
          return row;
        }),
      );
      const last = whole.format(from + part.length);
      const all = whole.format(found.length);
      count.textContent = part.length ? `${whole.format(from + 1)} to ${last} of ${all}` : "Nothing is found.";
      back.disabled = chosen.page === 0;
      on.disabled = from + PAGE >= found.length;
    };

    box.append(controls, scroll, make("div", { class: "pager" }, count, back, on));
    show();
  };

  /* The texts of rows that are folded away would be missing on paper. */
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details.row:not([open])")) {
      one.open = true;
      opened.push(one);
    }
  });
  addEventListener("afterprint", () => opened.splice(0).forEach((one) => { one.open = false; }));

  buildTable();
  drawCharts();
})();
