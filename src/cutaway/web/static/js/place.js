// Where the reader is: the address is the whole state, so reload, Back and a new tab find it again.
import { signal } from '/static/vendor/preact.js';

const read = () => {
  const [, room, ...parts] = location.pathname.split('/').map(decodeURIComponent);
  return { room: room || 'live', parts: parts.filter(Boolean), query: Object.fromEntries(new URLSearchParams(location.search)) };
};

export const place = signal(read());
addEventListener('popstate', () => { place.value = read(); });

// What lies behind the room in the address: a photo, a layer and its unit, a job.
export const part = (i) => place.value.parts[i] ?? '';

function address(room, parts, query) {
  const told = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  const text = told.toString();
  const path = ['', room, ...[parts].flat().filter((one) => one !== '').map(encodeURIComponent)].join('/');
  return `${path}${text ? `?${text}` : ''}`;
}

export const link = (room, parts = [], query = {}) => address(room, parts, { ...kept(), ...query });

// What is carried from room to room: network, colours, strength.
const kept = () => Object.fromEntries(Object.entries(place.value.query).filter(([name]) => ['m', 'map', 'a'].includes(name)));

export function go(room, parts = [], query = {}) {
  history.pushState(null, '', link(room, parts, query));
  place.value = read();
  scrollTo(0, 0);
}

// Go on in place of where the reader is: Back leads to what was before both.
export function turn(room, parts = [], query = {}) {
  history.replaceState(null, '', link(room, parts, query));
  place.value = read();
}

// Change some of the query; `quietly` for sliders, which would fill Back with steps.
export function change(query, quietly = false) {
  const { room, parts } = place.value;
  const next = address(room, parts, { ...place.value.query, ...query });
  if (quietly) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  place.value = read();
}

export const asked = (name, usual) => place.value.query[name] ?? usual;
