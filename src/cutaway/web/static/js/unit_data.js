// What the photos of an open index tell of a unit.
import { html, signal, useRef } from '/static/vendor/preact.js';
import { useAnswer } from '/static/js/answers.js';
import { explorer, json, model } from '/static/js/api.js';
import { Choice } from '/static/js/controls.js';
import { Copies } from '/static/js/copies.js';
import { address, follow, linkTo, toUnit } from '/static/js/layer_data.js';
import { asked, change } from '/static/js/place.js';
import { correlation, number, t } from '/static/js/words.js';

export function Data({ m, layer, unit }) {
  const fitting = explorer.value.indexes.filter((one) => one.models.includes(m));
  const kept = layer.indexes;
  // What the command line was given is not known of a network of one's own.
  const named = model().name === model().id ? model().name : 'FILE.py:build';
  const x = kept.includes(asked('x', '')) ? asked('x', '') : kept[0];
  return html`<article class="panel data" aria-label=${t('unit.data')}>
    <div class="titled"><h2>${t('unit.data')}</h2>${kept.length > 1 ? html`<label class="pick"><span class="unseen">${t('unit.index')}</span><select value=${x} onChange=${(event) => change({ x: event.target.value }, true)}>${kept.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></label>` : null}</div>
    ${kept.length ? html`<${Known} m=${m} x=${x} layer=${layer} unit=${unit} />` : fitting.length ? html`<p class="hint">${t('unit.not.kept', { index: fitting[0].id, layers: fitting[0].layers.join(', ') })}</p>` : html`<p class="hint">${t('unit.no.index')}</p><pre tabindex="0">cutaway scan PHOTOS --model ${named} --out index${'\n'}cutaway serve --model ${named} --index index</pre>`}
  </article>`;
}

function Known({ m, x, layer, unit }) {
  const { found, before, error } = useAnswer(`${m} ${x} ${layer.id} ${unit}`, async () => ({ ...await json(address(layer.id, `units/${unit}/data?m=${m}&x=${x}`)), unit }));
  const whole = useRef(signal('patch')).current;
  const told = found ?? before;
  if (error) return html`<p class="trouble" role="alert">${error}</p>`;
  if (!told) return html`<p class="hint">${t('working')}</p>`;
  const path = (k, rank, more = '') => address(layer.id, `units/${k}/patches/${rank}?m=${m}&x=${x}${more}`);
  const many = { fires: number(told.fires, 6), photos: number(told.photos, 6) };
  return html`
    <p>${told.fires ? t('unit.fires', { ...many, median: number(told.quantiles['50 %']), most: number(told.most) }) : t('unit.silent', many)}</p>
    ${told.strongest.length ? html`
      <div class="titled"><h3>${t('unit.patches')}</h3><${Choice} name="whole" legend=${t('unit.patches')} value=${whole.value} onChoose=${(one) => { whole.value = one; }} options=${[['patch', t('unit.cut')], ['photo', t('unit.in.photo')]]} /></div>
      <ol class="patches">${told.strongest.map((row, rank) => html`<li key=${rank}><${Patch} row=${row} whole=${whole.value === 'photo'} path=${path(told.unit, rank, whole.value === 'photo' ? '&whole=true' : '')} /></li>`)}</ol>
      <h3>${t('unit.spread')}</h3><${Histogram} told=${told} />` : null}
    ${told.labels.length ? html`<h3>${t('unit.labels')}</h3><table class="labels"><thead><tr><th scope="col">${t('unit.label')}</th><th scope="col" class="amount">${t('unit.photos')}</th><th scope="col" class="amount" title=${t('unit.precision.title')}>${t('unit.precision')}</th><th scope="col" class="amount">${t('unit.chance')}</th></tr></thead><tbody>${told.labels.map((one) => html`<tr key=${one.label}><th scope="row">${one.label}</th><td class="amount">${one.own} / ${told.strongest.length}</td><td class="amount">${number(one.precision, 2)}</td><td class="amount">${number(one.chance, 2)}</td></tr>`)}</tbody></table>` : null}
    ${told.alike.length ? html`<h3>${t('unit.together')}</h3><div class="grid few" data-alike>${told.alike.map((one) => html`<a class="tile" key=${one.unit} data-unit=${one.unit} href=${linkTo(toUnit(layer.id, one.unit))} onClick=${follow(toUnit(layer.id, one.unit))}><img src=${path(one.unit, 0)} alt="" width="100" height="100" loading="lazy" /><span class="words"><b><span class="unseen">${t('layers.channel', { n: '' })}</span>${one.unit}</b><span>r ${correlation(one.r)}</span></span></a>`)}</div>` : null}
    <div class="legend"><p class="hint">${t('unit.data.hint', { index: x })}</p><span class="push" /><span class="copies"><${Copies} title=${t('unit.data')} code=${told.code} /></span></div>`;
}

function Patch({ row, whole, path }) {
  const [top, left, bottom, right] = row.box;
  const [height, width] = row.size;
  const words = `${number(row.value)}${row.label ? ` · ${row.label}` : ''}`;
  const [high, wide] = whole ? row.size : [bottom - top, right - left];
  // In the middle of a square, so that rows of them line up.
  return html`<figure class="patch"><div class="square"><div class="frame" style=${`aspect-ratio:${wide}/${high};width:${100 * Math.min(1, wide / high)}%`}><img key=${path} src=${path} alt=${`${row.name}: ${words}`} />
    ${whole ? html`<svg viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true"><g data-box=${row.box.join()}><rect class="under" x=${left} y=${top} width=${right - left} height=${bottom - top} /><rect class="over" x=${left} y=${top} width=${right - left} height=${bottom - top} /></g></svg>` : null}</div></div><figcaption><b>${number(row.value)}</b> ${row.label}</figcaption></figure>`;
}

function Histogram({ told }) {
  const most = Math.max(...told.counts, 1);
  const wide = 320 / told.counts.length;
  const share = (value) => Math.min(Math.max((value - told.edges[0]) / (told.edges.at(-1) - told.edges[0] || 1), 0), 1);
  return html`<figure class="spread"><svg viewBox="0 0 320 72" preserveAspectRatio="none" role="img" aria-label=${t('unit.spread')}>${told.counts.map((count, k) => html`<rect key=${k} x=${k * wide + 0.5} y=${72 - 68 * count / most} width=${wide - 1} height=${68 * count / most} />`)}</svg>
    <figcaption><span>${number(told.edges[0])}</span><span>${t('unit.tallest', { n: most })}</span><span>${number(told.edges.at(-1))}</span></figcaption></figure>`;
}
