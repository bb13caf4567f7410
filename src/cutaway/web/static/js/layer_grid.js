// All channels of a layer for one photo: raw numbers, coloured here.
import { html, useEffect, useRef } from '/static/vendor/preact.js';
import { thumb } from '/static/js/api.js';
import { Bar, Choice, Colours, colours } from '/static/js/controls.js';
import { Copies } from '/static/js/copies.js';
import { drawCells } from '/static/js/draw.js';
import { SORTS, follow, likeness, linkTo, nearTo, ordered, rangeOf, sorting, toUnit } from '/static/js/layer_data.js';
import { asked, change } from '/static/js/place.js';
import { Chooser, FileButton } from '/static/js/sources.js';
import { correlation, number, t } from '/static/js/words.js';

export const each = () => asked('scale', '') === 'each';
export const coloured = (maps) => (maps.low < 0 ? 'diverging' : colours());
const given = ({ id }) => change({ i: id, at: '' });

// What is far below the window is drawn when it comes near.
const near = new IntersectionObserver((entries) => entries.forEach((entry) => { if (entry.isIntersecting) entry.target.draw?.(); }), { rootMargin: '500px' });

export function Cells({ maps, k, label, own = each() }) {
  const canvas = useRef();
  const name = coloured(maps);
  useEffect(() => {
    const one = canvas.current;
    one.draw = () => { one.draw = null; drawCells(one, maps, k, name, ...rangeOf(maps, own ? k : -1)); one.dataset.ready = ''; };
    near.observe(one);
    return () => near.unobserve(one);
  }, [maps, k, name, own]);
  const [, rows, columns] = maps.shape;
  return html`<canvas ref=${canvas} width=${columns} height=${rows} style=${`aspect-ratio:${columns}/${rows}`} data-coarse=${columns < 60 ? '' : null} role=${label ? 'img' : null} aria-label=${label ?? null} aria-hidden=${label ? null : 'true'} />`;
}

export function Tile({ layer, maps, k, words, own }) {
  const where = toUnit(layer.id, k);
  return html`<a class="tile" data-unit=${k} href=${linkTo(where)} onClick=${follow(where)}><${Cells} maps=${maps} k=${k} own=${own} /><span class="words"><b><span class="unseen">${t('layers.channel', { n: '' })}</span>${k}</b><span>${words}</span></span></a>`;
}

export function Grid({ layer, maps, photo }) {
  const sort = sorting();
  const order = ordered(maps, sort);
  const chosen = sort === 'similar' ? nearTo(maps) : null;
  const like = chosen === null ? null : likeness(maps, chosen);
  const silent = maps.low >= 0 ? maps.peaks.filter((value) => value === 0).length : 0;
  const [low, high] = rangeOf(maps);
  const [count, rows, columns] = maps.shape;
  const words = (k) => (like ? (k === chosen ? t('layers.chosen') : Number.isNaN(like[k]) ? '–' : `r ${correlation(like[k])}`) : number(maps.peaks[k]));
  return html`
    <div class="steer bar-of-grid">
      <img class="asked" src=${thumb(photo)} alt=${t('photo')} width="64" height="48" />
      <${FileButton} small then=${given} />
      <span class="push" />
      <label class="pick"><span>${t('layers.sort')}</span><select data-sort value=${sort} onChange=${(event) => change({ sort: event.target.value === 'strength' ? '' : event.target.value }, true)}>${SORTS.map((one) => html`<option key=${one} value=${one}>${t(`layers.sort.${one}`)}</option>`)}</select></label>
      ${chosen === null ? null : html`<label class="pick"><span>${t('layers.to')}</span><input class="count" inputmode="numeric" value=${chosen} aria-label=${t('layers.near')} onChange=${(event) => change({ near: event.target.value }, true)} /></label>`}
      <${Choice} name="scale" legend=${t('layers.scale')} value=${each() ? 'each' : 'one'} onChoose=${(one) => change({ scale: one === 'each' ? 'each' : '' }, true)} options=${[['one', t('layers.scale.one')], ['each', t('layers.scale.each')]]} />
      ${maps.low < 0 ? null : html`<${Colours} />`}
    </div>
    <section class="grid" style=${`--tile:${rows * columns === 1 ? 64 : columns > rows * 1.15 ? 116 : 100}px`} aria-label=${t('layers.channels', { n: count })} onKeyDown=${walk}>
      ${order.map((k) => html`<${Tile} key=${k} layer=${layer} maps=${maps} k=${k} words=${words(k)} />`)}
    </section>
    <footer class="legend"><p>${t(rows * columns === 1 ? 'layers.caption.single' : 'layers.caption', { n: count, size: `${rows} × ${columns}` })} ${t(each() ? 'layers.caption.each' : maps.low < 0 ? 'layers.caption.signed' : 'layers.caption.one', { low: number(low), high: number(high) })}${silent ? ` ${t('layers.caption.silent', { n: silent })}` : ''}${maps.packing === 'byte' ? ` ${t('layers.caption.bytes')}` : ''}</p>
      <span class="push" />${each() ? null : html`<${Bar} low=${low} high=${high} name=${coloured(maps)} />`}<span class="copies"><${Copies} title=${layer.name} code=${maps.code} name=${`${layer.name}-channels`} picture=${() => sheet(maps, order)} /></span></footer>`;
}

export function Ask({ layer }) {
  return html`<section class="asking"><p class="lead">${t('layers.ask', { name: layer.name })}</p><${Chooser} then=${given} /></section>`;
}

// Arrows go from tile to tile.
function walk(event) {
  const tile = event.target.closest('.tile');
  if (!tile || !event.key.startsWith('Arrow')) return;
  const all = [...event.currentTarget.querySelectorAll('.tile')];
  const wide = all.findIndex((one) => one.offsetTop > all[0].offsetTop);
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -Math.max(1, wide), ArrowDown: Math.max(1, wide) }[event.key];
  const next = all[all.indexOf(tile) + by];
  if (next) { event.preventDefault(); next.focus(); }
}

// The whole grid as one picture: every cell a pixel, or several.
function sheet(maps, order) {
  const [count, rows, columns] = maps.shape;
  const zoom = Math.max(1, Math.round(48 / columns));
  const across = Math.ceil(Math.sqrt(count * rows / columns));
  const canvas = document.createElement('canvas');
  canvas.width = across * (columns * zoom + 2) - 2;
  canvas.height = Math.ceil(count / across) * (rows * zoom + 2) - 2;
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.fillStyle = '#808080';
  context.fillRect(0, 0, canvas.width, canvas.height);
  const cell = document.createElement('canvas');
  order.forEach((k, i) => {
    drawCells(cell, maps, k, coloured(maps), ...rangeOf(maps, each() ? k : -1));
    context.drawImage(cell, (i % across) * (columns * zoom + 2), Math.floor(i / across) * (rows * zoom + 2), columns * zoom, rows * zoom);
  });
  return canvas;
}
