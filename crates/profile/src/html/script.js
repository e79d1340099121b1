"use strict";
// Texts as the rest of the page writes them, the choice of colours, and tables that can be sorted. Here and in the files
// that follow, all text is set as textContent.

const $ = (id) => document.getElementById(id);
const root = document.documentElement;
root.classList.add("on");

// ---- texts

const CLASSES = ["cpu", "model", "tool", "store", "queue", "back-off", "other"];
const UNITS = [["ns", 1, 1e3], ["µs", 1e3, 1e3], ["ms", 1e6, 1e3], ["s", 1e9, 1e3], ["min", 6e10, 1e3], ["h", 3.6e12, Infinity]];

/** A duration as the rest of the page writes it: three significant digits in the unit that fits. */
const short = (ns) => {
  for (const [unit, length, limit] of UNITS) {
    const whole = Math.floor(ns / length + 0.5);
    if (whole >= limit) continue;
    const digits = length === 1 || Math.floor(ns * 10 / length + 0.5) >= 1000 ? 0 : Math.floor(ns * 100 / length + 0.5) >= 1000 ? 1 : 2;
    return `${digits ? (Math.floor(ns * 10 ** digits / length + 0.5) / 10 ** digits).toFixed(digits) : whole} ${unit}`;
  }
};
const tokens = (n) => n < 1e3 ? `${n}` : n < 9950 ? `${(n / 1e3).toFixed(1)}k` : n < 999500 ? `${Math.round(n / 1e3)}k` : `${(n / 1e6).toFixed(1)}M`;
const money = (nano) => {
  const usd = nano / 1e9;
  return `$${usd.toFixed(usd >= 0.1 ? 2 : Math.min(9, Math.max(2, 1 - Math.floor(Math.log10(usd)))))}`;
};
const percent = (part, whole) => whole ? `${(part / whole * 100).toFixed(1)} %` : "–";
const many = (n, one, more) => n === 1 ? `1 ${one}` : `${n.toLocaleString("en")} ${more || one + "s"}`;

const el = (tag, className, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
};
const say = (text) => { $("status").textContent = text; };

// ---- theme

const THEMES = ["system", "light", "dark"];
$("theme").addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme || "system") + 1) % 3];
  if (next === "system") delete root.dataset.theme; else root.dataset.theme = next;
  $("theme").textContent = `Theme: ${next}`;
});

// ---- tables

// On narrow screens the style makes rows into blocks, and some browsers then forget what they were.
const ROLES = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TH: "rowheader", TD: "cell" };

for (const table of document.querySelectorAll("table")) {
  for (const part of [table, ...table.querySelectorAll("thead, tbody, tfoot, tr, th, td")]) part.setAttribute("role", ROLES[part.tagName]);
  const body = table.tBodies[0];
  const asWritten = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    head.setAttribute("role", "columnheader");
    // It would be sorted as the share is.
    if (head.classList.contains("spent")) return;
    const button = el("button", "", head.textContent);
    button.type = "button";
    head.replaceChildren(button);
    const numeric = head.classList.contains("num");
    const value = (row) => numeric ? Number(row.cells[column].dataset.v || 0) : row.cells[column].textContent.toLowerCase();
    button.addEventListener("click", () => {
      const order = numeric ? ["descending", "ascending", null] : ["ascending", "descending", null];
      const next = order[(order.indexOf(head.getAttribute("aria-sort")) + 1) % 3];
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      const rows = [...asWritten];
      if (next) {
        head.setAttribute("aria-sort", next);
        const sign = next === "ascending" ? 1 : -1;
        rows.sort((a, b) => sign * (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
      }
      body.append(...rows);
      say(next ? `Sorted by ${button.textContent}, ${next}` : "In order of start");
    });
  });
}

