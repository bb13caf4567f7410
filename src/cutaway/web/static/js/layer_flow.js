// The network's flow beside its table: a lane for every result that is still to be read, so that branches and joins show.
import { html } from '/static/vendor/preact.js';

// For each layer the lane of its dot, the lanes that pass it by, and those that lead into it.
export function lanes(layers) {
  const last = layers.map((_, i) => i);
  layers.forEach(({ parents }, i) => parents.forEach((p) => { if (p >= 0) last[p] = i; }));
  const held = [];
  const lane = [];
  const rows = layers.map(({ parents }, i) => {
    const before = held.map((one) => one);
    const from = parents.filter((p, n) => p >= 0 && parents.indexOf(p) === n).map((p) => lane[p]);
    const free = parents.filter((p) => p >= 0 && last[p] === i).map((p) => lane[p]).sort((a, b) => a - b);
    let own = free[0];
    if (own === undefined) { own = held.findIndex((one) => one === undefined); if (own < 0) own = held.length; }
    lane[i] = own;
    for (let k = 0; k < held.length; k += 1) if (held[k] !== undefined && last[held[k]] <= i) held[k] = undefined;
    held[own] = last[i] > i ? i : undefined;
    const past = before.map((one, k) => (one !== undefined && last[one] > i && k !== own ? k : -1)).filter((k) => k >= 0);
    return { own, from, past, goes: last[i] > i };
  });
  return { rows, width: Math.max(...rows.flatMap((row) => [row.own, ...row.past])) + 1 };
}

const TALL = 32;

// One row's piece of the drawing. Filled: it learned something; hollow: it did not; a diamond joins several.
export function Piece({ row, wide, layer, joined }) {
  const x = (lane) => 10 + lane * wide;
  const middle = TALL / 2;
  const join = layer.parents.length > 1;
  const curve = (lane) => (lane === row.own ? `M${x(lane)} 0V${middle}` : `M${x(lane)} 0C${x(lane)} ${middle * 0.6} ${x(row.own)} ${middle * 0.3} ${x(row.own)} ${middle}`);
  const lines = joined ? [...row.past.map((lane) => `M${x(lane)} 0V${TALL}`), ...row.from.map(curve), ...(row.goes ? [`M${x(row.own)} ${middle}V${TALL}`] : [])].join('') : '';
  return html`<path class="flows" d=${lines} />${join
    ? html`<path class="joins" d=${`M${x(row.own)} ${middle - 6}l6 6-6 6-6-6Z`} />`
    : html`<circle class=${layer.parameters ? 'learned' : 'plainly'} cx=${x(row.own)} cy=${middle} r="4.500" />`}`;
}
