// A job of the Studio: its steps while they come, and what was made.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { LIVE, cancelJob, continueJob, explorer, followJob, frameOf, jobAbout, jobMade, pauseJob, repeatJob } from '/static/js/api.js';
import { say } from '/static/js/copying.js';
import { Curve } from '/static/js/curve.js';
import { Icon } from '/static/js/icons.js';
import { About, Made } from '/static/js/made.js';
import { asked, change, go, link } from '/static/js/place.js';
import { Settings } from '/static/js/told.js';
import { queryOf } from '/static/js/settings.js';
import { typing } from '/static/js/shell.js';
import { useForms } from '/static/js/studio.js';
import { number, t } from '/static/js/words.js';

// What goes down is a loss; the rest is pushed up.
const FALLS = ['invert', 'texture', 'style'];

export function Job({ id }) {
  const state = useRef(signal({ steps: [] })).current;
  const tries = useRef(signal(0)).current;
  const put = (more) => { state.value = { ...state.value, ...more }; };

  useEffect(() => {
    let current = true;
    state.value = { steps: [], job: state.value.job };
    const failed = (error) => { if (current) put({ error: error.gone ? t('lost') : error.message }); };
    const hear = (told) => {
      if (!current) return;
      const job = { ...state.value.job, ...told };
      put({ job });
      const ended = !LIVE.includes(job.state);
      if (ended && !job.made) put({ nothing: true });
      else if (ended) jobMade(id).then((made) => { if (current) put({ made }); }).catch(() => { if (current) put({ nothing: true }); });
    };
    // A job that begins anew tells its steps from the first one.
    const steps = (more) => {
      const before = state.value.steps;
      if (current) put({ steps: before.length && more[0].n <= before.at(-1).n ? more : [...before, ...more] });
    };
    let unfollow = () => {};
    jobAbout(id).then((job) => { if (current) { put({ job }); unfollow = followJob(id, hear, steps); } }).catch(failed);
    return () => { current = false; unfollow(); };
  }, [id, tries.value]);

  const { job, steps, made, error } = state.value;
  if (error) return html`<div class="studio-head"><h1>${t('room.studio')}</h1></div><p class="trouble" role="alert">${error}</p><p class="back"><a href=${link('studio')} onClick=${(event) => { event.preventDefault(); go('studio'); }}>${t('studio.new')}</a></p>`;
  if (!job) return html`<p class="waiting" role="status">${t('reading')}</p>`;
  return html`<div class="studio-head"><h1>${t(`studio.kind.${job.kind}`)}</h1><${State} job=${job} made=${made} /></div>
    <div class="desk of-job">
      <aside class="panel"><${Settings} job=${job} /><${Acts} job=${job} again=${() => { tries.value += 1; }} /></aside>
      <${Stage} job=${job} steps=${steps} made=${made} nothing=${state.value.nothing} />
    </div>`;
}

function State({ job, made }) {
  const word = job.state === 'cancelled' && made ? 'kept' : job.state;
  return html`<span class="state" data-state=${job.state} role="status">${t(`state.${word}`)}</span>
    ${job.seconds ? html`<span class="hint">${t('took', { n: number(job.seconds, 3), unit: 's' })}</span>` : null}`;
}

