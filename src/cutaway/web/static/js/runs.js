// Runs: every job, what it is at, what it takes; reports; two jobs side by side.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { LIVE, allJobs, cancelJob, continueJob, diskUse, explorer, forgetEnded, forgetJob, jobThumb, pauseJob, pruneUnused, repeatJob, resultOf, thumb } from '/static/js/api.js';
import { Compare } from '/static/js/comparing.js';
import { say } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { asked, change, go, link } from '/static/js/place.js';
import { Report } from '/static/js/reporting.js';
import { fieldOf, settingsOf, useNames, valueOf } from '/static/js/told.js';
import { language, number, percent, t } from '/static/js/words.js';

const STATES = ['live', 'done', 'failed', 'cancelled'];
const STUDIO = ['filters', 'class', 'dream', 'invert', 'texture', 'style', 'paint', 'fool'];

export const bytes = (count) => {
  const unit = ['B', 'kB', 'MB', 'GB'];
  const k = count < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(count) / 10));
  return `${number(count / 1024 ** k, 3)} ${unit[k]}`;
};

export const kindOf = (kind) => t(`runs.kind.${kind}`).replace(/^runs\.kind\./, '');

// The room that a job belongs to, as it was asked there.
export function placeOf(job) {
  const { kind, settings } = job;
  if (STUDIO.includes(kind)) return ['studio', [job.id], {}];
  if (kind === 'map') return ['explain', [settings.photo], { m: settings.model, methods: settings.method, c: settings.target }];
  if (kind === 'unit-image') return ['layers', [settings.layer, String(settings.unit)], { m: settings.model }];
  if (kind === 'plane' || kind === 'place') return ['atlas', [settings.index], { l: settings.layer, x: settings.method, d: settings.photo ?? '' }];
  if (kind === 'audit') return ['atlas', [settings.index, 'audit'], {}];
  return null;
}

export function Runs() {
  const state = useRef(signal({ jobs: null, disk: null })).current;
  const look = async () => {
    try {
      const [jobs, disk] = await Promise.all([allJobs(), diskUse()]);
      state.value = { jobs, disk };
    } catch (error) { state.value = { ...state.value, trouble: error.gone ? t('lost') : error.message }; }
  };
  useEffect(() => {
    let timer = 0;
    let left = false;
    const again = async () => {
      if (!document.hidden) await look();
      const live = state.value.jobs?.some((one) => ['queued', 'running'].includes(one.state));
      if (!left) timer = setTimeout(again, live ? 700 : 3000);
    };
    again();
    return () => { left = true; clearTimeout(timer); };
  }, []);
  const { jobs, disk, trouble } = state.value;
  const kind = asked('kind', '');
  const wanted = asked('state', '');
  const kinds = [...new Set((jobs ?? []).map((one) => one.kind))].sort();
  const shown = (jobs ?? []).filter((one) => (!kind || one.kind === kind) && (!wanted || (wanted === 'live' ? LIVE.includes(one.state) : one.state === wanted)));
  const chosen = asked('compare', '').split(',').filter((id) => jobs?.some((one) => one.id === id)).slice(0, 2);
  const act = (call, told) => async () => {
    try { const found = await call(); if (told) say(told(found)); } catch (error) { say(error.gone ? t('lost') : error.message); }
    await look();
  };
  const choose = (id) => change({ compare: (chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id].slice(-2)).join() });
  return html`<div class="studio-head"><h1>${t('room.runs')}</h1></div>
    ${trouble ? html`<p class="trouble" role="alert">${trouble}</p>` : null}
    <div class="runs-desk">
      <section class="list" aria-label=${t('runs.jobs')}>
        <div class="steer">
          <label class="pick"><span>${t('runs.kind')}</span><select value=${kind} onChange=${(event) => change({ kind: event.target.value })}><option value="">${t('runs.all')}</option>${[...new Set([...kinds, kind].filter(Boolean))].map((one) => html`<option key=${one} value=${one}>${kindOf(one)}</option>`)}</select></label>
          <label class="pick"><span>${t('runs.state')}</span><select value=${wanted} onChange=${(event) => change({ state: event.target.value })}><option value="">${t('runs.all')}</option>${STATES.map((one) => html`<option key=${one} value=${one}>${t(`state.${one}`)}</option>`)}</select></label>
          <span class="push" /><${Ended} jobs=${jobs ?? []} act=${act} />
        </div>
        ${chosen.length === 2 ? html`<${Compare} jobs=${chosen.map((id) => jobs.find((one) => one.id === id))} close=${() => change({ compare: '' })} />` : null}
        ${jobs === null ? html`<p class="waiting" role="status">${t('reading')}</p>` : shown.length ? html`<ol class="jobs">${shown.map((job) => html`<${Row} key=${job.id} job=${job} chosen=${chosen.includes(job.id)} choose=${choose} act=${act} />`)}</ol>`
          : html`<div class="sheet waiting"><strong>${t(jobs.length ? 'runs.none.such' : 'runs.none')}</strong><span>${t('runs.none.more')}</span></div>`}
      </section>
      <aside class="beside"><${Disk} disk=${disk} act=${act} /><${Report} done=${look} /></aside>
    </div>`;
}

