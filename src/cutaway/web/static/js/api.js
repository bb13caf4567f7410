// The server's answers. What it refuses is an Error with its own words.
import { signal } from '/static/vendor/preact.js';
import { place } from '/static/js/place.js';
import { decodeMap } from '/static/js/wire.js';
import { t } from '/static/js/words.js';

export const explorer = signal(null);

// Ask an address; gives the answer, or an Error with what was said instead.
export async function asked(path, settings) {
  let answer;
  try {
    answer = await fetch(path, settings);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw Object.assign(new Error(t('lost')), { gone: true });
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  const detail = typeof told.detail === 'string' ? told.detail : answer.statusText;
  throw Object.assign(new Error(detail || String(answer.status)), { status: answer.status });
}

export const json = async (path, settings) => (await asked(path, settings)).json();

export const numbers = async (path, settings) => decodeMap(await (await asked(path, settings)).arrayBuffer());
export const post = (path, told = {}) => json(path, { method: 'POST', body: JSON.stringify(told), headers: { 'content-type': 'application/json' } });

export const loadExplorer = async () => { explorer.value = await json('/api/explorer'); };

// The network that the address names, or the first.
export const model = () => {
  const models = explorer.value.models;
  return models.find((one) => one.id === place.value.query.m) ?? models[0];
};

const classes = new Map();
export function classNames(id) {
  if (!classes.has(id)) classes.set(id, json(`/api/classes?m=${id}`).catch((error) => { classes.delete(id); throw error; }));
  return classes.get(id);
}

export const liveLayers = (id) => json(`/api/live/layers?m=${id}`);

export const addPhoto = (blob) => json('/api/photos', { method: 'POST', body: blob });
export const addExample = (name) => json(`/api/examples/${name}`, { method: 'POST' });
export const recentPhotos = () => json('/api/photos');
export const photoAbout = (id) => json(`/api/photos/${id}`);
export const pixels = (id) => `/api/photos/${id}/pixels`;
export const thumb = (id) => `/api/photos/${id}/thumb`;

export const answerOf = (id, m, also) =>
  json(`/api/photos/${id}/answer?m=${m}${also.map((k) => `&also=${k}`).join('')}`);

export const quickMap = (id, m, method, target, stop) =>
  numbers(`/api/photos/${id}/maps/${encodeURIComponent(method)}?m=${m}&c=${target}`, { signal: stop });

const remove = (path) => json(path, { method: 'DELETE' });

export const startJob = (wanted) => post('/api/jobs', wanted);
export const cancelJob = (id) => remove(`/api/jobs/${id}`);
export const jobResult = (id) => numbers(`/api/jobs/${id}/result`);
export const jobBytes = async (id) => (await asked(`/api/jobs/${id}/result`)).arrayBuffer();

export const jobMade = (id) => json(`/api/jobs/${id}/result`);
export const jobAbout = (id) => json(`/api/jobs/${id}`);
export const allJobs = () => json('/api/jobs');
export const pauseJob = (id) => post(`/api/jobs/${id}/pause`);
export const continueJob = (id) => post(`/api/jobs/${id}/continue`);
export const repeatJob = (id) => post(`/api/jobs/${id}/repeat`);
export const forgetJob = (id) => remove(`/api/jobs/${id}/record`);
export const forgetEnded = () => remove('/api/jobs');
export const pruneUnused = () => remove('/api/photos');
export const diskUse = () => json('/api/disk');
export const startReport = (wanted) => post('/api/reports', wanted);
export const studioForms = (m) => json(`/api/studio?m=${m}`);
export const startStudio = (wanted) => post('/api/studio', wanted);
export const frameOf = (id, step) => `/api/jobs/${id}/frames/${step}`;
export const pictureOf = (id, name) => `/api/jobs/${id}/pictures/${name}`;
export const jobThumb = (id) => `/api/jobs/${id}/thumb`;
export const resultOf = (id) => `/api/jobs/${id}/result`;
export const LIVE = ['queued', 'running', 'paused'];

// Hear of a job until it has ended, and of its steps; gives a function that stops listening.
export function followJob(id, hear, steps) {
  const events = new EventSource(`/api/jobs/${id}/events`);
  if (steps) events.addEventListener('steps', ({ data }) => steps(JSON.parse(data)));
  events.onmessage = ({ data }) => {
    const job = data ? JSON.parse(data) : { state: 'cancelled' };
    if (['done', 'failed', 'cancelled'].includes(job.state)) events.close();
    hear(job);
  };
  // Refused for good; where the connection was only cut, the browser itself asks again.
  events.onerror = () => { if (events.readyState === EventSource.CLOSED) hear({ state: 'failed', message: t('lost') }); };
  return () => events.close();
}
