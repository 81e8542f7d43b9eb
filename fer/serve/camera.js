// This script sends what the camera shows, one picture at a time: the next is made ready while the server looks at the last.
"use strict";

const WIDTH = 640, QUALITY = 0.8, PATIENCE = 500; // pixels, of JPEG, and milliseconds after an answer that is none
const camera = Math.random().toString(36).slice(2); // tells this page's pictures from those of others; nothing else does

/** Open the camera of the visitor, who has agreed to it. */
export async function open(video) {
  if (!navigator.mediaDevices) throw new Error("a browser gives one to pages of its own machine and of https alone");
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: WIDTH, height: 480, frameRate: 30 }, audio: false });
  video.srcObject = stream;
  await video.play();
  return stream;
}

/** Show what the server finds in the camera's pictures until `stream` ends; `show` takes answers, `say` what went wrong. */
export async function watch(video, stream, { show, say }) {
  const canvas = document.createElement("canvas");
  let next = capture(video, canvas);
  while (stream.active) {
    const taken = await next;
    next = capture(video, canvas);
    const answer = await ask(taken.picture, `?camera=${camera}`);
    if (!stream.active) return;
    if (answer.error) await say(answer.error, answer.after ?? PATIENCE);
    else show(answer, performance.now() - taken.time);
  }
}

/** Send a picture; gives what was found in it, or `error`, and `after` how many milliseconds to try again. */
export async function ask(picture, which = "") {
  try {
    const response = await fetch(`/predict${which}`, { method: "POST", body: picture });
    const answer = await response.json();
    const after = 1000 * Number(response.headers.get("Retry-After"));
    return response.ok ? answer : { error: answer.error, ...(after && { after }) };
  } catch {
    return { error: "the server does not answer", after: 2000 };
  }
}

/** The next picture that the camera has, as JPEG, and when it was taken. */
async function capture(video, canvas) {
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  const time = performance.now();
  const width = Math.min(WIDTH, video.videoWidth);
  Object.assign(canvas, { width, height: Math.round((width * video.videoHeight) / video.videoWidth) });
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(video, 0, 0, canvas.width, canvas.height);
  return { time, picture: await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY)) };
}
