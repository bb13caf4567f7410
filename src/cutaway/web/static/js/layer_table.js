// The table of a network's layers, with its flow beside it.
import { html, useEffect, useRef } from '/static/vendor/preact.js';
import { thumb } from '/static/js/api.js';
import { Copies } from '/static/js/copies.js';
import { Icon } from '/static/js/icons.js';
import { follow, linkTo, photo, toLayer } from '/static/js/layer_data.js';
import { Piece, lanes } from '/static/js/layer_flow.js';
import { asked, change } from '/static/js/place.js';
import { language, number, t } from '/static/js/words.js';

const pair = (two, sign = ' × ') => (two === null ? '' : two[0] === two[1] ? number(two[0]) : two.map((one) => number(one)).join(sign));
export const sides = (shape) => shape.join(' × ');
export const seen = (layer) => (layer.field === null ? t('layers.whole') : `${layer.field.join(' × ')}${layer.whole ? ` + ${t('layers.whole')}` : ''}`);
const whole = (value) => new Intl.NumberFormat(language.value).format(value);
const short = (value) => new Intl.NumberFormat(language.value, { notation: 'compact', maximumSignificantDigits: 3 }).format(value);

const fits = (layer, words) => words.every((word) => layer.name.toLowerCase().includes(word) || layer.kind.toLowerCase().includes(word));

export function Table({ told }) {
  const searching = useRef();
  const { layers } = told;
  const flow = useRef(null);
  flow.current ??= lanes(layers);
  const wide = Math.min(16, 150 / flow.current.width);
  const words = asked('q', '').toLowerCase().split(/\s+/).filter(Boolean);
  const shown = layers.map((_, k) => k).filter((k) => fits(layers[k], words));
  const all = shown.length === layers.length;
  const dear = Math.max(1, ...layers.map((one) => one.macs));
  const heavy = Math.max(1, ...layers.map((one) => one.parameters));

  useEffect(() => {
    if (asked('find', '')) { searching.current.focus(); change({ find: '' }, true); }
  }, []);

  return html`
    <header class="heading"><div class="with">${photo() ? html`<img class="asked" src=${thumb(photo())} alt=${t('photo')} width="64" height="48" />` : null}<div><h1>${t('layers.title')}</h1><p class="lead">${told.title}</p></div></div>
      <label class="search"><${Icon} name="search" /><span class="unseen">${t('layers.search')}</span><input ref=${searching} data-search type="search" placeholder=${t('layers.search')} value=${asked('q', '')} onInput=${(event) => change({ q: event.target.value }, true)} onKeyDown=${(event) => {
        if (event.key === 'Enter' && shown.length) document.querySelector('.layer a')?.click();
        if (event.key === 'Escape') { change({ q: '' }, true); event.target.blur(); }
      }} /><kbd aria-hidden="true">/</kbd></label></header>
    ${told.notes.length ? html`<ul class="notes">${told.notes.map((note) => html`<li key=${note}>${note}</li>`)}</ul>` : null}
    <div class="sheet">
    <table>
      <caption class="unseen">${told.title}</caption>
      <thead><tr><th scope="col" class="flow"><span class="unseen">${t('layers.flow')}</span></th><th scope="col">${t('layers.layer')}</th><th scope="col" class="kind">${t('layers.kind')}</th><th scope="col" class="amount">${t('layers.shape')}</th><th scope="col" class="amount rare">${t('layers.parameters')}</th><th scope="col" class="amount rare">MACs</th><th scope="col" class="amount rare">${t('layers.window')}</th><th scope="col" class="amount sees">${t('layers.field')}</th></tr></thead>
      <tbody>${shown.map((k) => {
        const layer = layers[k];
        return html`<tr class="layer" key=${k} data-layer=${layer.name} onClick=${(event) => event.target.closest('a') || follow(toLayer(layer.id))(event)}>
          <td class="flow" style=${`width:${20 + wide * flow.current.width}px`}><svg width=${14 + wide * flow.current.width} height="32" aria-hidden="true"><${Piece} row=${flow.current.rows[k]} wide=${wide} layer=${layer} joined=${all} /></svg><span class="unseen">${reads(layers, layer)}</span></td>
          <th scope="row"><a href=${linkTo(toLayer(layer.id))} onClick=${follow(toLayer(layer.id))}>${layer.name}</a></th>
          <td class="kind">${layer.kind}</td>
          <td class="amount">${sides(layer.shape)}</td>
          <td class="amount rare"><${Share} of=${layer.parameters} most=${heavy} words=${whole} /></td>
          <td class="amount rare" title=${whole(layer.macs)}><${Share} of=${layer.macs} most=${dear} /></td>
          <td class="amount rare">${layer.kernel ? `${pair(layer.kernel)}${pair(layer.stride) !== '1' && layer.stride ? ` / ${pair(layer.stride)}` : ''}` : ''}</td>
          <td class="amount sees">${seen(layer)}</td></tr>`;
      })}</tbody>
    </table>
    ${shown.length ? null : html`<p class="waiting" role="status">${t('layers.none', { words: asked('q', '') })}</p>`}
    </div>
    <footer class="legend"><p><svg width="14" height="14" aria-hidden="true"><circle class="learned" cx="7" cy="7" r="4.500" /></svg>${t('layers.learned')} <svg width="14" height="14" aria-hidden="true"><circle class="plainly" cx="7" cy="7" r="4.500" /></svg>${t('layers.plain')} <svg width="14" height="14" aria-hidden="true"><path class="joins" d="M7 1l6 6-6 6-6-6Z" /></svg>${t('layers.joins')}</p>
      <span class="push" /><span>${all ? '' : t('layers.shown', { n: shown.length, all: layers.length })}</span><span class="copies"><${Copies} title=${t('layers.title')} code=${told.code} name="layers" /></span></footer>`;
}

function reads(layers, layer) {
  const from = layer.parents.map((p) => (p < 0 ? t('layers.input') : layers[p].name));
  return t('layers.reads', { names: from.join(', ') });
}

function Share({ of, most, words = short }) {
  return of ? html`<span class="share-of" style=${`--share:${Math.max(2, 100 * of / most)}%`}>${words(of)}</span>` : html`<span class="nothing">–</span>`;
}
