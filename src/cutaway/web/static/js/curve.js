// A score over the steps: a line for each part, axes with few round numbers; a click goes to the step.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { number, t } from '/static/js/words.js';

const HEIGHT = 190;
const LEFT = 62;
const RIGHT = 14;
const TOP = 12;
const BOTTOM = 34;

// Round numbers between two ends.
export function ticks(low, high, count) {
  const raw = (high - low) / Math.max(1, count) || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= raw * 0.75);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) found.push(k * step + 0);
  return found;
}

function decades(low, high) {
  const found = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high); k += 1) for (const one of [1, 2, 5]) found.push(one * 10 ** k);
  const inside = found.filter((one) => one >= low * 0.999 && one <= high * 1.001);
  return inside.length > 5 ? inside.filter((one) => Math.abs(Math.log10(one) % 1) < 1e-6) : inside;
}

export function useWidth() {
  const box = useRef();
  const width = useRef(signal(0)).current;
  useEffect(() => {
    const watch = new ResizeObserver(([one]) => { width.value = Math.round(one.contentRect.width); });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  return [box, width.value];
}

// `steps`: {n, s, p}; `falls`: what is pushed up is minus a loss.
export function Curve({ steps, falls, at, onStep }) {
  const [box, width] = useWidth();
  const points = steps.filter((one) => one.s !== undefined).map((one) => ({ n: one.n, p: one.p, v: falls ? -one.s : one.s }));
  const name = t(falls ? 'studio.loss' : 'studio.score');
  const inner = width - LEFT - RIGHT;
  let body = null;
  if (points.length > 1 && inner > 60) {
    const values = points.map((one) => one.v);
    let [low, high] = [Math.min(...values), Math.max(...values)];
    const log = falls && low > 0 && high / low > 30;
    if (low === high) { low -= Math.abs(low) / 10 || 1; high += Math.abs(high) / 10 || 1; }
    const last = points.at(-1).n;
    const x = (n) => LEFT + (inner * (n - 1)) / Math.max(1, last - 1);
    const scale = log ? Math.log : (one) => one;
    const y = (v) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (scale(v) - scale(low)) / (scale(high) - scale(low)));
    const parts = [];
    for (const one of points) {
      if (!parts.length || (one.p !== undefined && parts.at(-1).length)) parts.push([]);
      parts.at(-1).push(one);
    }
    const steady = ticks(1, last, Math.max(2, inner / 110)).filter((one) => Number.isInteger(one) && one > 0);
    body = html`<svg width=${width} height=${HEIGHT} role="img" aria-label=${t('studio.curve.told', { name, first: number(values[0]), last: number(values.at(-1)), n: points.length })}
      onClick=${(event) => onStep?.(Math.round(1 + ((event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / inner) * (last - 1)))}>
      ${(log ? decades(low, high) : ticks(low, high, 4)).map((one) => html`<g key=${one}><line class="rule" x1=${LEFT} x2=${width - RIGHT} y1=${y(one)} y2=${y(one)} /><text x=${LEFT - 8} y=${y(one)} dy="0.35em" text-anchor="end">${number(one)}</text></g>`)}
      ${[1, ...steady.filter((one) => one > 1)].filter((one, i, all) => !i || x(one) - x(all[0]) > 28).map((one) => html`<text key=${`x${one}`} x=${x(one)} y=${HEIGHT - BOTTOM + 16} text-anchor="middle">${number(one, 6)}</text>`)}
      <line class="axis" x1=${LEFT} x2=${width - RIGHT} y1=${HEIGHT - BOTTOM} y2=${HEIGHT - BOTTOM} />
      ${parts.map((part, i) => html`<g key=${i}>${i ? html`<line class="part" x1=${x(part[0].n)} x2=${x(part[0].n)} y1=${TOP} y2=${HEIGHT - BOTTOM} />` : null}
        <polyline points=${part.map((one) => `${x(one.n).toFixed(1)},${y(one.v).toFixed(1)}`).join(' ')}><title>${part[0].p ?? ''}</title></polyline></g>`)}
      ${at ? html`<line class="now" x1=${x(at)} x2=${x(at)} y1=${TOP} y2=${HEIGHT - BOTTOM} />` : null}
      <text class="name" x=${width - RIGHT} y=${HEIGHT - 2} text-anchor="end">${t('studio.steps')}</text>
      <text class="name" x=${LEFT - 8} y=${HEIGHT - 2} text-anchor="start" dx=${8 - LEFT + 2}>${name}${log ? ` (${t('studio.log')})` : ''}</text>
    </svg>`;
  }
  return html`<div class="curve" ref=${box}>${body ?? html`<p class="hint">${t('studio.curve.waits')}</p>`}</div>`;
}
