"use strict";
(() => {
  const table = document.getElementById("table");
  if (!table) return;

  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const field = name => document.getElementById("filter-" + name);
  const selects = ["series", "kind", "verdict"];
  const verdicts = Array.from(field("verdict").options, o => o.value);

  const rows = Array.from(table.tBodies, (body, order) => {
    const { series, kind, verdict, levels } = body.dataset;
    return { body, order, series, kind, verdict, levels: levels.split(" "), text: null };
  });

  // What a search looks through is put together when there is one: it is long.
  const haystack = row => row.text ??= row.body.textContent.toLowerCase();

  let sorted = "";

  const filter = () => {
    const words = field("text").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = selects.map(name => [name, field(name).value]).filter(([, value]) => value);
    const level = field("level").value;
    let count = 0;
    for (const row of rows) {
      const show = wanted.every(([name, value]) => row[name] === value) &&
        (!level || row.levels.includes(level)) &&
        words.every(word => haystack(row).includes(word));
      if (row.body.hidden === show) row.body.hidden = !show;
      if (show) count++;
    }
    shown.textContent = (count === rows.length ? "All " : count + " of ") +
      rows.length + (rows.length === 1 ? " artifact" : " artifacts") + sorted;
  };

  const reset = () => {
    form.reset();
    filter();
  };

  // Sorting. Releases and the artifacts of one are in order in the document.
  const collator = new Intl.Collator("en", { numeric: true });
  const byText = column => {
    const keys = new Map(rows.map(row => [row, row.body.rows[0].cells[column].textContent]));
    return (a, b) => collator.compare(keys.get(a), keys.get(b));
  };
  const byVerdict = (a, b) => verdicts.indexOf(a.verdict) - verdicts.indexOf(b.verdict);
  const heads = Array.from(table.tHead.rows[0].cells);

  const sort = column => {
    const head = heads[column];
    const falling = head.getAttribute("aria-sort") === "ascending";
    for (const h of heads) h.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const compare = head.textContent === "Verdict" ? byVerdict : byText(column);
    const sign = falling ? -1 : 1;
    const order = rows.toSorted((a, b) => sign * compare(a, b) || a.order - b.order);
    table.append(...order.map(row => row.body));
    sorted = ", sorted by " + head.textContent.toLowerCase() + (falling ? ", descending" : ", ascending");
    filter();
  };

  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(column));
    head.append(button);
  });

  form.addEventListener("input", filter);
  form.addEventListener("submit", event => event.preventDefault());
  form.querySelector("button").addEventListener("click", reset);

  // A link to an artifact must reach it, also when a filter hides it.
  const reveal = hash => {
    const target = document.getElementById(hash.slice(1));
    const body = target && target.closest("tbody[data-verdict]");
    if (!body) return;
    if (body.hidden) reset();
    target.closest("details").open = true;
    body.scrollIntoView();
  };

  document.addEventListener("click", event => {
    const link = event.target.closest("a");
    if (!link) return;
    const { series, kind, verdict, text } = link.dataset;
    if (verdict !== undefined || text !== undefined) {
      event.preventDefault();
      form.reset();
      field("series").value = series ?? "";
      field("kind").value = kind ?? "";
      field("verdict").value = verdict ?? "";
      field("text").value = text ?? "";
      filter();
      const heading = document.querySelector("#artifacts h2");
      heading.scrollIntoView();
      heading.focus({ preventScroll: true });
    } else if (link.hash) {
      reveal(link.hash);
    }
  });
  window.addEventListener("hashchange", () => reveal(location.hash));

  form.hidden = false;
  filter(); // a browser that goes back fills the form in again
  reveal(location.hash);
})();
