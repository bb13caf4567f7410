// Masks of a photo, as view/mask.py and view/cutout.py have them: made of a map, or drawn; what lies inside; how they look.
import { asked } from '/static/js/api.js';
import { resample, weights } from '/static/js/draw.js';

// A map at the size of a canvas, unit by unit; of colours the sum of their strengths, as the figures of trust take it.
export function placed(map, width, height) {
  const first = resample(map, 0, width, height);
  if (map.shape[0] === 1) return first;
  for (let i = 0; i < first.length; i += 1) first[i] = Math.abs(first[i]);
  for (let plane = 1; plane < map.shape[0]; plane += 1) {
    const more = resample(map, plane, width, height);
    for (let i = 0; i < first.length; i += 1) first[i] += Math.abs(more[i]);
  }
  return first;
}

// What is above a share of the way from the smallest to the largest value: its largest piece, small holes filled.
export function thresholded(values, width, height, share) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { if (value < low) low = value; if (value > high) high = value; }
  const mask = new Uint8Array(values.length);
  if (!(high > low)) return mask;
  const cut = low + share * (high - low);
  for (let i = 0; i < values.length; i += 1) mask[i] = values[i] > cut ? 1 : 0;
  return withoutHoles(largestPiece(mask, width, height), width, height);
}

// Number the pieces whose pixels touch by their sides; gives the numbers, the sizes, and which reach the edge.
function pieces(mask, width, height, of) {
  const labels = new Int32Array(mask.length);
  const sizes = [0];
  const outside = [false];
  const todo = new Int32Array(mask.length);
  for (let start = 0; start < mask.length; start += 1) {
    if (mask[start] !== of || labels[start]) continue;
    const label = sizes.length;
    let count = 0, edge = false, top = 1;
    todo[0] = start; labels[start] = label;
    while (top) {
      const at = todo[top -= 1];
      const x = at % width, y = (at - x) / width;
      count += 1;
      if (!x || !y || x === width - 1 || y === height - 1) edge = true;
      for (const next of [x ? at - 1 : -1, x < width - 1 ? at + 1 : -1, at - width, at + width]) {
        if (next >= 0 && next < mask.length && mask[next] === of && !labels[next]) { labels[next] = label; todo[top] = next; top += 1; }
      }
    }
    sizes.push(count); outside.push(edge);
  }
  return { labels, sizes, outside };
}

function largestPiece(mask, width, height) {
  const { labels, sizes } = pieces(mask, width, height, 1);
  const best = sizes.indexOf(Math.max(...sizes.slice(1), 0), 1);
  return labels.map((label) => (label && label === best ? 1 : 0));
}

function withoutHoles(mask, width, height, most = 0.05) {
  const { labels, sizes, outside } = pieces(mask, width, height, 0);
  const area = mask.reduce((sum, one) => sum + one, 0);
  return Uint8Array.from(mask, (one, i) => (one || (labels[i] && !outside[labels[i]] && sizes[labels[i]] <= most * area) ? 1 : 0));
}

export const area = (mask) => mask.reduce((sum, one) => sum + one, 0) / mask.length;

// How much of a map's positive evidence lies inside, and whether its strongest place does (energy and pointing of trust).
export function inside(values, mask) {
  let total = 0, within = 0, best = -Infinity, place = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (value > best) { best = value; place = i; }
    if (value > 0) { total += value; if (mask[i]) within += value; }
  }
  return { energy: total ? within / total : 0, pointing: Boolean(mask[place]) };
}

export function box(mask, width, height) {
  let top = height, left = width, bottom = 0, right = 0;
  for (let i = 0; i < mask.length; i += 1) {
    if (!mask[i]) continue;
    const x = i % width, y = (i - x) / width;
    if (x < left) left = x;
    if (x >= right) right = x + 1;
    if (y < top) top = y;
    bottom = y + 1;
  }
  return bottom ? [top, left, bottom, right] : null;
}

// The object in colour, the rest pale, a line between them.
export function drawCutout(canvas, { data, width, height }, mask) {
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  const [wr, wg, wb] = weights();
  const thick = Math.max(1, Math.round(Math.min(width, height) / 200));
  const edge = (x, y) => {
    for (let d = 1; d <= thick; d += 1) {
      if ((x >= d && !mask[y * width + x - d]) || (x + d < width && !mask[y * width + x + d]) || (y >= d && !mask[(y - d) * width + x]) || (y + d < height && !mask[(y + d) * width + x])) return true;
    }
    return false;
  };
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const p = 4 * i;
      image.data[p + 3] = 255;
      if (!mask[i]) image.data.fill(160 + (data[p] * wr + data[p + 1] * wg + data[p + 2] * wb) * 80 / 255, p, p + 3);
      else if (edge(x, y)) { image.data[p] = 255; image.data[p + 1] = 176; image.data[p + 2] = 0; }
      else { image.data[p] = data[p]; image.data[p + 1] = data[p + 1]; image.data[p + 2] = data[p + 2]; }
    }
  }
  context.putImageData(image, 0, 0);
}

// What was drawn by hand, as the address holds it: shapes one after the other, in thousandths of the photo's sides.
// r: a rectangle (left, top, right, bottom); b and e: a brush and a rubber (width, then places).
export const readShapes = (text) => text.split('_').filter((one) => /^[rbe]\d{1,4}(\.\d{1,4})+$/.test(one)).map((one) => ({ kind: one[0], numbers: one.slice(1).split('.').map(Number) }));
export const spellShapes = (shapes) => shapes.map(({ kind, numbers }) => kind + numbers.join('.')).join('_');

const paper = document.createElement('canvas');

export function drawn(shapes, width, height) {
  paper.width = width; paper.height = height;
  const context = paper.getContext('2d', { willReadFrequently: true });
  context.lineCap = context.lineJoin = 'round';
  for (const { kind, numbers } of shapes) {
    context.globalCompositeOperation = kind === 'e' ? 'destination-out' : 'source-over';
    if (kind === 'r') {
      const [left, top, right, bottom] = numbers.map((one, i) => Math.round(one * (i % 2 ? height : width) / 1000));
      context.fillRect(left, top, right - left, bottom - top);
      continue;
    }
    const [thick, ...places] = numbers;
    context.lineWidth = thick * Math.min(width, height) / 1000;
    context.beginPath();
    for (let i = 0; i + 1 < places.length; i += 2) context.lineTo(places[i] * width / 1000, places[i + 1] * height / 1000);
    if (places.length === 2) context.lineTo(places[0] * width / 1000, places[1] * height / 1000 + 0.01);
    context.stroke();
  }
  const { data } = context.getImageData(0, 0, width, height);
  return Uint8Array.from({ length: width * height }, (_, i) => (data[4 * i + 3] >= 128 ? 1 : 0));
}

// A mask that the server made, at the size of a canvas.
export async function fetched(address, width, height) {
  const answer = await asked(address);
  const picture = await createImageBitmap(await answer.blob());
  paper.width = width; paper.height = height;
  const context = paper.getContext('2d', { willReadFrequently: true });
  context.globalCompositeOperation = 'source-over';
  context.drawImage(picture, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  return Uint8Array.from({ length: width * height }, (_, i) => (data[4 * i] >= 128 ? 1 : 0));
}
