// This script filters and sorts the leaderboard. Without it the page shows all runs by accuracy, as they stand in the file.
"use strict";

const wordsOf = (row) => row.textContent.toLowerCase();

function fits(board, wanted) {
  const same = ["database", "protocol", "labels"].every((name) => !wanted[name] || board.dataset[name] === wanted[name]);
  return same && !(wanted.honest && "leaky" in board.dataset);
}

function filter() {
  const form = document.getElementById("filters");
  const wanted = Object.fromEntries(new FormData(form));
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
  const runs = new Set(), left = new Set();
  for (const board of document.querySelectorAll(".board")) {
    let shown = 0;
    for (const row of board.querySelectorAll("tbody tr")) {
      const wantedModel = !wanted.model || row.dataset.model === wanted.model;
      const visible = fits(board, wanted) && wantedModel && words.every((word) => wordsOf(row).includes(word));
      row.hidden = !visible;
      shown += visible;
      runs.add(row.dataset.run);
      if (visible) left.add(row.dataset.run);
    }
    board.hidden = shown === 0;
  }
  form.querySelector("output").textContent =
    left.size === runs.size ? "" : `${left.size.toLocaleString("en")} of ${runs.size.toLocaleString("en")} runs`;
}

function sort(header) {
  const column = header.cellIndex, body = header.closest("table").tBodies[0];
  const rising = header.getAttribute("aria-sort") ? header.getAttribute("aria-sort") === "descending" : header.matches(":nth-child(-n+2)");
  for (const other of header.parentNode.cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", rising ? "ascending" : "descending");
  const value = (row) => row.cells[column].dataset.value;
  const compare = (a, b) => a.localeCompare(b, "en", { numeric: false });
  const number = (a, b) => Number(a) - Number(b);
  const order = column === 1 ? compare : number;
  const rows = [...body.rows].map((row) => [value(row), row]);
  const known = rows.filter(([of]) => of !== "").sort(([a], [b]) => (rising ? order(a, b) : order(b, a)));
  body.append(...[...known, ...rows.filter(([of]) => of === "")].map(([, row]) => row));
}

document.getElementById("filters").hidden = false;
document.addEventListener("input", (event) => event.target.closest("#filters") && filter());
document.addEventListener("submit", (event) => event.target.closest("#filters") && event.preventDefault());
document.addEventListener("click", (event) => event.target.closest(".board thead button") && sort(event.target.closest("th")));
filter(); // a browser that went back has kept what was chosen