function Acts({ job, again }) {
  const asking = useRef(signal('')).current;
  const { forms } = useForms(explorer.value.models.some((one) => one.id === job.settings.model) ? job.settings.model : explorer.value.models[0].id);
  useEffect(() => { asking.value = ''; }, [job.state]);
  const act = async (name, call) => {
    asking.value = name;
    try { await call(job.id); } catch (error) { asking.value = ''; say(error.gone ? t('lost') : error.message); }
  };
  const live = LIVE.includes(job.state);
  const fork = () => go('studio', [], queryOf(job, forms));
  useEffect(() => {
    const press = (event) => {
      if (typing(event) || event.key !== ' ' || event.target.closest?.('button, a, summary') || !live) return;
      event.preventDefault();
      if (job.state === 'paused') act('continue', continueJob);
      else act('pause', pauseJob);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [job.state]);
  return html`<div class="acts-row">
    ${live && job.state !== 'paused' ? html`<button class="plain" disabled=${asking.value} onClick=${() => act('pause', pauseJob)}><${Icon} name="pause" />${t(asking.value === 'pause' ? 'studio.pausing' : 'pause')}</button>` : null}
    ${job.state === 'paused' ? html`<button class="strong" disabled=${asking.value} onClick=${() => act('continue', continueJob)}><${Icon} name="play" />${t('go.on')}</button>` : null}
    ${live ? html`<button class="plain" disabled=${asking.value === 'cancel'} onClick=${() => act('cancel', cancelJob)}><${Icon} name="close" />${t(asking.value === 'cancel' ? 'studio.stopping' : 'cancel')}</button>` : null}
    ${['failed', 'cancelled'].includes(job.state) ? html`<button class="plain" onClick=${() => act('repeat', repeatJob).then(again)}><${Icon} name="repeat" />${t('again')}</button>` : null}
    <button class="plain" disabled=${!forms} title=${t('studio.fork.title')} onClick=${fork}><${Icon} name="fork" />${t('studio.fork')}</button></div>`;
}

function Stage({ job, steps, made, nothing }) {
  const live = LIVE.includes(job.state);
  const frames = steps.filter((one) => one.f).map((one) => one.n);
  const end = Boolean(made);
  const wished = /^\d{1,7}$/.test(asked('step', '')) ? Number(asked('step', '')) : null;
  // Of the frames that were kept, the last one not after the step; the end is one further.
  const place = wished === null ? frames.length - (end ? 0 : 1) : Math.max(0, frames.findLastIndex((one) => one <= wished));
  const shown = end && place >= frames.length ? null : frames[place];
  const show = (k) => change({ step: k >= frames.length - (end ? 0 : 1) ? '' : String(frames[k]) }, true);
  const nearest = (n) => { if (frames.length) show(frames.reduce((best, one, k) => (Math.abs(one - n) < Math.abs(frames[best] - n) ? k : best), 0)); };
  const count = frames.length + (end ? 1 : 0);
  const last = steps.at(-1);
  const part = steps.findLast((one) => one.p)?.p ?? job.what;
  const now = shown !== null && shown !== undefined;
  return html`<section class="stage" aria-label=${t('studio.stage')} data-frames=${frames.length}>
    ${live ? html`<div class="going"><progress max=${job.total || null} value=${job.total ? job.done : null} aria-label=${t('working')} /><span>${job.state === 'running' && last ? t('studio.at', { n: number(last.n, 6), part }) : t(`state.${job.state}`)}</span></div>` : null}
    ${count > 1 ? html`<div class="reel"><${Film} count=${count} place=${Math.min(place, count - 1)} show=${show} />
      <label class="slider"><span class="unseen">${t('studio.step')}</span><input type="range" aria-label=${t('studio.step')} min="0" max=${count - 1} step="1" value=${Math.min(place, count - 1)} aria-valuetext=${now ? t('studio.frame', { n: shown }) : t('studio.result')} onInput=${(event) => show(Number(event.target.value))} />
      <output>${now ? t('studio.step.n', { n: number(shown, 6) }) : t('studio.result')}</output></label></div>` : null}
    <div class="canvas">
      ${now ? html`<img class="frame" src=${frameOf(job.id, shown)} alt=${t('studio.frame', { n: shown })} data-step=${shown} />` : end ? html`<${Made} job=${job} made=${made} />`
        : html`<div class="waiting" role="status">${job.state === 'failed' ? html`<p class="trouble" role="alert">${job.message}</p>` : html`<strong>${t(`studio.wait.${nothing ? 'nothing' : job.state}`)}</strong>`}</div>`}
    </div>
    ${job.state === 'failed' && count ? html`<p class="trouble" role="alert">${job.message}</p>` : null}
    ${job.kind === 'paint' ? null : html`<${Curve} steps=${steps} falls=${FALLS.includes(job.kind)} at=${now ? shown : null} onStep=${nearest} />`}
    ${made ? html`<${About} job=${job} made=${made} />` : null}
  </section>`;
}

// Plays the frames that were kept.
function Film({ count, place, show }) {
  const playing = useRef(signal(false)).current;
  const now = useRef(place);
  now.current = place;
  useEffect(() => {
    if (!playing.value) return undefined;
    const timer = setInterval(() => {
      if (now.current + 1 >= count) playing.value = false;
      else show(now.current + 1);
    }, 90);
    return () => clearInterval(timer);
  }, [playing.value, count]);
  const press = () => { if (!playing.value && place >= count - 1) show(0); playing.value = !playing.value; };
  const word = t(playing.value ? 'studio.film.stop' : 'studio.film');
  return html`<button class="icon" onClick=${press} title=${word} aria-label=${word}><${Icon} name=${playing.value ? 'pause' : 'play'} /></button>`;
}
