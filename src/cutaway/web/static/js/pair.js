// Two networks asked the same: classes are matched by their names, for their numbers may differ.
import { html } from '/static/vendor/preact.js';
import { explorer } from '/static/js/api.js';
import { Card } from '/static/js/card.js';
import { Icon } from '/static/js/icons.js';
import { asked, change } from '/static/js/place.js';
import { t } from '/static/js/words.js';

// The second network that the address names, where there is another than the first.
export const second = (m) => explorer.value.models.find((one) => one.id === asked('m2', '') && one.id !== m) ?? null;

// Names as people compare them: "Egyptian_cat, tabby" is an Egyptian cat.
const plain = (name) => name.toLowerCase().replaceAll('_', ' ').split(',')[0].trim();

// One network's class in another network's list; null where it has none of that name.
export function matched(k, names, others) {
  if (k === null || names[k] === undefined) return null;
  const exact = others.indexOf(names[k]);
  const found = exact >= 0 ? exact : others.findIndex((one) => plain(one) === plain(names[k]));
  return found >= 0 ? found : null;
}

export function SecondPick({ m }) {
  const { models } = explorer.value;
  if (models.length < 2) return null;
  return html`<label class="pick"><span>${t('beside')}</span><select value=${second(m)?.id ?? ''} onChange=${(event) => change({ m2: event.target.value })}>
    <option value="">${t('beside.none')}</option>${models.filter((one) => one.id !== m).map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}</select></label>`;
}

// One method's two cards; each has its own scale, as networks measure in different units.
export function Pair({ photo, method, pixels, sides, name, onRemove }) {
  const title = explorer.value.titles[method];
  return html`<div class="pair" role="group" aria-label=${title} data-method=${method}>
    ${sides.map(({ m, targets, top }, i) => (targets.length
      ? html`<${Card} key=${m} photo=${photo} m=${m} method=${method} targets=${targets} predicted=${targets[0] === top} pixels=${pixels} network=${m} onRemove=${i === sides.length - 1 ? onRemove : null} />`
      : html`<article class="card" key=${m} aria-label=${`${title}, ${m}`} data-method=${method} data-state="none"><header><h3>${title}</h3><span class="where">${m}</span>
        <button class="icon small" onClick=${onRemove} title=${t('remove', { name: title })} aria-label=${t('remove', { name: title })}><${Icon} name="close" /></button></header>
        <p class="waiting">${t('beside.unknown', { network: m, name })}</p></article>`))}
  </div>`;
}
