// A job from its start to its bytes; it is cancelled where nobody waits for it any more.
import { cancelJob, followJob, jobBytes } from '/static/js/api.js';
import { t } from '/static/js/words.js';

// `start` queues it; `hear` is told { job } while it waits and runs, then { bytes }, { error } or { cancelled }.
export function runJob(start, hear) {
  let ended = false;
  let running = null;
  let unfollow = () => {};
  const failed = (error) => { if (!ended) hear({ error: error.gone ? t('lost') : error.message }); };
  const heard = (one) => {
    if (ended) return;
    running = ['queued', 'running'].includes(one.state) ? one.id : null;
    if (one.state === 'done') jobBytes(one.id).then((bytes) => { if (!ended) hear({ bytes }); }).catch(failed);
    else if (one.state === 'failed') hear({ error: one.message });
    else if (one.state === 'cancelled') hear({ cancelled: true });
    else hear({ job: one });
  };
  const go = async () => {
    const started = await start();
    if (started.state === 'done') heard(started);
    else if (ended) cancelJob(started.id).catch(() => {});
    else { heard(started); unfollow = followJob(started.id, heard); }
  };
  go().catch(failed);
  return () => { ended = true; unfollow(); if (running) cancelJob(running).catch(() => {}); };
}
