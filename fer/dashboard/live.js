// This script keeps a page of the dashboard as things are: it asks for the page again with the stamp that it has, and changes
// in place what has changed. What the reader has done stays: scrolling, open details, filters, sorting, and chosen runs.
"use strict";

(() => {
  const EVERY = 1500, AFTER_TROUBLE = 4000; // milliseconds
  const live = document.getElementById("live");
  let stamp = live.dataset.stamp;

  async function look() {
    const answer = document.hidden ? undefined : await fetch(location.href, { headers: { "If-None-Match": stamp } }).catch(() => null);
    try {
      if (answer) await take(answer);
      else if (answer === null) say(`not connected since ${(live.dataset.since ??= new Date().toLocaleTimeString())}`, true);
    } finally {
      setTimeout(look, answer === null || (answer && !answer.ok && answer.status !== 304) ? AFTER_TROUBLE : EVERY);
    }
  }

  async function take(answer) {
    const defect = answer.status === 500;
    if (answer.status !== 304 && !defect) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    stamp = answer.headers.get("ETag") ?? "";
    say(defect ? "not up to date: the terminal of fer dashboard says why" : "live", defect);
  }

  function say(words, lost) {
    if (!lost) delete live.dataset.since;
    live.textContent = words;
    live.classList.toggle("lost", lost);
  }

  function show(page) {
    if (page.scripts.length !== document.scripts.length) return location.reload(); // the page became one of another kind
    const undo = [sorted(), filled(), opened()];
    equip(page);
    document.title = page.title;
    change(document.body, page.body);
    undo.forEach((restore) => restore());
    choose();
  }

  // ---- changing a tree into another one, leaving alone what is equal or marked data-kept

  function change(now, next) {
    if (now.isEqualNode(next) || now.dataset?.kept !== undefined) return;
    if (now.nodeType !== Node.ELEMENT_NODE || now.nodeName !== next.nodeName || now.nodeName === "svg") return now.replaceWith(next);
    for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
    for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
    changeChildren(now, [...now.childNodes], [...next.childNodes]);
  }

  function changeChildren(parent, before, after) {
    while (before.length && after.length && before[0].isEqualNode(after[0])) before.shift(), after.shift();
    let end = null;
    while (before.length && after.length && before.at(-1).isEqualNode(after.at(-1))) (end = before.pop()), after.pop();
    const common = Math.min(before.length, after.length);
    for (let i = 0; i < common; i++) change(before[i], after[i]);
    before.slice(common).forEach((node) => node.remove());
    after.slice(common).forEach((node) => parent.insertBefore(node, end));
  }

  // ---- what the reader has done: each function notes it and returns what puts it back

  function opened() {
    const of = (details) => details.querySelector("summary")?.textContent;
    const known = new Map([...document.querySelectorAll("details")].map((details) => [of(details), details.open]));
    return () => document.querySelectorAll("details").forEach((details) => known.has(of(details)) && (details.open = known.get(of(details))));
  }

  function filled() {
    const form = document.getElementById("filters");
    const values = form && Object.fromEntries(new FormData(form));
    return () => {
      for (const [name, value] of Object.entries(values ?? {})) if (form.elements[name]?.type !== "checkbox") form.elements[name].value = value;
      form?.dispatchEvent(new Event("input", { bubbles: true }));
    };
  }

  function sorted() {
    const found = [...document.querySelectorAll("th[aria-sort]")].map((th) => [nameOf(th), th.cellIndex, th.ariaSort]);
    return () => {
      for (const [name, column, direction] of found) {
        const th = [...document.querySelectorAll(".board th")].find((other) => nameOf(other) === name && other.cellIndex === column);
        for (let i = 0; th && i < 2 && th.ariaSort !== direction; i++) th.querySelector("button").click();
      }
    };
  }

  const nameOf = (th) => [...th.closest(".board").querySelectorAll("h2, h2 + p")].map((part) => part.textContent).join("\n");

  // ---- choosing runs to compare

  const chosen = new Set(JSON.parse(sessionStorage.getItem("chosen") ?? "[]"));

  function equip(page) {
    page.getElementById("filters")?.removeAttribute("hidden");
    for (const row of page.querySelectorAll(".board tr[data-run]")) {
      const link = row.querySelector("a");
      if (link.textContent !== row.dataset.run.split("/").at(-1)) continue; // several runs, pooled
      const box = Object.assign(page.createElement("input"), { type: "checkbox", value: row.dataset.run });
      box.setAttribute("aria-label", `compare ${row.dataset.run}`);
      link.before(box);
    }
  }

  function choose() {
    for (const box of document.querySelectorAll(".board td > input")) box.checked = chosen.has(box.value);
    const link = document.getElementById("compare");
    link.hidden = document.getElementById("clear").hidden = !chosen.size;
    link.textContent = chosen.size > 1 ? `Compare ${chosen.size} runs` : "choose another run to compare with";
    if (chosen.size > 1) link.href = `/compare?${new URLSearchParams([...chosen].map((run) => ["run", run]))}`;
    else link.removeAttribute("href");
    sessionStorage.setItem("chosen", JSON.stringify([...chosen]));
  }

  document.addEventListener("change", ({ target }) => {
    if (!target.matches(".board td > input")) return;
    target.checked ? chosen.add(target.value) : chosen.delete(target.value);
    choose();
  });
  document.getElementById("clear").addEventListener("click", () => (chosen.clear(), choose()));

  equip(document);
  choose();
  say("live", false);
  setTimeout(look, EVERY);
})();
