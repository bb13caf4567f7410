// The controls of a form: numbers, choices, layers, channels, classes, photos.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { addExample, classNames, explorer, recentPhotos, thumb } from '/static/js/api.js';
import { Icon } from '/static/js/icons.js';
import { change } from '/static/js/place.js';
import { ranges, textOf } from '/static/js/settings.js';
import { FileButton, take } from '/static/js/sources.js';
import { number, t } from '/static/js/words.js';

const OPEN = 3; // numbers and choices that are seen at once
const word = (name) => t(`studio.field.${name}`);
const recent = signal([]);

export function Fields({ kind, fields, values, forms, m }) {
  const names = useRef(signal([])).current;
  useEffect(() => { recentPhotos().then((found) => { recent.value = found; }).catch(() => {}); }, []);
  useEffect(() => {
    if (kind === 'class' || kind === 'fool') classNames(m).then((found) => { names.value = found; }).catch(() => {});
  }, [m, kind]);
  const put = (field) => (value) => change({ [field.name]: textOf(field, value, forms) }, true);
  const plain = ['number', 'choice'];
  const shown = fields.filter((one) => (one.needed || !['seed'].includes(one.name)) && !plain.includes(one.form) && one.name !== 'guide' && !(one.name === 'channels' && !one.needed) && one.form !== 'weights');
  const rest = fields.filter((one) => !shown.includes(one));
  const draw = (field) => html`<${Field} key=${field.name} field=${field} value=${values[field.name]} values=${values} put=${put(field)} forms=${forms} names=${names.value} />`;
  const open = rest.filter((one) => plain.includes(one.form)).slice(0, OPEN);
  const more = rest.filter((one) => !open.includes(one));
  const changed = more.some((one) => textOf(one, values[one.name], forms) !== '');
  return html`${shown.map(draw)}<div class="pairs">${open.map(draw)}</div>
    ${more.length ? html`<details class="more-settings" open=${changed || undefined}><summary>${t('studio.more')}</summary>
      ${more.filter((one) => !plain.includes(one.form)).map(draw)}<div class="pairs">${more.filter((one) => plain.includes(one.form)).map(draw)}</div></details>` : null}
    <datalist id="studio-layers">${forms.layers.filter((one) => one.map).map((one) => html`<option key=${one.name} value=${one.name}>${t('studio.channels.n', { n: one.channels })}</option>`)}</datalist>
    <datalist id="studio-classes">${names.value.map((name, k) => html`<option key=${k} value=${name} />`)}</datalist>`;
}

function Field(props) {
  const { field } = props;
  const Control = { number: Numeral, choice: Pick, layer: Layer, channels: Channels, layers: Layers, class: Class, classes: Classes, photo: Photo, photos: Photos, painter: Painter, weights: Weights }[field.form];
  return html`<${Control} ...${props} />`;
}

function Numeral({ field, value, values, put }) {
  const { name, low, high, whole } = field;
  const without = field.default === null ? (field.usual ? number(field.usual[values.recipe]) : t('studio.auto')) : '';
  return html`<label class="field"><span>${word(name)}</span><input type="number" name=${name} min=${low} max=${high} step=${whole ? 1 : 'any'} inputmode="decimal" title=${t('studio.range', { low: number(low), high: number(high) })} placeholder=${without} required=${field.default !== null}
    value=${value ?? ''} onChange=${(event) => { if (event.target.reportValidity()) put(event.target.value === '' ? null : Number(event.target.value)); }} /></label>`;
}

function Pick({ field, value, put }) {
  return html`<label class="field"><span>${word(field.name)}</span><select name=${field.name} value=${value} onChange=${(event) => put(event.target.value)}>${field.choices.map((one) => html`<option key=${one} value=${one}>${t(`studio.choice.${one}`)}</option>`)}</select></label>`;
}

function Painter({ field, value, put }) {
  const { painters } = explorer.value;
  return html`<label class="field wide"><span>${word(field.name)}</span><select name=${field.name} value=${value} onChange=${(event) => put(event.target.value)}>${painters.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></label>`;
}

// A name out of the list, else it is told.
function hearLayer(event, forms, put) {
  const known = forms.layers.some((one) => one.name === event.target.value);
  event.target.setCustomValidity(known || !event.target.value ? '' : t('studio.layer.unknown'));
  if (event.target.reportValidity() && event.target.value) put(event.target.value);
}

function Layer({ field, value, put, forms }) {
  const about = forms.layers.find((one) => one.name === value);
  return html`<label class="field wide"><span>${word(field.name)}${about ? html`<small>${t('studio.channels.n', { n: number(about.channels) })}</small>` : null}</span>
    <input name=${field.name} list="studio-layers" value=${value ?? ''} autocomplete="off" spellcheck="false" onChange=${(event) => hearLayer(event, forms, put)} /></label>`;
}

function Channels({ field, value, put }) {
  return html`<label class="field wide"><span>${word(field.name)}<small>${t('studio.channels.how')}</small></span>
    <input name=${field.name} value=${value?.join(', ') ?? ''} placeholder=${t('studio.all')} autocomplete="off" onChange=${(event) => { const found = ranges(event.target.value).slice(0, 16); put(found.length ? found : null); }} /></label>`;
}

