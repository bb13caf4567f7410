// One method's card: its map on the photo, what may be said of it, and how to take it along.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { cancelJob, explorer, followJob, jobResult, quickMap, startJob } from '/static/js/api.js';
import { Bar, colours, opacity } from '/static/js/controls.js';
import { copyPicture, copyText } from '/static/js/copying.js';
import { drawOn } from '/static/js/draw.js';
import { Icon } from '/static/js/icons.js';
import { number, percent, t } from '/static/js/words.js';

// Get a method's map of a class, quick ones at once and slow ones as a job, and tell how far it is.
export function obtain({ photo, m, method, target, full }, hear) {
  const stop = new AbortController();
  let unfollow = () => {};
  let running = null;
  const failed = (error) => { if (!stop.signal.aborted) hear({ error: error.gone ? t('lost') : error.message }); };
  const job = async () => {
    const started = await startJob({ photo, model: m, method, target, full });
    const heard = (one) => {
      if (stop.signal.aborted) return;
      running = ['queued', 'running'].includes(one.state) ? one.id : null;
      if (one.state === 'done') jobResult(one.id).then((map) => !stop.signal.aborted && hear({ map })).catch(failed);
      else if (one.state === 'failed') hear({ error: one.message });
      else if (one.state === 'cancelled') hear({ cancelled: true });
      else hear({ job: one });
    };
    if (started.state === 'done') heard(started);
    else if (stop.signal.aborted) cancelJob(started.id).catch(() => {});
    else { heard(started); unfollow = followJob(started.id, heard); }
  };
  const quick = explorer.value.quick.includes(method) && !full;
  (quick ? quickMap(photo, m, method, target, stop.signal).then((map) => hear({ map })) : job()).catch(failed);
  // A question that nobody waits for any more is not worked at.
  return () => { stop.abort(); unfollow(); if (running) cancelJob(running).catch(() => {}); };
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
      ${waits ? html`<div class="progress"><progress max=${waits.total || null} value=${waits.total ? waits.done : null} aria-label=${title} /><span>${waits.state === 'queued' ? t('queued') : waits.total ? percent(waits.done / waits.total, 0) : t('working')}</span><button class="plain small" onClick=${() => cancelJob(waits.id)}>${t('cancel')}</button></div>` : null}
      ${cancelled && !waits ? html`<div class="progress"><span>${t('cancelled')}</span><button class="plain small" onClick=${() => { tries.value += 1; }}>${t('again')}</button></div>` : null}
    </div>
    ${first && first.shape[0] === 3 ? html`<div class="bar words"><span>${t('signed')}</span></div>` : html`<${Bar} low=${low} high=${high} name=${colours()} />`}
    <${Trust} map=${first} full=${full} busy=${Boolean(waits)} />
    <footer>
      <span class="took">${first ? t('took', { n: first.seconds < 0.0995 ? number(Math.round(1000 * first.seconds)) : number(first.seconds, 2), unit: first.seconds < 0.0995 ? 'ms' : 's' }) : ' '}</span>
      <button class="icon small" disabled=${!first} title=${t('copy.picture')} aria-label=${`${t('copy.picture')}: ${title}`} onClick=${(event) => copyPicture(event.currentTarget.closest('article').querySelector('.maps canvas'), `${method}-${first.index}`)}><${Icon} name="picture" /></button>
      <button class="icon small" title=${t('copy.link')} aria-label=${`${t('copy.link')}: ${title}`} onClick=${() => copyText(location.href, t('copy.link.done'))}><${Icon} name="link" /></button>
      <button class="icon small" disabled=${!first} title=${t('copy.code')} aria-label=${`${t('copy.code')}: ${title}`} onClick=${() => copyText(first.code, t('copy.code.done'))}><${Icon} name="code" /></button>
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
