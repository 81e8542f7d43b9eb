// This script follows faces from picture to picture, smooths their probabilities over time, and draws boxes and bars.
"use strict";

/** Seconds after which an exponential average has followed two thirds (1 − 1/e) of a change. */
export const CONSTANT = 0.4;

/** Seconds for which a face that is not found keeps its place: a blink of the detector. */
const KEPT = 0.5;

/** A face is the one before if its middle has moved by less than this share of its side. */
const NEAR = 0.6;

const COLOURS = 8; // --series-0 to --series-7 of the style sheet

export class Faces {
  constructor() {
    this.known = [];
  }

  /** Take what was found in a picture; `now` in seconds. Without it every face is a new one, as in a single picture. */
  update(found, now) {
    if (now === undefined) this.known = [];
    const free = [...this.known];
    const seen = found.map((face) => {
      const before = free.findIndex((other) => distance(face.box, other.box) < NEAR * other.box.width);
      return before < 0 ? this.appear(face, now) : follow(free.splice(before, 1)[0], face, now);
    });
    this.known = [...seen, ...free.filter((face) => now - face.time < KEPT)].sort((a, b) => a.number - b.number);
  }

  /** A face that was not there before, with the least number that is free. */
  appear(face, now) {
    const taken = new Set(this.known.map((other) => other.number));
    let number = 0;
    while (taken.has(number)) number += 1;
    const made = { ...face, number, time: now };
    this.known.push(made);
    return made;
  }
}

/** The face as it was, moved towards what it is now. */
function follow(face, next, now) {
  const share = 1 - Math.exp(-(now - face.time) / CONSTANT);
  for (const label in next.probabilities) face.probabilities[label] += share * (next.probabilities[label] - face.probabilities[label]);
  return Object.assign(face, { box: next.box, label: next.label, time: now });
}

function distance(one, other) {
  const across = one.x + one.width / 2 - other.x - other.width / 2;
  return Math.hypot(across, one.y + one.height / 2 - other.y - other.height / 2);
}

/** The most probable label; the same that the bars show. */
function best(face) {
  return Object.entries(face.probabilities).reduce((one, other) => (other[1] > one[1] ? other : one));
}

function colour(face) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--series-${(face.number + 1) % COLOURS}`);
}

/** Draw boxes with numbers over a picture of this size, mirrored as the picture is. */
export function drawBoxes(canvas, faces, { width, height, mirrored }) {
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const brush = canvas.getContext("2d");
  const unit = Math.max(width, height) / 640;
  brush.clearRect(0, 0, width, height);
  brush.lineWidth = 3 * unit;
  brush.font = `600 ${16 * unit}px system-ui, sans-serif`;
  for (const face of faces) {
    const left = mirrored ? width - face.box.x - face.box.width : face.box.x;
    const words = `${face.number + 1}  ${face.label ?? "unsure"}`;
    const top = face.box.y > 26 * unit ? face.box.y - 24 * unit : face.box.y + face.box.height;
    brush.strokeStyle = brush.fillStyle = colour(face);
    brush.strokeRect(left, face.box.y, face.box.width, face.box.height);
    brush.fillRect(left - brush.lineWidth / 2, top, brush.measureText(words).width + 14 * unit, 24 * unit);
    brush.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--surface");
    brush.fillText(words, left + 6 * unit, top + 17 * unit);
  }
}

/** Show a panel of bars for every face; panels stay while their faces do. */
export function drawBars(place, faces) {
  const labels = place.dataset.labels.split(" ");
  const panels = new Map([...place.children].map((panel) => [panel.dataset.face, panel]));
  for (const face of faces) {
    const panel = panels.get(String(face.number)) ?? place.appendChild(newPanel(face, labels));
    panels.delete(String(face.number));
    const [first] = best(face);
    for (const meter of panel.querySelectorAll(".meter")) {
      const share = face.probabilities[meter.dataset.label];
      meter.querySelector("i").style.width = `${(100 * share).toFixed(1)}%`;
      meter.querySelector("output").textContent = `${Math.round(100 * share)} %`;
      meter.classList.toggle("best", meter.dataset.label === first);
    }
  }
  panels.forEach((panel) => panel.remove());
}

function newPanel(face, labels) {
  const panel = element("section", { className: "panel" });
  panel.dataset.face = face.number;
  const head = element("h3", {}, element("i", {}), `Face ${face.number + 1}`);
  head.firstChild.style.background = `var(--series-${(face.number + 1) % COLOURS})`;
  panel.append(head, ...labels.map(newMeter));
  return panel;
}

function newMeter(label) {
  const meter = element("div", { className: "meter" }, element("b", {}, label), element("span", {}, element("i", {})), element("output", {}));
  meter.dataset.label = label;
  return meter;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
