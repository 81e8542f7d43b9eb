// This script is the page of the demo: the note first, then the camera or a picture, with boxes and bars.
"use strict";

import { ask, open, watch } from "/camera.js";
import { CONSTANT, Faces, drawBars, drawBoxes } from "/faces.js";

const [stage, note, view, video, picture, boxes, bar, speed, words, bars, smoothed, file] =
  ["stage", "note", "view", "video", "picture", "boxes", "bar", "speed", "words", "faces", "smoothed", "file"].map((id) => document.getElementById(id));
const faces = new Faces();
const OVER = 2000; // milliseconds over which frames are counted
let stream = null;

document.getElementById("constant").textContent = CONSTANT;
document.getElementById("start").addEventListener("click", startCamera);
document.getElementById("stop").addEventListener("click", stop);
file.addEventListener("change", () => look(file.files[0]));
stage.addEventListener("dragover", (event) => (event.preventDefault(), stage.classList.add("over")));
stage.addEventListener("dragleave", () => stage.classList.remove("over"));
stage.addEventListener("drop", (event) => {
  event.preventDefault();
  stage.classList.remove("over");
  look(event.dataTransfer.files[0]);
});

async function startCamera() {
  try {
    stream = await open(video);
  } catch (error) {
    return tell(`There is no camera to be had: ${error.message}.`);
  }
  prepare({ live: true });
  const times = [];
  await watch(video, stream, {
    show(answer, milliseconds) {
      faces.update(answer.faces, performance.now() / 1000);
      draw(answer, true);
      tell();
      speed.textContent = rate(times, milliseconds);
    },
    say: (error, wait) => (tell(error), new Promise((resolve) => setTimeout(resolve, wait))),
  });
}

/** Frames a second from camera to boxes over the last seconds, and how long the last one took. */
function rate(times, milliseconds) {
  const now = performance.now();
  times.push(now);
  while (times[0] < now - OVER) times.shift();
  const frames = times.length > 1 ? (1000 * (times.length - 1)) / (now - times[0]) : 0;
  speed.dataset.rate = frames.toFixed(1);
  return `${frames.toFixed(0)} frames/s, ${milliseconds.toFixed(0)} ms from camera to boxes`;
}

async function look(chosen) {
  if (!chosen) return;
  stop();
  if (chosen.size > Number(stage.dataset.bytes)) return tell(`The picture has more than ${stage.dataset.bytes / 2 ** 20} MiB.`);
  const [answer, shown] = await Promise.all([ask(chosen), createImageBitmap(chosen).catch(() => null)]);
  file.value = "";
  if (answer.error || !shown) return tell(`No faces are looked for: ${answer.error ?? "the browser cannot show this picture"}.`);
  prepare({ live: false });
  Object.assign(picture, { width: shown.width, height: shown.height });
  picture.getContext("2d").drawImage(shown, 0, 0);
  faces.update(answer.faces);
  draw(answer, false);
  tell(answer.faces.length ? "" : "No face was found.");
}

function draw(answer, mirrored) {
  drawBoxes(boxes, faces.known, { width: answer.width, height: answer.height, mirrored });
  drawBars(bars, faces.known);
}

function prepare({ live }) {
  note.hidden = true;
  view.hidden = bar.hidden = false;
  video.hidden = smoothed.hidden = !live;
  picture.hidden = live;
  video.classList.toggle("mirrored", live);
}

function stop() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = video.srcObject = null;
  faces.update([]);
  drawBars(bars, []);
  view.hidden = bar.hidden = smoothed.hidden = true;
  note.hidden = false;
  speed.textContent = "";
  tell();
}

function tell(what = "") {
  words.hidden = !what;
  words.textContent = what;
}
