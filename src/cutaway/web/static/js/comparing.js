// Two jobs side by side: what they made, their curves, and in what their settings differ.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { followJob, jobMade, jobThumb, pictureOf } from '/static/js/api.js';
import { Curve } from '/static/js/curve.js';
import { Icon } from '/static/js/icons.js';
import { go, link } from '/static/js/place.js';
import { kindOf } from '/static/js/runs.js';
import { fieldOf, settingsOf, useNames, valueOf } from '/static/js/told.js';
import { t } from '/static/js/words.js';

const FALLS = ['invert', 'texture', 'style'];

export function Compare({ jobs, close }) {
  const [one, other] = jobs;
  const names = useNames(one.settings.model);
  const given = jobs.map((job) => ({ model: job.settings.model, ...Object.fromEntries(settingsOf(job)) }));
  const rows = [...new Set(given.flatMap(Object.keys))];
  const differ = rows.filter((name) => JSON.stringify(given[0][name]) !== JSON.stringify(given[1][name]));
  const cell = (job, name) => (job[name] === undefined ? '–' : name === 'model' ? job.model : valueOf(name, job[name], names));
  return html`<section class="sheet compare" aria-label=${t('runs.compare')}>
    <header><h2>${t('runs.compare')}</h2><span class="push" /><button class="icon small" title=${t('close')} aria-label=${t('close')} onClick=${close}><${Icon} name="close" /></button></header>
    <div class="two">${jobs.map((job) => html`<${Half} key=${job.id} job=${job} />`)}</div>
    <table class="odds"><thead><tr><th scope="col">${t('runs.differ', { n: differ.length })}</th>${[one, other].map((job) => html`<th scope="col" key=${job.id}>${kindOf(job.kind)} ${job.id.slice(0, 4)}</th>`)}</tr></thead>
      <tbody>${differ.map((name) => html`<tr key=${name}><th scope="row">${name === 'model' ? t('model') : fieldOf(name, one.kind)}</th>${given.map((job, i) => html`<td key=${i}>${cell(job, name)}</td>`)}</tr>`)}
        ${differ.length ? null : html`<tr><td colspan="3">${t('runs.same')}</td></tr>`}</tbody></table></section>`;
}

function Half({ job }) {
  const state = useRef(signal({ steps: [], made: null })).current;
  useEffect(() => {
    let current = true;
    const put = (more) => { if (current) state.value = { ...state.value, ...more }; };
    if (job.made) jobMade(job.id).then((made) => put({ made })).catch(() => {});
    const stop = followJob(job.id, () => {}, (more) => {
      const before = state.value.steps;
      put({ steps: before.length && more[0].n <= before.at(-1).n ? more : [...before, ...more] });
    });
    return () => { current = false; stop(); };
  }, [job.id, job.made]);
  const { made, steps } = state.value;
  const first = made?.pictures[0];
  return html`<figure class="half"><a href=${link('studio', [job.id])} onClick=${(event) => { event.preventDefault(); go('studio', [job.id]); }} aria-label=${`${kindOf(job.kind)} ${job.id.slice(0, 4)}`}>
      <img src=${first ? pictureOf(job.id, first.id) : jobThumb(job.id)} alt="" /></a>
    <figcaption>${kindOf(job.kind)} ${job.id.slice(0, 4)} · ${t(`state.${job.state === 'cancelled' && job.made ? 'kept' : job.state}`)}</figcaption>
    <${Curve} steps=${steps} falls=${FALLS.includes(job.kind)} /></figure>`;
}
