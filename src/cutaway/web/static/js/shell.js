// The frame around every room: navigation, network, language, theme, keys.
import { html, signal, useEffect, useLayoutEffect, useRef } from '/static/vendor/preact.js';
import { explorer, model } from '/static/js/api.js';
import { said } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { change, go, link, place } from '/static/js/place.js';
import { LANGUAGES, choose, language, t } from '/static/js/words.js';

// Each room is a module of its own, fetched when it is first entered.
const ROOMS = {
  live: async () => (await import('/static/js/live.js')).Live,
  explain: async () => (await import('/static/js/explain.js')).Explain,
  layers: async () => (await import('/static/js/layers.js')).Layers,
  atlas: async () => (await import('/static/js/atlas.js')).Atlas,
  studio: async () => (await import('/static/js/studio.js')).Studio,
  runs: async () => (await import('/static/js/runs.js')).Runs,
};
const entered = signal({});
const missed = signal('');
const helping = signal(false);
const theme = signal(document.documentElement.dataset.theme ?? 'auto');

function turnTheme() {
  const next = { auto: 'light', light: 'dark', dark: 'auto' }[theme.value];
  theme.value = next;
  if (next === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try { localStorage.setItem('cutaway-theme', next); } catch { /* it lasts as long as the page */ }
}

// Whether a key is meant for what it was pressed in. What takes no text keeps its arrows and Space alone.
export function typing(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('select, textarea, dialog[open]')) return true;
  const field = event.target.closest?.('input');
  return Boolean(field) && (!['radio', 'range', 'checkbox'].includes(field.type) || event.key === ' ' || event.key.startsWith('Arrow'));
}

function follow(event, room) {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (place.value.room !== room || place.value.parts.length) go(room);
}

export function Shell() {
  // Keys are heard from the moment that the page is seen.
  useLayoutEffect(() => {
    const press = (event) => {
      if (typing(event)) return;
      if (event.key === '?') helping.value = true;
      const room = Object.keys(ROOMS)[Number(event.key) - 1];
      if (room && room !== place.value.room) go(room);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);
  const name = ROOMS[place.value.room] ? place.value.room : 'live';
  const Room = entered.value[name];
  useEffect(() => {
    missed.value = '';
    if (!Room) ROOMS[name]().then((found) => { entered.value = { ...entered.value, [name]: found }; }).catch(() => { missed.value = name; });
  }, [name]);
  const models = explorer.value.models;
  // A room's styles hold in that room alone: two rooms may use one name.
  useLayoutEffect(() => {
    for (const sheet of document.querySelectorAll('link[data-rooms]')) sheet.media = sheet.dataset.rooms.split(' ').includes(name) ? 'all' : 'not all';
  }, [name]);
  // On a phone the rooms are wider than the window.
  useEffect(() => { document.querySelector('.top nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }, [name]);
  useEffect(() => { document.title = `${t(`room.${name}`)} · cutaway`; }, [name, language.value]);
  return html`
    <a class="skip" href="#room">${t('skip')}</a>
    <header class="top">
      <a class="brand" href=${link('live')} onClick=${(event) => follow(event, 'live')}><img src="/static/icon.svg" alt="" width="24" height="24" /><span>cutaway</span></a>
      <nav aria-label=${t('rooms')}>
        ${Object.keys(ROOMS).map((room) => html`<a key=${room} href=${link(room)} aria-current=${room === name ? 'page' : null} onClick=${(event) => follow(event, room)}>${t(`room.${room}`)}</a>`)}
      </nav>
      <div class="tools">
        ${models.length > 1
          ? html`<label class="model"><span class="unseen">${t('model')}</span><select value=${model().id} onChange=${(event) => change({ m: event.target.value, c: '', t: '' })}>${models.map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}</select></label>`
          : html`<span class="model" title=${t('model')}>${models[0].id}</span>`}
        <label class="tongue"><span class="unseen">${t('language')}</span><${Icon} name="globe" /><select value=${language.value} onChange=${(event) => choose(event.target.value)}>${Object.entries(LANGUAGES).map(([id, word]) => html`<option key=${id} value=${id} lang=${id}>${word}</option>`)}</select></label>
        <button class="icon" onClick=${turnTheme} title=${t(`theme.${theme.value}`)} aria-label=${t(`theme.${theme.value}`)}><${Icon} name=${theme.value} /></button>
        <button class="icon help" onClick=${() => { helping.value = true; }} title=${t('help')} aria-label=${t('help')}><${Icon} name="help" /></button>
      </div>
    </header>
    <main id="room" class=${name} tabindex="-1">${Room ? html`<${Room} key=${name} />` : missed.value === name ? html`<p class="trouble" role="alert">${t('lost')}</p>` : null}</main>
    <${Help} />
    <div class="said" role="status" data-open=${said.value ? '' : null}>${said.value}</div>`;
}

function Help() {
  const box = useRef();
  useEffect(() => { if (helping.value) box.current.showModal(); }, [helping.value]);
  const rows = [[Object.keys(ROOMS).map((_, i) => i + 1).join(' '), 'key.rooms'], ['f', 'key.freeze'], ['r', 'key.record'], ['Space', 'key.pause'], ['o', 'key.overlay'], ['/', 'key.search'], ['[ ]', 'key.layer'], ['← →', 'key.unit'], ['l', 'key.lasso'], ['v', 'key.view'], ['+ − 0', 'key.zoom'], ['Enter', 'key.pick'], ['Esc', 'key.back'], ['?', 'key.help']];
  return html`<dialog ref=${box} aria-labelledby="help-title" onClose=${() => { helping.value = false; }} onClick=${(event) => event.target === box.current && box.current.close()}>
    <h2 id="help-title">${t('help.title')}</h2>
    <dl>${rows.map(([key, word]) => html`<div key=${key}><dt>${key.split(' ').map((one) => html`<kbd key=${one}>${one}</kbd>`)}</dt><dd>${t(word)}</dd></div>`)}</dl>
    <p>${t('help.reading')}</p>
    <button class="plain" onClick=${() => box.current.close()}>${t('close')}</button>
  </dialog>`;
}
