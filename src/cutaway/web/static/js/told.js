// What a job was given, in words: for the Studio's side, for lists, and to compare two.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { classNames, explorer, thumb } from '/static/js/api.js';
import { number, t } from '/static/js/words.js';

const HIDDEN = ['weights', 'version', 'model', 'full', 'scanned', 'trained'];
// As the forms have them; the records keep no order.
const ORDER = ['of', 'photo', 'paintings', 'painting_weights', 'painter', 'index', 'layer', 'layers', 'channels', 'target', 'guide', 'method', 'recipe', 'octaves', 'steps', 'rate', 'style_weight', 'content_weight', 'style_scale', 'colours', 'until', 'norm', 'strength', 'size'];
const placed = (name) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
const PHOTOS = ['photo', 'guide', 'paintings'];
const CLASSES = ['target'];

// Names of classes, where the network is open.
export function useNames(m) {
  const names = useRef(signal([])).current;
  useEffect(() => {
    if (explorer.value.models.some((one) => one.id === m)) classNames(m).then((found) => { names.value = found; }).catch(() => {});
  }, [m]);
  return names.value;
}

export const settingsOf = (job) => Object.entries(job.settings)
  .filter(([name, value]) => !HIDDEN.includes(name) && value !== null && !(Array.isArray(value) && !value.length))
  .sort(([one], [other]) => placed(one) - placed(other));

export function valueOf(name, value, names) {
  if (PHOTOS.includes(name)) return html`<span class="tiny">${[value].flat().map((one) => html`<img key=${one} src=${thumb(one)} alt=${t('photo')} width="32" height="32" loading="lazy" />`)}</span>`;
  const one = (each) => (CLASSES.includes(name) ? names[each] ?? t('runs.class', { n: each }) : typeof each === 'number' ? number(each, 9) : t(`studio.choice.${each}`).replace(/^studio\.choice\./, ''));
  return [value].flat().map(one).join(', ');
}

export const fieldOf = (name, kind) => t(`studio.field.${kind === 'fool' && name === 'target' ? 'wanted' : name}`).replace(/^studio\.field\./, '');

export function Settings({ job }) {
  const names = useNames(job.settings.model);
  return html`<div class="panel-head"><h2>${t('studio.settings')}</h2></div>
    <dl class="settings"><div><dt>${t('model')}</dt><dd>${job.settings.model}</dd></div>
    ${settingsOf(job).map(([name, value]) => html`<div key=${name}><dt>${fieldOf(name, job.kind)}</dt><dd>${valueOf(name, value, names)}</dd></div>`)}</dl>`;
}
