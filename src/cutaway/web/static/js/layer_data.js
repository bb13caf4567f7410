// What the room of layers knows: the table, the maps of a layer, and what follows from their numbers.
import { json, numbers } from '/static/js/api.js';
import { asked, go, link, place } from '/static/js/place.js';

const KEPT = 6;
const known = new Map();

// The last few answers stay, so that stepping through units asks for nothing; what failed is asked again.
function once(key, ask) {
  if (!known.has(key)) {
    known.set(key, ask());
    known.get(key).catch(() => known.delete(key));
    if (known.size > KEPT) known.delete(known.keys().next().value);
  }
  return known.get(key);
}

export const tableOf = (m) => once(`table ${m}`, () => json(`/api/layers?m=${m}`));
export const address = (layer, rest) => `/api/layers/${encodeURIComponent(layer)}/${rest}`;
export const mapsOf = (m, layer, photo) => once(`maps ${m} ${layer} ${photo}`, async () => ({ ...await numbers(address(layer, `maps?m=${m}&i=${photo}`)), likeness: new Map() }));

export const photo = () => (/^[0-9a-f]{16}$/.test(asked('i', '')) ? asked('i', '') : '');
const carried = () => Object.fromEntries(['i', 'x', 'sort', 'near', 'scale'].map((name) => [name, place.value.query[name] ?? '']));
export const toTable = () => [[], { i: photo(), x: asked('x', '') }];
export const toLayer = (layer, more = {}) => [[layer], { ...carried(), ...more }];
export const toUnit = (layer, unit, more = {}) => [[layer, String(unit)], { ...carried(), ...more }];
export const linkTo = ([parts, query]) => link('layers', parts, query);
export const goTo = ([parts, query]) => go('layers', parts, query);

// A link that the page follows without loading itself anew.
export const follow = (where) => (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  goTo(where);
};

export const SORTS = ['strength', 'index', 'similar'];
export const sorting = () => (SORTS.includes(asked('sort', '')) ? asked('sort', '') : 'strength');

// How the places of one channel's map rise and fall with those of every other (Pearson's r); NaN where one is flat.
export function likeness(maps, k) {
  if (maps.likeness.has(k)) return maps.likeness.get(k);
  const [count, rows, columns] = maps.shape;
  const cells = rows * columns;
  const centred = new Float32Array(count * cells);
  const lengths = new Float64Array(count);
  for (let c = 0; c < count; c += 1) {
    let mean = 0;
    for (let i = c * cells; i < (c + 1) * cells; i += 1) mean += maps.values[i];
    mean /= cells;
    let length = 0;
    for (let i = c * cells; i < (c + 1) * cells; i += 1) { centred[i] = maps.values[i] - mean; length += centred[i] ** 2; }
    lengths[c] = maps.lows[c] === maps.peaks[c] ? 0 : Math.sqrt(length);
  }
  const found = new Float32Array(count);
  for (let c = 0; c < count; c += 1) {
    let sum = 0;
    for (let i = 0; i < cells; i += 1) sum += centred[c * cells + i] * centred[k * cells + i];
    found[c] = lengths[c] && lengths[k] ? sum / (lengths[c] * lengths[k]) : NaN;
  }
  maps.likeness.set(k, found);
  return found;
}

// The channel that others are likened to: the one in the address, else the strongest.
export function nearTo(maps) {
  const given = asked('near', '');
  if (/^\d{1,6}$/.test(given) && Number(given) < maps.shape[0]) return Number(given);
  return ordered(maps, 'strength')[0];
}

export function ordered(maps, sort = sorting()) {
  const all = Array.from({ length: maps.shape[0] }, (_, k) => k);
  if (sort === 'index') return all;
  const near = sort === 'similar' ? nearTo(maps) : -1;
  const by = sort === 'similar' ? likeness(maps, near) : maps.peaks;
  const value = (k) => (k === near ? Infinity : Number.isNaN(by[k]) ? -Infinity : by[k]);
  return all.sort((a, b) => value(b) - value(a) || a - b);
}

// The range that a channel is drawn on: of all channels together, or its own; signed numbers reach as far both ways.
export function rangeOf(maps, k = -1) {
  const low = k < 0 ? maps.low : maps.lows[k];
  const high = k < 0 ? maps.high : maps.peaks[k];
  if (maps.low >= 0) return [low, high];
  const reach = Math.max(-low, high);
  return [-reach, reach];
}

export const alone = (maps, k) => {
  const cells = maps.shape[1] * maps.shape[2];
  return { ...maps, shape: [1, maps.shape[1], maps.shape[2]], values: maps.values.subarray(k * cells, (k + 1) * cells) };
};