function Row({ job, chosen, choose, act }) {
  const names = useNames(job.settings.model);
  const live = LIVE.includes(job.state);
  const where = placeOf(job);
  const photo = job.settings.photo;
  const picture = STUDIO.includes(job.kind) ? jobThumb(job.id) : photo ? thumb(photo) : null;
  const told = settingsOf(job).filter(([name]) => !['photo', 'guide', 'paintings', 'seed'].includes(name)).slice(0, 3);
  const title = `${kindOf(job.kind)} ${job.id.slice(0, 4)}`;
  const open = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(...where);
  };
  const when = new Intl.DateTimeFormat(language.value, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(1000 * job.given));
  const tool = (word, icon, press) => html`<button class="icon small" title=${t(word)} aria-label=${`${t(word)}: ${title}`} onClick=${press}><${Icon} name=${icon} /></button>`;
  return html`<li class="job" data-job=${job.id} data-state=${job.state}>
    ${picture ? html`<img src=${picture} alt="" width="72" height="54" loading="lazy" />` : html`<span class="blank"><${Icon} name="report" /></span>`}
    <div class="what"><span class="name">${where ? html`<a href=${link(...where)} onClick=${open}>${kindOf(job.kind)}</a>` : job.kind === 'report' && job.made ? html`<a href=${resultOf(job.id)} download>${kindOf(job.kind)}</a>` : kindOf(job.kind)}</span>
      <span class="more">${told.map(([name, value]) => html`<span key=${name}>${fieldOf(name, job.kind)} <b>${valueOf(name, value, names)}</b></span>`)}</span>
      ${job.message ? html`<span class="why">${job.message}</span>` : null}</div>
    <div class="how"><span class="state" data-state=${job.state}>${t(`state.${job.state === 'cancelled' && job.made ? 'kept' : job.state}`)}</span>
      ${job.state === 'running' || (job.state === 'paused' && job.total) ? html`<progress max=${job.total || null} value=${job.total ? job.done : null} aria-label=${title} />` : html`<span class="size">${[job.seconds ? t('took', { n: number(job.seconds, 3), unit: 's' }) : '', job.bytes ? bytes(job.bytes) : ''].filter(Boolean).join(' · ')}</span>`}
      <time datetime=${new Date(1000 * job.given).toISOString()}>${when}</time></div>
    <div class="do">
      ${job.kind === 'report' && job.made ? html`<a class="icon small" href=${resultOf(job.id)} download title=${t('studio.save')} aria-label=${`${t('studio.save')}: ${title}`}><${Icon} name="save" /></a>` : null}
      ${job.state === 'paused' ? tool('go.on', 'play', act(() => continueJob(job.id))) : live ? tool('pause', 'pause', act(() => pauseJob(job.id))) : null}
      ${live ? tool('cancel', 'close', act(() => cancelJob(job.id))) : null}
      ${['failed', 'cancelled'].includes(job.state) ? tool('again', 'repeat', act(() => repeatJob(job.id))) : null}
      ${live ? null : tool('runs.delete', 'bin', act(() => forgetJob(job.id), (found) => t('runs.freed', { n: bytes(found.bytes) })))}
      ${STUDIO.includes(job.kind) ? html`<label class="tick"><input type="checkbox" checked=${chosen} aria-label=${`${t('runs.compare')}: ${title}`} onChange=${() => choose(job.id)} /><span aria-hidden="true">${t('runs.compare')}</span></label>` : null}
    </div></li>`;
}

function Ended({ jobs, act }) {
  const box = useRef();
  const ended = jobs.filter((one) => !LIVE.includes(one.state));
  const sum = ended.reduce((total, one) => total + one.bytes, 0);
  return html`<button class="plain" disabled=${!ended.length} onClick=${() => box.current.showModal()}><${Icon} name="bin" />${t('runs.delete.all')}</button>
    <dialog ref=${box} aria-labelledby="ended-title"><h2 id="ended-title">${t('runs.delete.ask', { n: number(ended.length) })}</h2>
      <p>${t('runs.delete.more', { n: bytes(sum) })}</p><div class="row"><button class="strong" onClick=${() => { box.current.close(); act(forgetEnded, (found) => t('runs.freed', { n: bytes(found.bytes) }))(); }}>${t('runs.delete.yes')}</button><button class="plain" onClick=${() => box.current.close()}>${t('close')}</button></div></dialog>`;
}

function Disk({ disk, act }) {
  const line = (word, count, most) => html`<div><dt>${t(word)}</dt><dd>${disk ? bytes(count) : '–'}</dd>${most ? html`<meter min="0" max="1" low="0.8" value=${disk ? count / most : 0} aria-hidden="true" />` : null}</div>`;
  return html`<section class="sheet disk" aria-label=${t('runs.disk')}><h2>${t('runs.disk')}</h2>
    <dl>${line('runs.disk.photos', disk?.photo_bytes, disk?.most)}${line('runs.disk.made', (disk?.result_bytes ?? 0) + (disk?.frame_bytes ?? 0), disk?.most)}
      <div class="of-it"><dt>${t('runs.disk.results')}</dt><dd>${disk ? bytes(disk.result_bytes) : '–'}</dd></div><div class="of-it"><dt>${t('runs.disk.frames')}</dt><dd>${disk ? bytes(disk.frame_bytes) : '–'}</dd></div></dl>
    <p class="hint">${disk ? t('runs.disk.more', { n: number(disk.photos, 6), used: number(disk.photos_used, 6), most: bytes(disk.most) }) : ' '}</p>
    <button class="plain" disabled=${!disk || disk.photos === disk.photos_used} onClick=${act(pruneUnused, (found) => t('runs.freed', { n: bytes(found.bytes) }))}><${Icon} name="bin" />${t('runs.prune')}</button></section>`;
}
