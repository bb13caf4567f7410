// What the map is steered by: index, layer, way to the plane, colours, and ways to choose.
import { html } from '/static/vendor/preact.js';
import { explorer } from '/static/js/api.js';
import { Choice } from '/static/js/controls.js';
import { Icon } from '/static/js/icons.js';
import { asked, change, go, part } from '/static/js/place.js';
import { FileButton } from '/static/js/sources.js';
import { t } from '/static/js/words.js';

// More photos than these are brought to a plane by t-SNE only where it is asked for.
const SOON = 3000;

// What the address asks for, or what is usual: layer, method, and by what to colour.
export function settled(about) {
  const layers = about.layers.map((one) => one.id);
  const layer = layers.includes(asked('l', '')) ? asked('l') : about.layer;
  const can = about.methods.filter((one) => one.there && about.photos.length >= one.least).map((one) => one.id);
  const usual = can.includes('tsne') && about.photos.length <= SOON ? 'tsne' : 'pca';
  const method = can.includes(asked('x', '')) ? asked('x') : usual;
  const given = asked('by', '');
  const { channels } = about.layers.find((one) => one.id === layer) ?? { channels: 0 };
  const number = /^\d{1,6}$/.test(given) && Number(given) < channels;
  const by = number || (given === 'answer' && about.answers) ? given : about.labels.length || !about.answers ? 'label' : 'answer';
  return { layer, method, by, usual, channels };
}

export function Rooms({ id }) {
  const { indexes } = explorer.value;
  return html`${indexes.length > 1 ? html`<label class="pick"><span class="unseen">${t('atlas.index')}</span><select value=${id} onChange=${(event) => go('atlas', [event.target.value])}>${indexes.map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}</select></label>` : null}
    <${Choice} name="atlas-part" legend=${t('atlas.parts')} options=${[['map', t('atlas.map')], ['audit', t('atlas.findings')]]} value=${part(1) || 'map'} onChoose=${(one) => go('atlas', one === 'map' ? [id] : [id, one])} />`;
}

export function Steer({ about, lassoing, inView }) {
  const { layer, method, by, usual, channels } = settled(about);
  const kind = /^\d/.test(by) ? 'channel' : by;
  return html`<div class="steer atlas-steer"><${Rooms} id=${about.id} />
    <fieldset class="choice"><legend class="unseen">${t('atlas.method')}</legend>${about.methods.map((one) => {
      const able = one.there && about.photos.length >= one.least;
      const why = able ? '' : one.there ? t('atlas.few', { n: one.least }) : t('atlas.install', { name: one.id });
      return html`<label key=${one.id} title=${why}><input type="radio" name="atlas-method" value=${one.id} disabled=${!able} checked=${one.id === method} onChange=${() => change({ x: one.id === usual ? '' : one.id })} /><span>${one.name}</span></label>`;
    })}</fieldset>
    <label class="pick"><span>${t('atlas.layer')}</span><select value=${layer} onChange=${(event) => change({ l: event.target.value === about.layer ? '' : event.target.value, by: kind === 'channel' ? '' : asked('by', '') })}>${about.layers.map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}</select></label>
    <label class="pick by"><span>${t('atlas.by')}</span><select value=${kind} onChange=${(event) => change({ by: { label: '', answer: 'answer', channel: '0' }[event.target.value] })}>
      <option value="label" disabled=${!about.labels.length}>${t('atlas.by.label')}</option><option value="answer" disabled=${!about.answers}>${t('atlas.by.answer')}</option><option value="channel">${t('atlas.by.channel')}</option></select></label>
    ${kind === 'channel' ? html`<label class="pick"><span class="unseen">${t('atlas.channel', { n: channels - 1 })}</span><input class="short" type="number" min="0" max=${channels - 1} value=${by} title=${t('atlas.channel', { n: channels - 1 })} onChange=${(event) => { const n = Math.round(Number(event.target.value)); if (n >= 0 && n < channels) change({ by: String(n) }, true); }} /></label>` : null}
    <span class="push"></span>
    <button class="plain" aria-pressed=${lassoing.value} title=${t('atlas.lasso.title')} onClick=${() => { lassoing.value = !lassoing.value; }}><${Icon} name="lasso" />${t('atlas.lasso')}</button>
    <button class="plain" title=${t('atlas.view.title')} onClick=${inView}>${t('atlas.view')}</button>
    <${FileButton} word="atlas.find" then=${(photo) => change({ d: photo.id, p: '' })} /></div>`;
}
