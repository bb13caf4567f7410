// What the server tells of an index, brought to what the page draws.
import { asked, json, post } from '/static/js/api.js';
import { table } from '/static/js/draw.js';

const at = (index, rest = '') => `/api/atlas/${index}${rest}`;
const bytes = async (path) => (await asked(path)).arrayBuffer();

export const aboutIndex = (index) => json(at(index));
export const photoOf = (index, photo) => json(at(index, `/photos/${photo}`));
export const thumbOf = (index, photo) => at(index, `/photos/${photo}/thumb`);
export const patchesOf = (index, layer, channel) => at(index, `/patches/${channel}?l=${encodeURIComponent(layer)}`);
export const keepPhoto = (index, photo) => json(at(index, `/photos/${photo}/keep`), { method: 'POST' });
export const nearOf = (index, photo, layer) => json(at(index, `/photos/${photo}/near?l=${encodeURIComponent(layer)}`));
export const nearGiven = (index, photo, layer) => json(at(index, `/given/${photo}/near?l=${encodeURIComponent(layer)}`));
export const chosenOf = (index, layer, photos) => post(at(index, '/chosen'), { layer, photos });
export const startPlane = (index, layer, method, photo) => post(at(index, '/plane'), { layer, method, ...(photo ? { photo } : {}) });
export const startAudit = (index, most) => post(at(index, '/audit'), { most });
export const componentsOf = async (index, layer) => plane(await bytes(at(index, `/plane?l=${encodeURIComponent(layer)}`)));
export const componentsPlace = async (index, photo, layer) => unpack(await bytes(at(index, `/given/${photo}/place?l=${encodeURIComponent(layer)}`))).values;
export const colouringOf = async (index, by, layer) => unpack(await bytes(at(index, `/colouring/${by}?l=${encodeURIComponent(layer)}`)));

// A length, JSON, numbers, and what may lie behind them.
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const count = head.shape.reduce((all, one) => all * one, 1);
  return { ...head, values: new Float32Array(buffer, 4 + length, count), rest: new Uint8Array(buffer, 4 + length + 4 * count) };
}

// Points brought to a square of side 1 around 0, both axes by one measure, and the way there for further ones.
export function plane(buffer) {
  const told = unpack(buffer);
  const low = [Infinity, Infinity];
  const high = [-Infinity, -Infinity];
  told.values.forEach((one, i) => { low[i % 2] = Math.min(low[i % 2], one); high[i % 2] = Math.max(high[i % 2], one); });
  const reach = Math.max(high[0] - low[0], high[1] - low[1], 1e-12);
  const unit = (values) => Float32Array.from(values, (one, i) => (one - (low[i % 2] + high[i % 2]) / 2) / reach);
  return { ...told, points: unit(told.values), unit, extent: [0, 1].map((i) => Math.max((high[i] - low[i]) / reach, 0.05)) };
}

const GRAY = [150, 153, 163];
const light = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b;
// On a dark page the darkest of the colours are lifted, so that they are seen.
const seen = (colour, dark) => (dark && light(colour) < 95 ? colour.map((one) => Math.round(one + (255 - one) * 0.42)) : colour);

// A colour for each point and the legend to it: [{ key, name, count, colour }], the most frequent first.
export function colourBy(about, colouring, dark, colours) {
  if (colouring?.low !== undefined) return byValue(colouring, colours);
  const codes = colouring ? [...colouring.values] : about.codes;
  const names = colouring ? colouring.names : Object.fromEntries(about.labels.map((name, k) => [k, name]));
  const counts = new Map();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const ranked = [...counts].filter(([code]) => code >= 0).sort((a, b) => b[1] - a[1] || (names[a[0]] < names[b[0]] ? -1 : 1));
  const colourOf = new Map(ranked.slice(0, about.palette.length).map(([code], k) => [code, seen(about.palette[k], dark)]));
  const legend = ranked.map(([code, count]) => ({ key: code, name: names[code] ?? String(code), count, colour: colourOf.get(code) ?? GRAY }));
  if (counts.has(-1) && legend.length) legend.push({ key: -1, name: null, count: counts.get(-1), colour: GRAY });
  return { codes, legend, colours: Uint8Array.from(codes.flatMap((code) => colourOf.get(code) ?? GRAY)) };
}

function byValue({ values, low, high }, name) {
  const colours = new Uint8Array(3 * values.length);
  const all = table(name);
  values.forEach((one, i) => {
    const level = high > low ? Math.round((255 * (one - low)) / (high - low)) : 0;
    colours.set(Number.isNaN(one) ? GRAY : all.subarray(3 * level, 3 * level + 3), 3 * i);
  });
  return { codes: null, legend: [], low, high, colours, values };
}

// Bytes for drawing: those not chosen are brought near to the paper, and drawn first; of the others the largest last.
export function tinted({ colours, values }, chosen, paper) {
  const count = colours.length / 3;
  const tints = new Uint8Array(4 * count);
  const order = new Uint32Array(count);
  const ranked = values ? Uint32Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]) : null;
  let first = 0;
  let last = count - (chosen ? chosen.reduce((sum, one) => sum + one, 0) : 0);
  for (let k = 0; k < count; k += 1) {
    const i = ranked ? ranked[k] : k;
    const out = chosen && !chosen[i];
    for (let c = 0; c < 3; c += 1) tints[4 * i + c] = out ? paper[c] + (colours[3 * i + c] - paper[c]) * 0.22 : colours[3 * i + c];
    tints[4 * i + 3] = 255;
    if (chosen && !out) { order[last] = i; last += 1; } else { order[first] = i; first += 1; }
  }
  return { tints, order };
}
