// Maps laid over photos by the very rule of view/overlay.py and view/placement.py: raw numbers come, colours are made here.
let rule = null;
const tables = {};

export async function loadColours() {
  rule = await (await fetch('/api/colours')).json();
  for (const [name, text] of Object.entries(rule.maps)) tables[name] = Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
}

export const weights = () => rule.weights;
export const MAPS = ['inferno', 'viridis', 'gray', 'jet'];
export const table = (name) => tables[name] ?? tables.inferno;

// For each pixel of an axis: the cell before, and the weight of the one after; -1 outside of what the network saw.
function taps(start, step, count, size, low, high) {
  const before = new Int32Array(size);
  const weight = new Float32Array(size);
  for (let i = 0; i < size; i += 1) {
    const middle = i + 0.5;
    if (middle <= low || middle >= high) { before[i] = -1; continue; }
    if (count === 1 || step <= 0) continue;
    const at = Math.min(Math.max((middle - start) / step, 0), count - 1);
    before[i] = Math.min(Math.floor(at), count - 2);
    weight[i] = at - before[i];
  }
  return { before, weight, after: count > 1 && step > 0 ? 1 : 0 };
}

// Where a map's cells lie on a canvas of w × h; the map's own placement is in pixels of its photo, or in shares of it.
export function resample(map, plane, w, h) {
  const [, rows, columns] = map.shape;
  const [ph, pw] = map.photo ?? [1, 1];
  const y = taps(map.start[0] * h / ph, map.step[0] * h / ph, rows, h, map.window[0] * h / ph, map.window[2] * h / ph);
  const x = taps(map.start[1] * w / pw, map.step[1] * w / pw, columns, w, map.window[1] * w / pw, map.window[3] * w / pw);
  const values = map.values.subarray(plane * rows * columns, (plane + 1) * rows * columns);
  const wide = new Float32Array(rows * w);
  for (let r = 0; r < rows; r += 1) {
    for (let i = 0; i < w; i += 1) {
      const at = r * columns + x.before[i];
      wide[r * w + i] = x.before[i] < 0 ? NaN : values[at] + (values[at + x.after] - values[at]) * x.weight[i];
    }
  }
  const drawn = new Float32Array(w * h);
  for (let j = 0; j < h; j += 1) {
    const at = y.before[j] * w;
    const next = at + y.after * w;
    const weight = y.weight[j];
    for (let i = 0; i < w; i += 1) {
      drawn[j * w + i] = at < 0 ? NaN : wide[at + i] + (wide[next + i] - wide[at + i]) * weight;
    }
  }
  return drawn;
}

const mixes = new Map();
function mixing(name, opacity) {
  const key = `${name} ${opacity}`;
  if (mixes.has(key)) return mixes.get(key);
  const signed = name === 'diverging';
  const colours = table(name);
  const [wr, wg, wb] = rule.weights;
  const adds = new Float32Array(768);
  const rest = new Float32Array(256);
  for (let i = 0; i < 256; i += 1) {
    const grade = signed ? Math.abs(2 * i / 255 - 1) : i / 255;
    const strength = opacity * grade ** 0.75;
    for (let c = 0; c < 3; c += 1) {
      adds[3 * i + c] = signed ? 1 - strength * (1 - colours[3 * i + c] / 255) : strength * colours[3 * i + c];
    }
    rest[i] = 1 - (adds[3 * i] * wr + adds[3 * i + 1] * wg + adds[3 * i + 2] * wb) / 255;
  }
  if (mixes.size > 64) mixes.clear();
  mixes.set(key, { signed, adds, rest });
  return mixes.get(key);
}

