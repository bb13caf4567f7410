// A job that the page waits for: followed until it has ended, and told about.
import { html } from '/static/vendor/preact.js';
import { cancelJob, followJob, jobBytes, jobResult } from '/static/js/api.js';
import { percent, t } from '/static/js/words.js';

// Hears {job} while it goes on, then {map}, {error} or {cancelled}. Gives what stops listening; `drop` cancels it, too.
export function awaitJob(starting, hear, { drop = true, read = jobResult } = {}) {
  let ended = false;
  let unfollow = () => {};
  let running = null;
  const failed = (error) => { if (!ended) hear({ error: error.gone ? t('lost') : error.message }); };
  const heard = (one) => {
    if (ended) return;
    running = ['queued', 'running'].includes(one.state) ? one.id : null;
    if (one.state === 'done') read(one.id).then((map) => !ended && hear({ map })).catch(failed);
    else if (one.state === 'failed') hear({ error: one.message });
    else if (one.state === 'cancelled') hear({ cancelled: true });
    else hear({ job: one });
  };
  starting.then((one) => {
    if (one.state === 'done') heard(one);
    else if (ended) { if (drop) cancelJob(one.id).catch(() => {}); }
    else { heard(one); unfollow = followJob(one.id, heard); }
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
