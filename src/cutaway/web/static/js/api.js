// The server's answers. What it refuses is an Error with its own words.
import { signal } from '/static/vendor/preact.js';
import { place } from '/static/js/place.js';
import { decodeMap } from '/static/js/wire.js';

export const explorer = signal(null);

async function asked(path, settings) {
  let answer;
  try {
    answer = await fetch(path, settings);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw Object.assign(new Error('gone'), { gone: true });
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  const detail = typeof told.detail === 'string' ? told.detail : answer.statusText;
  throw Object.assign(new Error(detail || String(answer.status)), { status: answer.status });
}

const json = async (path, settings) => (await asked(path, settings)).json();

export const loadExplorer = async () => { explorer.value = await json('/api/explorer'); };

// The network that the address names, or the first.
export const model = () => {
  const models = explorer.value.models;
  return models.find((one) => one.id === place.value.query.m) ?? models[0];
};

const classes = new Map();
export function classNames(id) {
  if (!classes.has(id)) classes.set(id, json(`/api/classes?m=${id}`));
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

export async function quickMap(id, m, method, target, stop) {
  const path = `/api/photos/${id}/maps/${encodeURIComponent(method)}?m=${m}&c=${target}`;
  return decodeMap(await (await asked(path, { signal: stop })).arrayBuffer());
}

export const startJob = (wanted) =>
  json('/api/jobs', { method: 'POST', body: JSON.stringify(wanted), headers: { 'content-type': 'application/json' } });
export const cancelJob = (id) => json(`/api/jobs/${id}`, { method: 'DELETE' });
export const jobResult = async (id) => decodeMap(await (await asked(`/api/jobs/${id}/result`)).arrayBuffer());

// Hear of a job until it has ended; gives a function that stops listening.
export function followJob(id, hear) {
  const events = new EventSource(`/api/jobs/${id}/events`);
  events.onmessage = ({ data }) => {
    const job = data ? JSON.parse(data) : { state: 'cancelled' };
    if (['done', 'failed', 'cancelled'].includes(job.state)) events.close();
    hear(job);
  };
  return () => events.close();
}
