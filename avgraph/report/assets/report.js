// What a report does where there is JavaScript: curves with a cursor, the graph to explore, light and dark.
// Text from the data reaches the page by textContent and canvas alone, so that a name is never more than text.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const redraw = [];
  const variable = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const make = (tag, text = "", classes = "") => {
    const element = document.createElement(tag);
    element.textContent = text;
    if (classes) element.className = classes;
    return element;
  };
  const short = (value) => (value === null || value === undefined ? "" : String(Number(value.toPrecision(4))));

  // ---- light and dark
  const button = document.getElementById("theme");
  const night = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (night.matches ? "dark" : "light")) === "dark";
  const themed = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    redraw.forEach((draw) => draw());
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    themed();
  });
  night.addEventListener("change", themed);

  // ---- curves
  function chart(figure) {
    const { series: lines, marked } = data.charts[Number(figure.dataset.chart)];
    const series = Object.entries(lines);
    const epochs = [...new Set(series.flatMap(([, [x]]) => x))].sort((a, b) => a - b);
    if (epochs.length < 2) return;
    const place = new Map(epochs.map((epoch, number) => [epoch, number]));
    const columns = series.map(([, [x, y]]) => {
      const column = new Array(epochs.length).fill(null);
      x.forEach((epoch, number) => { column[place.get(epoch)] = y[number]; });
      return column;
    });
    const live = figure.querySelector(".live");
    const told = figure.querySelector("output");
    let plot = null;
    const draw = () => {
      if (plot) plot.destroy();
      const axis = { stroke: variable("--soft"), grid: { stroke: variable("--line"), width: 1 }, ticks: { show: false },
                     font: "11px system-ui, sans-serif" };
      plot = new uPlot({
        width: live.clientWidth || 400, height: 230, legend: { show: false },
        cursor: { y: false, drag: { x: true, y: false } },
        scales: { x: { time: false }, y: { range: (_, low, high) => (low === high
          ? [low - (Math.abs(low) / 10 || 1), high + (Math.abs(high) / 10 || 1)] : uPlot.rangeNum(low, high, 0.08, true)) } },
        axes: [{ ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }, { ...axis, size: 58, values: (_, ticks) => ticks.map(short) }],
        series: [{}, ...series.map(([name], number) => ({ label: name, spanGaps: true, width: 2,
                  stroke: variable(`--s${number % 8}`), points: { show: epochs.length < 40, size: 5 } }))],
        hooks: { draw: [(at) => {
          if (marked === null) return;
          const x = at.valToPos(marked, "x", true);
          at.ctx.save();
          at.ctx.strokeStyle = variable("--soft");
          at.ctx.setLineDash([8, 6]);
          at.ctx.beginPath();
          at.ctx.moveTo(x, at.bbox.top);
          at.ctx.lineTo(x, at.bbox.top + at.bbox.height);
          at.ctx.stroke();
          at.ctx.restore();
        }], setCursor: [(at) => {
          const number = at.cursor.idx;
          told.textContent = number === null || number === undefined ? "" :
            `epoch ${epochs[number]}: ` + columns.map((column) => short(column[number])).filter(Boolean).join("  ");
        }] },
      }, [epochs, ...columns], live);
    };
    figure.classList.add("on");
    draw();
    redraw.push(draw);
    let width = live.clientWidth;
    new ResizeObserver(() => {
      if (live.clientWidth && live.clientWidth !== width) {
        width = live.clientWidth;
        plot.setSize({ width, height: 230 });
      }
    }).observe(live);
  }

  // ---- the graph
  function explore(explorer) {
    const graph = data.networks[Number(explorer.dataset.network)];
    const find = (query) => explorer.querySelector(query);
    const [controls, stage, live, about] = [find(".controls"), find(".stage"), find(".live"), find(".about")];
    const [search, colour, weight, least, shown] =
      [find("input[type=search]"), find(".colour"), find(".weight"), find(".least"), find(".shown")];
    stage.classList.add("on");
    controls.hidden = false;
    const kinds = [...new Set(graph.kind)];
    const shapes = ["ellipse", "round-rectangle", "diamond", "triangle", "hexagon", "star"];
    const most = Math.max(1, ...graph.degree);
    const central = new Set(graph.degree.map((degree, row) => [degree, row]).sort((a, b) => b[0] - a[0])
      .slice(0, graph.name.length < 50 ? 50 : 24).map(([, row]) => row));
    const cy = cytoscape({
      container: live,
      layout: { name: "preset" },
      minZoom: 0.1, maxZoom: 6, boxSelectionEnabled: false,
      elements: [
        ...graph.name.map((name, row) => ({ data: { id: `n${row}`, row, name,
          size: 9 + 15 * Math.sqrt(graph.degree[row] / most) }, position: { x: graph.at[row][0], y: graph.at[row][1] } })),
        ...graph.edges.map(([source, target, relation], row) => ({ data: { id: `e${row}`, row, relation,
          source: `n${source}`, target: `n${target}` } })),
      ],
    });
    const style = () => cy.style([
      { selector: "node", style: { width: "data(size)", height: "data(size)", "border-width": 0,
        shape: (node) => shapes[kinds.indexOf(graph.kind[node.data("row")]) % shapes.length],
        "background-color": (node) => tint(node.data("row")),
        label: (node) => (central.has(node.data("row")) ? node.data("name").slice(0, 24) : ""),
        color: variable("--ink"), "font-size": 15, "text-outline-color": variable("--card"), "text-outline-width": 2,
        "min-zoomed-font-size": 5, "text-valign": "top" } },
      { selector: "edge", style: { width: (edge) => 0.6 + 2.4 * share(edge.data("row")), "line-color": variable("--soft"),
        opacity: 0.35, "curve-style": "haystack" } },
      { selector: ".gone", style: { display: "none" } },
      { selector: ".dim", style: { opacity: 0.08 } },
      { selector: "node.near", style: { label: (node) => node.data("name").slice(0, 32) } },
      { selector: "edge.near", style: { opacity: 0.9, "line-color": variable("--accent"), "curve-style": "straight",
        "target-arrow-shape": "triangle", "target-arrow-color": variable("--accent"), "arrow-scale": 0.7 } },
      { selector: "node.picked", style: { "border-width": 3, "border-color": variable("--accent") } },
    ]).update();

    // colours and their legend
    const tint = (row) => graph.colours[colour.value][graph.ways[colour.value][row]];
    Object.keys(graph.ways).forEach((way) => colour.append(new Option(way, way)));
    const legend = () => {
      const used = new Set(graph.ways[colour.value]);
      find(".legend").replaceChildren(...Object.entries(graph.colours[colour.value]).filter(([value]) => used.has(value))
        .map(([value, paint]) => {
          const item = make("span");
          const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg");
          const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
          mark.setAttribute("viewBox", "0 0 10 10");
          for (const [key, amount] of [["cx", 5], ["cy", 5], ["r", 5], ["fill", paint]]) dot.setAttribute(key, amount);
          mark.append(dot);
          item.append(mark, value || "none");
          return item;
        }));
    };
    colour.addEventListener("change", () => { style(); legend(); });

    // the least weight of an edge
    const weights = Object.keys(graph.weights);
    weights.forEach((name) => weight.append(new Option(name.replaceAll("_", " "), name)));
    find(".weigh").hidden = !weights.length;
    const known = (name) => graph.weights[name].filter((value) => value !== null);
    const range = () => {
      const values = weights.length ? known(weight.value) : [];
      return values.length ? [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] : [0, 1];
    };
    const value = (row) => (weights.length ? graph.weights[weight.value][row] : null);
    const share = (row) => {
      const [low, high] = range_now;
      return value(row) === null || high <= low ? 0.3 : (value(row) - low) / (high - low);
    };
    let range_now = range();
    if (graph.least !== null && range_now[1] > range_now[0]) {
      least.value = Math.floor(1000 * (graph.least - range_now[0]) / (range_now[1] - range_now[0]));
    }

    // relations
    const boxes = new Map(graph.relations.map((relation) => {
      const [label, box] = [make("label"), document.createElement("input")];
      box.type = "checkbox";
      box.checked = graph.first.includes(relation);
      label.append(box, relation);
      find("fieldset").append(label);
      box.addEventListener("change", filter);
      return [relation, box];
    }));
    find("fieldset").hidden = graph.relations.length < 2;
    function filter() {
      const [low, high] = range_now;
      const limit = low + (high - low) * Number(least.value) / 1000;
      let count = 0;
      cy.batch(() => cy.edges().forEach((edge) => {
        const own = value(edge.data("row"));
        const there = boxes.get(edge.data("relation")).checked && (own === null || own >= limit - 1e-9);
        edge.toggleClass("gone", !there);
        count += there;
      }));
      shown.textContent = weights.length ? `${short(limit)} · ${count.toLocaleString("en")} edges` : "";
      explorer.dataset.edges = count;
    }
    least.addEventListener("input", filter);
    weight.addEventListener("change", () => { range_now = range(); least.value = 0; style(); filter(); });

    // a node and its neighbourhood
    function clear() {
      cy.elements().removeClass("dim near picked");
      about.hidden = true;
      delete explorer.dataset.picked;
    }
    function pick(node) {
      const row = node.data("row");
      const edges = node.connectedEdges().not(".gone");
      cy.batch(() => {
        cy.elements().removeClass("near picked").addClass("dim");
        edges.union(edges.connectedNodes()).union(node).removeClass("dim").addClass("near");
        node.addClass("picked");
      });
      const list = make("dl");
      for (const [term, text] of [["type", graph.kind[row]], ["class", graph.label[row]], ["run says", graph.answer[row]],
                                  ["split", graph.split[row]], ["edges", graph.degree[row].toLocaleString("en")]]) {
        if (text) list.append(make("dt", term), make("dd", text));
      }
      const table = make("table");
      [...edges].map((edge) => [edge, value(edge.data("row"))]).sort((a, b) => (b[1] ?? -1) - (a[1] ?? -1)).slice(0, 14)
        .forEach(([edge, amount]) => {
          const other = edge.source().same(node) ? edge.target() : edge.source();
          const line = make("tr");
          line.append(make("td", (edge.source().same(node) ? "→ " : "← ") + other.data("name")), make("td", short(amount)));
          table.append(line);
        });
      about.replaceChildren(make("h4", graph.name[row]), list, table);
      about.hidden = false;
      explorer.dataset.picked = graph.name[row];
    }
    cy.on("tap", "node", (event) => pick(event.target));
    cy.on("tap", (event) => { if (event.target === cy) clear(); });
    find(".reset").addEventListener("click", () => { search.value = ""; least.value = 0; filter(); clear(); cy.fit(undefined, 24); });
    controls.addEventListener("submit", (event) => event.preventDefault());
    find("datalist").append(...[...new Set(graph.name)].slice(0, 500).map((name) => new Option("", name)));
    search.addEventListener("input", () => {
      const wanted = search.value.trim().toLowerCase();
      if (!wanted) { clear(); return; }
      const names = graph.name.map((name) => name.toLowerCase());
      const row = [names.indexOf(wanted), names.findIndex((name) => name.includes(wanted))].find((found) => found >= 0);
      if (row === undefined) { clear(); return; }
      const node = cy.getElementById(`n${row}`);
      pick(node);
      cy.center(node);
    });
    live.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
      if (step) { cy.panBy({ x: step[0], y: step[1] }); event.preventDefault(); }
      if (event.key === "+" || event.key === "-") cy.zoom({ level: cy.zoom() * (event.key === "+" ? 1.2 : 1 / 1.2),
        renderedPosition: { x: live.clientWidth / 2, y: live.clientHeight / 2 } });
      if (event.key === "Escape") clear();
    });
    cy.userZoomingEnabled(false); // the wheel scrolls the page until the graph has been clicked
    cy.on("tap", () => cy.userZoomingEnabled(true));
    stage.addEventListener("mouseleave", () => cy.userZoomingEnabled(false));
    style();
    legend();
    filter();
    cy.fit(undefined, 24);
    redraw.push(style);
    explorer.dataset.ready = "1";
  }

  // Each part when it comes into sight: a page of many runs is there at once.
  const begin = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
    begin.unobserve(entry.target);
    if (entry.target.matches(".chart")) chart(entry.target);
    else explore(entry.target);
  }), { rootMargin: "600px" });
  document.querySelectorAll(".chart, .explorer").forEach((part) => begin.observe(part));
  themed();
  root.dataset.ready = "1";
})();
