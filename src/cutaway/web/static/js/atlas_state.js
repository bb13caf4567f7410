// What the map of an index stands on: its planes, what the address chooses, and the words below.
import { signal, useEffect, useRef } from '/static/vendor/preact.js';
import { componentsOf, plane as planeFrom, startPlane } from '/static/js/atlas_data.js';
import { awaitBytes } from '/static/js/working.js';
import { inside, readShape } from '/static/js/lasso.js';
import { asked } from '/static/js/place.js';
import { fixed, number, percent, t } from '/static/js/words.js';

const planes = new Map();
export const there = (index, layer, method) => planes.has(`${index} ${layer} ${method}`);

// A plane of an index: principal components at once, others by a job. Gives a function that stops waiting.
export function obtain(index, layer, method, hear) {
  const key = `${index} ${layer} ${method}`;
  if (planes.has(key)) { hear({ plane: planes.get(key) }); return () => {}; }
  const keep = (found) => { planes.set(key, found); hear({ plane: found }); };
  if (method !== 'pca') {
    return awaitBytes(startPlane(index, layer, method), ({ bytes, ...told }) => (bytes ? keep(planeFrom(bytes)) : hear(told)));
  }
  let ended = false;
  componentsOf(index, layer).then((found) => { if (!ended) keep(found); }).catch((error) => { if (!ended) hear({ error: error.gone ? t('lost') : error.message }); });
  return () => { ended = true; };
}

// What the address says is chosen: { kind, ... }, or null.
export function selection() {
  const [, kind, rest] = asked('s', '').match(/^(label|answer|lasso):([\s\S]*)$/) ?? [];
  if (!kind) return null;
  if (kind !== 'lasso') return { kind, name: rest };
  const [, method, numbers, layer] = rest.match(/^(\w+):([\d.-]+):(.*)$/) ?? [];
  const shape = numbers && readShape(numbers);
  return shape ? { kind, method, shape, layer } : null;
}

// One byte for each point: whether it is chosen; null where nothing is, or where it is not known yet.
export function masked(about, chosen, lassoed, answers) {
  if (!chosen) return null;
  if (chosen.kind === 'label') { const code = chosen.name ? about.labels.indexOf(chosen.name) : -1; return Uint8Array.from(about.codes, (one) => Number(one === code && (code >= 0 || !chosen.name))); }
  if (chosen.kind === 'answer') return answers && Uint8Array.from(answers, (one) => Number(one === Number(chosen.name)));
  return lassoed && lassoed.method === chosen.method && lassoed.layer === chosen.layer ? inside(chosen.shape, lassoed.points) : null;
}

export function caption(about, plane) {
  const name = about.methods.find((one) => one.id === plane.method).name;
  const told = [t('atlas.caption', { method: name, layer: plane.layer, n: number(about.photos.length, 6) }), t('atlas.trust', { n: percent(plane.trustworthiness, 0) })];
  if (plane.silhouette !== null) told.push(t('atlas.silhouette', { here: fixed(plane.silhouette), there: fixed(plane.before) }));
  if (about.skipped) told.push(t('atlas.skipped', { n: about.skipped }));
  return told.join(' · ');
}

// Whether the page is dark now: by the switch, or by the system.
export function useDark() {
  const asks = useRef(matchMedia('(prefers-color-scheme: dark)')).current;
  const now = () => (document.documentElement.dataset.theme ?? (asks.matches ? 'dark' : 'light')) === 'dark';
  const dark = useRef(signal(now())).current;
  useEffect(() => {
    const look = () => { dark.value = now(); };
    const watch = new MutationObserver(look);
    watch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    asks.addEventListener('change', look);
    return () => { watch.disconnect(); asks.removeEventListener('change', look); };
  }, []);
  return dark.value;
}
