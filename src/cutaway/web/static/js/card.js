// One method's card: its map on the photo, what may be said of it, and how to take it along.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { explorer, quickMap, startJob } from '/static/js/api.js';
import { Bar, colours, opacity } from '/static/js/controls.js';
import { Copies } from '/static/js/copies.js';
import { drawOn } from '/static/js/draw.js';
import { Icon } from '/static/js/icons.js';
import { Cancelled, Progress, awaitJob } from '/static/js/working.js';
import { number, percent, t } from '/static/js/words.js';

// Get a method's map of a class, quick ones at once and slow ones as a job, and tell how far it is.
export function obtain({ photo, m, method, target, full }, hear) {
  if (full || !explorer.value.quick.includes(method)) return awaitJob(startJob({ photo, model: m, method, target, full }), hear);
  // A question that nobody waits for any more is not worked at.
  const stop = new AbortController();
  quickMap(photo, m, method, target, stop.signal)
    .then((map) => hear({ map }))
    .catch((error) => { if (!stop.signal.aborted) hear({ error: error.gone ? t('lost') : error.message }); });
  return () => stop.abort();
}

// `network` names the network where two are asked.
export function Card({ photo, m, method, targets, predicted, pixels, onRemove, network = '' }) {
  const state = useRef(signal({})).current;
  const full = useRef(signal(false)).current;
  const tries = useRef(signal(0)).current;
  const told = targets.map((k) => state.value[k] ?? {});
  const key = targets.join(' ');

  useEffect(() => {
    const stops = targets.map((target) => obtain({ photo, m, method, target, full: full.value }, (one) => {
      const before = state.value[target]?.map;
      // The last map stays while more of it is measured, so that nothing jumps.
      state.value = { ...state.value, [target]: { map: before, ...one } };
    }));
    return () => stops.forEach((stop) => stop());
  }, [photo, m, method, key, full.value, tries.value]);

  const maps = told.map((one) => one.map).filter(Boolean);
  // Maps of one method share one scale.
  const low = maps.length ? Math.min(...maps.map((map) => map.low)) : null;
  const high = maps.length ? Math.max(...maps.map((map) => map.high)) : null;
  const waits = told.find((one) => one.job)?.job;
  const error = told.find((one) => one.error)?.error;
  const cancelled = told.some((one) => one.cancelled);
  const first = told[0].map ?? null;
  const title = explorer.value.titles[method];
  return html`<article class="card" aria-label=${network ? `${title}, ${network}` : title} data-method=${method} data-state=${error ? 'failed' : waits ? waits.state : maps.length === targets.length ? 'done' : cancelled ? 'cancelled' : 'waiting'}>
    <header><h3>${title}</h3><span class="where">${network}${network && first ? ' · ' : ''}${first ? t(first.layer === 'pixels' ? 'at.pixels' : 'at.layer', { layer: first.layer }) : ' '}</span>
      ${onRemove ? html`<button class="icon small" onClick=${onRemove} title=${t('remove', { name: title })} aria-label=${t('remove', { name: title })}><${Icon} name="close" /></button>` : null}</header>
    <div class="maps">${targets.map((k, i) => html`<${Shown} key=${k} map=${told[i].map} pixels=${pixels} low=${low} high=${high} title=${title} role=${targets.length > 1 ? t(i ? 'true' : predicted ? 'predicted' : 'asked') : ''} />`)}
      ${error ? html`<p class="trouble" role="alert">${error}</p>` : null}
      ${waits ? html`<${Progress} job=${waits} label=${title} />` : null}
      ${cancelled && !waits ? html`<${Cancelled} onAgain=${() => { tries.value += 1; }} />` : null}
    </div>
    ${first && first.shape[0] === 3 ? html`<div class="bar words"><span>${t('signed')}</span></div>` : html`<${Bar} low=${low} high=${high} name=${colours()} />`}
    <${Trust} map=${first} full=${full} busy=${Boolean(waits)} />
    <footer>
      <span class="took">${first ? t('took', { n: first.seconds < 0.0995 ? number(Math.round(1000 * first.seconds)) : number(first.seconds, 2), unit: first.seconds < 0.0995 ? 'ms' : 's' }) : ' '}</span>
      <${Copies} title=${title} ready=${Boolean(first)} code=${first?.code} name=${`${method}-${first?.index}`} picture=${(button) => button.closest('article').querySelector('.maps canvas')} />
    </footer>
  </article>`;
}

function Shown({ map, pixels, low, high, title, role }) {
  const canvas = useRef();
  const { width, height } = pixels;
  useEffect(() => {
    if (map) drawOn(canvas.current, pixels, map, { colours: colours(), opacity: opacity(), low, high });
  }, [map, pixels, low, high, colours(), opacity()]);
  return html`<figure class="shown"><canvas ref=${canvas} width=${width} height=${height} data-ready=${map ? '' : null} role="img" aria-label=${map ? t('map.of', { method: title, name: map.label }) : t('working')} />
    ${role ? html`<figcaption>${role}: ${map ? map.label : '…'}</figcaption>` : null}</figure>`;
}

function Trust({ map, full, busy }) {
  const told = map?.trust ?? {};
  const share = (value) => (value === undefined ? '–' : percent(value, 0));
  const plain = (value) => (value === undefined ? '–' : number(value, 2));
  const rows = [['top_tenth', share(told.top_tenth)], ['zeros', share(told.zeros)]];
  if (told.deletion !== undefined) {
    rows.push(['deletion', `${plain(told.deletion)} / ${plain(told.deletion_random)}`], ['insertion', `${plain(told.insertion)} / ${plain(told.insertion_random)}`], ['randomised', plain(told.randomised)]);
  }
  return html`<dl class="trust">${map?.flat ? html`<div class="flat"><dt>${t('flat')}</dt><dd /></div>` : rows.map(([name, value]) => html`<div key=${name} title=${t(`trust.${name}.title`)}><dt>${t(`trust.${name}`)}</dt><dd>${value}</dd></div>`)}
    ${map && told.deletion === undefined ? html`<div class="more"><dt class="unseen">${t('trust.more')}</dt><dd><button class="inline" disabled=${busy} title=${t('trust.more.title')} onClick=${() => { full.value = true; }}>${t('trust.more')}</button></dd></div>` : null}</dl>`;
}