function Weights({ field, value, put }) {
  return html`<label class="field wide"><span>${word(field.name)}<small>${t('studio.weights.how')}</small></span>
    <input name=${field.name} value=${value?.join(', ') ?? ''} placeholder=${t('studio.alike')} autocomplete="off" onChange=${(event) => put(event.target.value.split(',').map(Number).filter((one) => one > 0).slice(0, 4))} /></label>`;
}

// Several out of a list: each with a cross, and room for one more.
function Chips({ name, values, label, list, most, placeholder, add, put }) {
  return html`<div class="field wide"><label for=${`chips-${name}`}><span>${word(name)}</span></label>
    <div class="chips">${values.map((one) => html`<span class="chip" key=${one}>${label(one)}<button type="button" aria-label=${t('remove', { name: label(one) })} onClick=${() => put(values.filter((other) => other !== one))}><${Icon} name="close" /></button></span>`)}
      <input id=${`chips-${name}`} name=${name} list=${list} disabled=${values.length >= most} placeholder=${placeholder} autocomplete="off" spellcheck="false" onChange=${(event) => { const found = add(event); if (found !== null && !values.includes(found)) put([...values, found]); if (found !== null) event.target.value = ''; }} /></div></div>`;
}

function Layers({ field, value, put, forms }) {
  const add = (event) => {
    let found = null;
    hearLayer(event, forms, (one) => { found = one; });
    return found;
  };
  return html`<${Chips} name=${field.name} values=${value ?? []} label=${(one) => one} list="studio-layers" most=${8} placeholder=${value?.length ? t('studio.add.layer') : forms.few.join(', ')} add=${add} put=${put} />`;
}

function classOf(event, names) {
  const plain = event.target.value.trim().toLowerCase();
  const found = /^\d+$/.test(plain) && Number(plain) < names.length ? Number(plain) : names.findIndex((name) => name.toLowerCase() === plain);
  event.target.setCustomValidity(plain && found < 0 ? t('class.unknown') : '');
  event.target.reportValidity();
  return found < 0 ? null : found;
}

function Classes({ field, value, put, names }) {
  return html`<${Chips} name=${field.name} values=${value} label=${(k) => names[k] ?? String(k)} list="studio-classes" most=${4} placeholder=${t('class.placeholder')} add=${(event) => classOf(event, names)} put=${put} />`;
}

function Class({ field, value, put, names }) {
  return html`<label class="field wide"><span>${word('wanted')}</span><input name=${field.name} list="studio-classes" value=${value === null ? '' : names[value] ?? value} placeholder=${t('studio.any.class')} autocomplete="off" onChange=${(event) => put(classOf(event, names))} /></label>`;
}

function Offered({ put, label }) {
  const known = recent.value.slice(0, 6);
  return html`<div class="offered" role="group" aria-label=${label}>
    ${explorer.value.examples.map((name) => html`<button type="button" key=${name} aria-label=${t(`example.${name}`)} title=${t(`example.${name}`)} onClick=${() => take(addExample(name), (photo) => put(photo.id))}><img src=${`/static/examples/${name}.jpg`} alt="" width="44" height="44" loading="lazy" /></button>`)}
    ${known.map((one, i) => html`<button type="button" key=${one.id} aria-label=${t('recent.n', { n: i + 1 })} onClick=${() => put(one.id)}><img src=${thumb(one.id)} alt="" width="44" height="44" loading="lazy" /></button>`)}
    <${FileButton} small word="studio.file" name=${`${t('choose')}: ${label}`} then=${(photo) => { recentPhotos().then((found) => { recent.value = found; }); put(photo.id); }} /></div>`;
}

function Photo({ field, value, put }) {
  const label = word(field.name);
  return html`<div class="field wide"><span>${label}</span>
    <div class="slot" data-empty=${value ? null : ''}>${value ? html`<img src=${thumb(value)} alt=${label} /><button type="button" class="icon small" aria-label=${t('remove', { name: label })} onClick=${() => put(null)}><${Icon} name="close" /></button>` : html`<${Icon} name="picture" /><span>${t('studio.drop.photo')}</span>`}</div>
    <${Offered} put=${put} label=${label} /></div>`;
}

function Photos({ field, value, put }) {
  const label = word(field.name);
  return html`<div class="field wide"><span>${label}</span>
    <div class="slots">${value.map((one, i) => html`<div class="slot" key=${one}><img src=${thumb(one)} alt=${`${label} ${i + 1}`} /><button type="button" class="icon small" aria-label=${t('remove', { name: `${label} ${i + 1}` })} onClick=${() => put(value.filter((other) => other !== one))}><${Icon} name="close" /></button></div>`)}
      ${value.length ? null : html`<div class="slot" data-empty><${Icon} name="picture" /><span>${t('studio.drop.painting')}</span></div>`}</div>
    ${value.length < 4 ? html`<${Offered} put=${(one) => put([...new Set([...value, one])])} label=${label} />` : null}</div>`;
}
