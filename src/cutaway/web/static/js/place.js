// Where the reader is: the address is the whole state, so reload, Back and a new tab find it again.
import { signal } from '/static/vendor/preact.js';

const read = () => {
  const [, room, photo] = location.pathname.split('/');
  return { room: room || 'live', photo: photo ?? '', query: Object.fromEntries(new URLSearchParams(location.search)) };
};

export const place = signal(read());
addEventListener('popstate', () => { place.value = read(); });

function address(room, photo, query) {
  const told = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  const text = told.toString();
  return `/${room}${photo ? `/${photo}` : ''}${text ? `?${text}` : ''}`;
}

export const link = (room, photo = '', query = {}) => address(room, photo, { ...kept(), ...query });

// What is carried from room to room: network, colours, strength.
const kept = () => Object.fromEntries(Object.entries(place.value.query).filter(([name]) => ['m', 'map', 'a'].includes(name)));

export function go(room, photo = '', query = {}) {
  history.pushState(null, '', link(room, photo, query));
  place.value = read();
  scrollTo(0, 0);
}

// Change some of the query; `quietly` for sliders, which would fill Back with steps.
export function change(query, quietly = false) {
  const { room, photo } = place.value;
  const next = address(room, photo, { ...place.value.query, ...query });
  if (quietly) history.replaceState(null, '', next);
  else history.pushState(null, '', next);
  place.value = read();
}

export const asked = (name, usual) => place.value.query[name] ?? usual;
