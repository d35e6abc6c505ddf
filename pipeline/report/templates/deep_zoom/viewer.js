"use strict";
/* Shows a Deep Zoom pyramid that lies beside the page. Its pictures are images like any other, so that it works from the disk. */
const field = JSON.parse(document.getElementById("field").textContent);
const stage = document.querySelector(".stage");
const canvas = stage.querySelector("canvas");
const paint = canvas.getContext("2d");
const folder = `${encodeURIComponent(field.name)}_files/`;

const CLOSEST = 32; // CSS px for a px of the field
const KEPT = 400; // pictures, more than the largest screen shows at once
const kept = new Map(); // by name, the longest unused first
const view = { x: field.width / 2, y: field.height / 2, zoom: 0 }; // what is in the middle, and CSS px for a px of the field
let untouched = true; // and shown as a whole, until somebody moves it
let pointer = null, waiting = false, noted = 0;

const size = () => ({ width: stage.clientWidth, height: stage.clientHeight });
const fitting = () => Math.min(size().width / field.width, size().height / field.height);
const between = (low, value, high) => Math.min(Math.max(value, low), high);

/* Pictures */

function picture(level, column, row, wanted) {
  const name = `${level}/${column}_${row}`;
  let image = kept.get(name);
  if (!image && wanted) {
    image = new Image();
    image.onload = later;
    image.onerror = () => { stage.querySelector(".lost").hidden = false; };
    image.src = `${folder}${name}.png`;
  }
  if (!image) return null;
  kept.delete(name);
  kept.set(name, image);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value);
  return image.complete && image.naturalWidth ? image : null;
}

function drawLevel(level, zoom, left, top, wanted) {
  const step = field.tile * 2 ** (field.last - level); // of the field, for a picture
  const column0 = Math.max(Math.floor(-left / zoom / step), 0), row0 = Math.max(Math.floor(-top / zoom / step), 0);
  const column1 = Math.min((canvas.width - left) / zoom, field.width) / step;
  const row1 = Math.min((canvas.height - top) / zoom, field.height) / step;
  for (let row = row0; row < row1; row++) {
    for (let column = column0; column < column1; column++) {
      const image = picture(level, column, row, wanted);
      if (!image) continue;
      // Edges on whole px of the screen: neighbours then leave no gap, and do not overlap.
      const [x0, x1] = [0, image.naturalWidth].map((n) => Math.round(left + (column + n / field.tile) * step * zoom));
      const [y0, y1] = [0, image.naturalHeight].map((n) => Math.round(top + (row + n / field.tile) * step * zoom));
      paint.drawImage(image, x0, y0, x1 - x0, y1 - y0);
    }
  }
}

function draw() {
  waiting = false;
  const zoom = (view.zoom * canvas.width) / size().width; // px of the screen for a px of the field
  const left = canvas.width / 2 - view.x * zoom, top = canvas.height / 2 - view.y * zoom;
  paint.clearRect(0, 0, canvas.width, canvas.height);
  paint.save();
  paint.beginPath();
  // The last pixels of a coarse level stand for less than they are wide.
  paint.rect(Math.round(left), Math.round(top), Math.round(field.width * zoom), Math.round(field.height * zoom));
  paint.clip();
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.imageSmoothingEnabled = zoom < 2;
  const one = field.last - Math.max(Math.ceil(Math.log2(Math.max(field.width, field.height) / field.tile)), 0);
  const best = between(one, field.last + Math.round(Math.log2(zoom)), field.last);
  // What is there already of coarser levels stands in for what is still on its way.
  for (let level = one; level <= best; level++) drawLevel(level, zoom, left, top, level === one || level === best);
  paint.restore();
  tell();
}

function later() {
  if (!waiting) requestAnimationFrame(draw);
  waiting = true;
}

/* Words */

function address(x, y) {
  // Addresses reach to 2^60, where a plain number no longer tells one from the next.
  return [BigInt(field.x0) + BigInt(Math.floor(x)), BigInt(field.y0) + BigInt(Math.floor(y))];
}

