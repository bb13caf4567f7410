// What one photo tells of a unit: what made it fire, which classes it moves, which units fire in the same places.
import { html, useEffect, useRef } from '/static/vendor/preact.js';
import { useAnswer } from '/static/js/answers.js';
import { json, numbers } from '/static/js/api.js';
import { Copies } from '/static/js/copies.js';
import { drawOn } from '/static/js/draw.js';
import { address, follow, likeness, linkTo, toLayer } from '/static/js/layer_data.js';
import { Tile } from '/static/js/layer_grid.js';
import { correlation, number, percent, t } from '/static/js/words.js';

const TILE = 320;
const WAYS = ['deconvnet', 'guided'];

export function Projections({ m, id, layer, unit, maps, image, spot }) {
  const at = maps.shape[1] * maps.shape[2] > 1 || maps.rows ? `&row=${spot.row}&column=${spot.column}` : '';
  const key = `${m} ${id} ${layer.id} ${unit} ${at}`;
  const quiet = maps.values[(unit * maps.shape[1] + spot.row) * maps.shape[2] + spot.column] === 0;
  return html`<article class="panel projections" aria-label=${t('unit.made')}><h2>${t('unit.made')}</h2>
    ${quiet ? html`<p class="hint">${t('unit.quiet')}</p>` : html`<div class="strip">${WAYS.map((way) => html`<${Projection} key=${way} way=${way} question=${key} path=${address(layer.id, `units/${unit}/projections/${way}?m=${m}&i=${id}${at}`)} image=${image} first=${way === WAYS[0]} />`)}</div><p class="hint">${t('unit.made.hint')}</p>`}</article>`;
}

function Projection({ way, question, path, image, first }) {
  const { found, before, error } = useAnswer(question, () => numbers(path));
  const map = found ?? before;
  const patch = useRef();
  const canvas = useRef();
  useEffect(() => {
    if (!map) return;
    const [height, width] = map.photo;
    const zoom = TILE / Math.max(height, width);
    const size = { width: Math.max(1, Math.round(width * zoom)), height: Math.max(1, Math.round(height * zoom)) };
    drawOn(canvas.current, size, map);
    canvas.current.dataset.ready = '';
    if (!patch.current) return;
    Object.assign(patch.current, size);
    const context = patch.current.getContext('2d');
    context.imageSmoothingQuality = 'high';
    context.drawImage(image, map.box[1], map.box[0], width, height, 0, 0, size.width, size.height);
  }, [map, image]);
  const title = t(`unit.${way}`);
  if (error) return first ? html`<p class="trouble" role="alert">${error}</p>` : null;
  return html`${first ? html`<figure><canvas ref=${patch} width=${TILE} height=${TILE} role="img" aria-label=${t('unit.patch')} /><figcaption><b>${t('unit.patch')}</b><span>${map ? `${map.box[2] - map.box[0]} × ${map.box[3] - map.box[1]}` : ' '}</span></figcaption></figure>` : null}
    <figure data-way=${way} aria-busy=${found ? null : 'true'}><canvas ref=${canvas} width=${TILE} height=${TILE} role="img" aria-label=${title} /><figcaption><b>${title}</b><span class="copies"><${Copies} title=${title} ready=${Boolean(found)} code=${map?.code} name=${way} picture=${(button) => button.closest('figure').querySelector('canvas')} /></span>
      <span class="proof" title=${t('unit.proof.title')}>${map ? t('unit.proof', { shown: change(map.fall_shown), others: change(map.fall_others) }) : ' '}</span></figcaption></figure>`;
}

const change = (fall) => (fall === null ? '–' : `${fall > 0 ? '−' : '+'}${percent(Math.abs(fall), 0)}`);

export function Votes({ m, id, layer, unit }) {
  const { found, before, error } = useAnswer(`${m} ${id} ${layer.id} ${unit}`, () => json(address(layer.id, `units/${unit}/votes?m=${m}&i=${id}`)));
  const told = found ?? before;
  const most = told ? Math.max(...[...told.helps, ...told.hurts].map((one) => Math.abs(one.fall)), 1e-9) : 1;
  const side = (name) => html`<div><h3>${t(`unit.${name}`)}</h3>${told[name].length ? html`<ol class="votes">${told[name].map((one) => html`<li key=${one.index} data-class=${one.index}><span class="name">${one.label}</span><span class="share">${number(Math.abs(one.fall), 2)}</span><i class=${name} style=${`width:${100 * Math.abs(one.fall) / most}%`} /></li>`)}</ol>` : html`<p class="hint">${t('unit.no.votes')}</p>`}</div>`;
  return html`<article class="panel" aria-label=${t('unit.votes')}><h2>${t('unit.votes')}</h2>
    ${error ? html`<p class="hint">${error}</p>` : told ? html`<div class="halves">${side('helps')}${side('hurts')}</div><p class="hint">${t('unit.votes.hint', { name: told.top.label, score: number(told.top.score), without: number(told.top.score - told.top.fall) })}</p>` : html`<p class="hint">${t('working')}</p>`}</article>`;
}

export function Alike({ layer, unit, maps }) {
  if (maps.shape[0] < 2 || maps.shape[1] * maps.shape[2] < 2) return null;
  const like = likeness(maps, unit);
  const order = Array.from(like, (r, k) => [k, r]).filter(([k, r]) => k !== unit && !Number.isNaN(r)).sort((a, b) => b[1] - a[1]).slice(0, 6);
  const all = toLayer(layer.id, { sort: 'similar', near: String(unit) });
  return html`<article class="panel" aria-label=${t('unit.alike')}><h2>${t('unit.alike')}</h2>
    ${order.length ? html`<div class="grid few">${order.map(([k, r]) => html`<${Tile} key=${k} layer=${layer} maps=${maps} k=${k} words=${`r ${correlation(r)}`} own />`)}</div>` : html`<p class="hint">${t('unit.alike.none')}</p>`}
    <p class="hint">${t('unit.alike.hint')} <a href=${linkTo(all)} onClick=${follow(all)}>${t('unit.alike.all')}</a></p></article>`;
}