// Lay a map over the pixels of a photo, {data, width, height}, and put it on a canvas of that size.
export function drawOn(canvas, photo, map, { colours = 'inferno', opacity = 0.92, low = map.low, high = map.high } = {}) {
  const { width: w, height: h, data: from } = photo;
  if (canvas.width !== w || canvas.height !== h) { canvas.width = w; canvas.height = h; }
  const context = canvas.getContext('2d');
  const image = context.createImageData(w, h);
  if (map.shape[0] === 3) projection(image.data, map, w, h, low, high);
  else {
    const unit = resample(map, 0, w, h);
    const signed = low < 0;
    blend(image.data, from, unit, mixing(signed ? 'diverging' : colours, opacity), low, high > low ? 1 / (high - low) : 0);
  }
  context.putImageData(image, 0, 0);
}

function blend(to, from, unit, { signed, adds, rest }, low, scale) {
  const [wr, wg, wb] = rule.weights;
  const { quiet, colour, pale, tones } = rule;
  const own = quiet * colour;
  const grayed = quiet * (1 - colour);
  const relief = 0.28 / 255;
  for (let i = 0, p = 0; i < unit.length; i += 1, p += 4) {
    const r = from[p], g = from[p + 1], b = from[p + 2];
    const gray = r * wr + g * wg + b * wb;
    to[p + 3] = 255;
    const value = unit[i];
    if (value !== value) {
      to[p] = to[p + 1] = to[p + 2] = gray * (signed ? 0.18 : 0.22) + (signed ? 204.5 : 14.5);
      continue;
    }
    const level = Math.min(Math.max((value - low) * scale * 255 + 0.5, 0), 255) | 0;
    const at = 3 * level;
    if (signed) {
      const light = tones * gray + pale;
      to[p] = adds[at] * light; to[p + 1] = adds[at + 1] * light; to[p + 2] = adds[at + 2] * light;
    } else {
      const strong = 0.72 + gray * relief;
      const left = rest[level];
      to[p] = adds[at] * strong + left * (r * own + gray * grayed);
      to[p + 1] = adds[at + 1] * strong + left * (g * own + gray * grayed);
      to[p + 2] = adds[at + 2] * strong + left * (b * own + gray * grayed);
    }
  }
}

// Signed colours: zero is mid-gray.
function projection(to, map, w, h, low, high) {
  const scale = high > low ? 255 / (high - low) : 0;
  for (let c = 0; c < 3; c += 1) {
    const drawn = resample(map, c, w, h);
    for (let i = 0; i < drawn.length; i += 1) {
      const value = drawn[i];
      to[4 * i + c] = value !== value ? 127.5 : scale ? (value - low) * scale : 127.5;
      to[4 * i + 3] = 255;
    }
  }
}

// One plane of a map, a pixel for each cell, in plain colours; a plane without any range is all at its lower end.
export function drawCells(canvas, map, plane, name, low, high) {
  const [, rows, columns] = map.shape;
  canvas.width = columns; canvas.height = rows;
  const context = canvas.getContext('2d');
  const image = context.createImageData(columns, rows);
  const colours = table(name);
  const scale = high > low ? 255 / (high - low) : 0;
  for (let i = 0, p = plane * rows * columns; i < rows * columns; i += 1, p += 1) {
    const at = 3 * (Math.min(Math.max((map.values[p] - low) * scale + 0.5, 0), 255) | 0);
    image.data.set([colours[at], colours[at + 1], colours[at + 2], 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}

// Three planes as red, green and blue.
export function drawColours(canvas, map, low, high) {
  const [, rows, columns] = map.shape;
  canvas.width = columns; canvas.height = rows;
  const context = canvas.getContext('2d');
  const image = context.createImageData(columns, rows);
  const plane = rows * columns;
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) image.data[4 * i + c] = high > low ? (map.values[c * plane + i] - low) / (high - low) * 255 : 127.5;
    image.data[4 * i + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

// A colour bar as pixels of one row.
export function drawBar(canvas, name) {
  canvas.width = 256; canvas.height = 1;
  const context = canvas.getContext('2d');
  const image = context.createImageData(256, 1);
  const colours = table(name);
  for (let i = 0; i < 256; i += 1) image.data.set([colours[3 * i], colours[3 * i + 1], colours[3 * i + 2], 255], 4 * i);
  context.putImageData(image, 0, 0);
}