function tell() {
  const { width, height } = size();
  const at = pointer || { x: width / 2, y: height / 2 };
  const x = view.x + (at.x - width / 2) / view.zoom, y = view.y + (at.y - height / 2) / view.zoom;
  const inside = x >= 0 && y >= 0 && x < field.width && y < field.height;
  const [column, row] = address(x, y);
  stage.querySelector(".place").textContent = inside ? `${pointer ? "" : "middle: "}column ${column}, row ${row}` : "beyond the field";
  const most = Math.max(Math.min(150, width / 3) / view.zoom, 1), ten = 10 ** Math.floor(Math.log10(most));
  const length = [5, 2, 1].find((n) => n * ten <= most) * ten;
  const arcsec = field.scale ? ` = ${Number((length * field.scale).toPrecision(3))}″` : "";
  stage.querySelector(".scale span").textContent = `${length} px${arcsec}`;
  stage.querySelector(".scale i").style.width = `${length * view.zoom}px`;
}

function note() {
  const [column, row] = address(view.x, view.y);
  location.replace(untouched ? "#" : `#${column},${row},${Number(view.zoom.toPrecision(4))}`);
}

function start() {
  const found = /^#(-?\d+),(-?\d+),([\d.e-]+)$/.exec(location.hash);
  untouched = !found;
  if (!found) return;
  view.x = Number(BigInt(found[1]) - BigInt(field.x0)) + 0.5;
  view.y = Number(BigInt(found[2]) - BigInt(field.y0)) + 0.5;
  view.zoom = Number(found[3]);
}

/* Moves */

function show() {
  if (untouched) Object.assign(view, { x: field.width / 2, y: field.height / 2, zoom: fitting() });
  view.zoom = between(Math.min(fitting(), 1) / 2, view.zoom, CLOSEST);
  view.x = between(0, view.x, field.width);
  view.y = between(0, view.y, field.height);
  later();
}

function moved() {
  untouched = false;
  show();
  clearTimeout(noted);
  noted = setTimeout(note, 400);
}

function move(x, y) {
  view.x += x / view.zoom;
  view.y += y / view.zoom;
  moved();
}

function zoomBy(factor, at = { x: size().width / 2, y: size().height / 2 }) {
  const { width, height } = size();
  const zoom = between(Math.min(fitting(), 1) / 2, view.zoom * factor, CLOSEST);
  // The place under the pointer stays there.
  view.x += (at.x - width / 2) * (1 / view.zoom - 1 / zoom);
  view.y += (at.y - height / 2) * (1 / view.zoom - 1 / zoom);
  view.zoom = zoom;
  moved();
}

const does = {
  in: () => zoomBy(2),
  out: () => zoomBy(1 / 2),
  pixels: () => zoomBy(1 / view.zoom),
  whole: () => { moved(); untouched = true; show(); },
};
const keys = {
  "+": does.in, "=": does.in, "-": does.out, "−": does.out, 1: does.pixels, 0: does.whole, Home: does.whole,
  ArrowLeft: () => move(-80, 0), ArrowRight: () => move(80, 0), ArrowUp: () => move(0, -80), ArrowDown: () => move(0, 80),
};

const fingers = new Map();
const at = (event) => ({ x: event.offsetX, y: event.offsetY });

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, at(event));
  pointer = at(event);
  later();
});
canvas.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId), now = (pointer = at(event));
  if (before) {
    fingers.set(event.pointerId, now);
    const [one, two] = [...fingers].find(([id]) => id !== event.pointerId) || [];
    const share = one === undefined ? 1 : 1 / 2; // of two fingers, what lies between them goes half as far as either
    move((before.x - now.x) * share, (before.y - now.y) * share);
    const apart = (finger) => Math.hypot(finger.x - two.x, finger.y - two.y) || 1;
    if (two) zoomBy(apart(now) / apart(before), { x: (now.x + two.x) / 2, y: (now.y + two.y) / 2 });
  }
  later();
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
canvas.addEventListener("pointerleave", () => { pointer = null; later(); });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const lines = event.deltaMode === 0 ? event.deltaY : 33 * event.deltaY; // trackpads pinch by small steps, with ctrlKey
  zoomBy(2 ** between(-1, -lines * (event.ctrlKey ? 0.015 : 0.004), 1), at(event));
}, { passive: false });
canvas.addEventListener("dblclick", (event) => zoomBy(event.shiftKey ? 1 / 2 : 2, at(event)));
stage.querySelectorAll("button").forEach((button) => button.addEventListener("click", does[button.dataset.does]));
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
new ResizeObserver(() => {
  canvas.width = Math.max(Math.round(size().width * devicePixelRatio), 1);
  canvas.height = Math.max(Math.round(size().height * devicePixelRatio), 1);
  show();
}).observe(stage);
start();
