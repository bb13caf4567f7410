// A job that the page waits for: followed until it has ended, and told about.
import { html } from '/static/vendor/preact.js';
import { cancelJob, jobAbout, jobBytes, jobResult } from '/static/js/api.js';
import { percent, t } from '/static/js/words.js';

// Asked anew so often, in ms; a server that did not answer so many times in a row is told to be lost.
const EVERY = 250;
const PATIENCE = 4;

// The jobs that are waited for: one timer asks about all of them, as a browser holds few connections open at once.
const awaited = new Map();
let timer = 0;

function poll() {
  timer = 0;
  for (const [id, one] of awaited) ask(id, one);
  if (awaited.size) timer = setTimeout(poll, EVERY);
}

async function ask(id, one) {
  if (one.asking) return;
  one.asking = true;
  let job = null;
  let trouble = '';
  try { job = await jobAbout(id); } catch (error) {
    if (error.status === 404) job = { id, state: 'cancelled' };
    else trouble = error.message;
  }
  one.asking = false;
  if (trouble) {
    one.failed += 1;
    if (one.failed === PATIENCE) for (const ear of one.ears) ear.trouble(trouble);
    return;
  }
  const text = JSON.stringify(job);
  const same = text === one.last && one.failed < PATIENCE;
  Object.assign(one, { last: text, failed: 0 });
  if (!same) for (const ear of [...one.ears]) ear.hear(job);
}

function pollJob(id, hear, trouble) {
  if (!awaited.has(id)) awaited.set(id, { ears: new Set(), asking: false, failed: 0, last: '' });
  const one = awaited.get(id);
  const ear = { hear, trouble };
  one.ears.add(ear);
  timer ||= setTimeout(poll, EVERY);
  return () => {
    one.ears.delete(ear);
    if (!one.ears.size && awaited.get(id) === one) awaited.delete(id);
  };
}

// Hears {job} while it goes on, then {map}, {error} or {cancelled}. Gives what stops listening; `drop` cancels it, too.
export function awaitJob(starting, hear, { drop = true, read = jobResult } = {}) {
  let ended = false;
  let unfollow = () => {};
  let running = null;
  const failed = (error) => { if (!ended) hear({ error: error.message }); };
  const heard = (one) => {
    if (ended) return;
    if (['done', 'failed', 'cancelled'].includes(one.state)) unfollow();
    running = ['queued', 'running'].includes(one.state) ? one.id : null;
    if (one.state === 'done') read(one.id).then((map) => !ended && hear({ map })).catch(failed);
    else if (one.state === 'failed') hear({ error: one.message });
    else if (one.state === 'cancelled') hear({ cancelled: true });
    else hear({ job: one });
  };
  starting.then((one) => {
    if (['done', 'failed', 'cancelled'].includes(one.state)) heard(one);
    else if (ended) { if (drop) cancelJob(one.id).catch(() => {}); }
    else { heard(one); unfollow = pollJob(one.id, heard, (error) => hear({ error })); }
  }).catch(failed);
  return () => { ended = true; unfollow(); if (drop && running) cancelJob(running).catch(() => {}); };
}

// The same for what is no map: hears {bytes}.
export const awaitBytes = (starting, hear) => awaitJob(starting, ({ map, ...told }) => hear(map ? { bytes: map } : told), { read: jobBytes });

export function Progress({ job, label }) {
  return html`<div class="progress"><progress max=${job.total || null} value=${job.total ? job.done : null} aria-label=${label} /><span>${job.state === 'queued' ? t('queued') : job.total ? percent(job.done / job.total, 0) : t('working')}</span><button class="plain small" onClick=${() => cancelJob(job.id)}>${t('cancel')}</button></div>`;
}

export function Cancelled({ onAgain }) {
  return html`<div class="progress"><span>${t('cancelled')}</span><button class="plain small" onClick=${onAgain}>${t('again')}</button></div>`;
}
