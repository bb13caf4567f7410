// What is known of a unit without any photo: an image made to excite it, one to silence it, and its filter.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { useAnswer } from '/static/js/answers.js';
import { json, numbers, post } from '/static/js/api.js';
import { Copies } from '/static/js/copies.js';
import { drawCells, drawColours } from '/static/js/draw.js';
import { address, follow, linkTo, toUnit } from '/static/js/layer_data.js';
import { Cancelled, Progress, awaitJob } from '/static/js/working.js';
import { number, t } from '/static/js/words.js';

export function Made({ m, layer, unit }) {
  return html`<article class="panel" aria-label=${t('unit.image')}><h2>${t('unit.image')}</h2>
    <div class="strip">${[false, true].map((negative) => html`<${Image} key=${`${m} ${layer.id} ${unit} ${negative}`} m=${m} layer=${layer} unit=${unit} negative=${negative} />`)}</div>
    <p class="hint">${t('unit.image.hint')}</p></article>`;
}

function Image({ m, layer, unit, negative }) {
  const state = useRef(signal({})).current;
  const stop = useRef(() => {});
  const canvas = useRef();
  const path = address(layer.id, `units/${unit}/image`);
  const name = negative ? 'negative' : 'positive';
  const wait = (starting) => {
    stop.current();
    // Made for good, and kept: it goes on while the reader looks elsewhere.
    stop.current = awaitJob(starting, (told) => { state.value = told; }, { drop: false });
  };
  useEffect(() => {
    let current = true;
    json(`${path}?m=${m}&negative=${negative}`).then(({ job }) => {
      if (current && job && job.state !== 'cancelled' && job.state !== 'failed') wait(Promise.resolve(job));
    }).catch(() => {});
    return () => { current = false; stop.current(); };
  }, [path, m, negative]);
  const { map, job, error, cancelled } = state.value;
  useEffect(() => { if (map) { drawColours(canvas.current, map, 0, 1); canvas.current.dataset.ready = ''; } }, [map]);
  const make = () => wait(post(path, { model: m, negative }));
  const title = t(`unit.${name}`);
  return html`<figure data-image=${name} data-state=${error ? 'failed' : map ? 'done' : job ? job.state : cancelled ? 'cancelled' : 'none'}>
    <div class="blank"><canvas ref=${canvas} width="128" height="128" role="img" aria-label=${title} hidden=${!map} />
      ${map ? null : job ? html`<${Progress} job=${job} label=${title} />` : cancelled ? html`<${Cancelled} onAgain=${make} />` : error ? html`<p class="trouble" role="alert">${error}</p>` : html`<button class="plain small" data-make=${name} onClick=${make}>${t('unit.make')}</button>`}</div>
    <figcaption><b>${title}</b>${map ? html`<span class="copies"><${Copies} title=${title} code=${map.code} name=${`${layer.name}-${unit}-${name}`} picture=${(button) => button.closest('figure').querySelector('canvas')} /></span>` : null}
      <span class="proof">${map ? t(negative ? 'unit.reaches.least' : 'unit.reaches', { value: number(negative ? map.min : map.max), mean: number(map.mean), of: map.before_activation ? map.ascended : '' }) : ' '}</span></figcaption></figure>`;
}

export function Filter({ m, layers, layer, unit }) {
  const { found, before, error } = useAnswer(`${m} ${layer.id} ${unit}`, () => numbers(address(layer.id, `units/${unit}/filter?m=${m}`)));
  const told = found ?? before;
  return html`<article class="panel" aria-label=${t('unit.filter')}><h2>${t('unit.filter')}</h2>
    ${error ? html`<p class="hint">${error}</p>` : !told ? html`<p class="hint">${t('working')}</p>` : told.shape[0] ? html`<${Kernel} told=${told} layers=${layers} />` : html`<p class="hint">${told.made_by}.</p>`}</article>`;
}

function Kernel({ told, layers }) {
  const from = layers.find((one) => one.name === told.reads);
  return html`<div class="kernels" data-colours=${told.colours ? '' : null}>
    ${told.colours
      ? html`<${Plane} told=${told} k=${-1} label=${t('unit.filter')} />`
      : told.inputs.map((one, k) => html`<span class="kernel" key=${one.channel}><${Plane} told=${told} k=${k} />${from ? html`<a href=${linkTo(toUnit(from.id, one.channel))} onClick=${follow(toUnit(from.id, one.channel))} title=${`${from.name} ${one.channel}`}>${one.channel}</a>` : html`<span>${one.channel}</span>`}</span>`)}</div>
    <div class="legend"><p class="hint">${told.made_by}. ${told.colours ? t('unit.filter.colours', { size: told.whole_shape.join(' × ') }) : t('unit.filter.inputs', { size: told.whole_shape.join(' × '), n: told.shape[0], of: told.reads, reach: number(told.high) })}</p><span class="push" /><span class="copies"><${Copies} title=${t('unit.filter')} code=${told.code} name="filter" picture=${(button) => button.closest('article').querySelector('canvas')} /></span></div>`;
}

function Plane({ told, k, label }) {
  const canvas = useRef();
  useEffect(() => {
    if (k < 0) drawColours(canvas.current, told, told.low, told.high);
    else drawCells(canvas.current, told, k, 'gray', told.low, told.high);
    canvas.current.dataset.ready = '';
  }, [told, k]);
  return html`<canvas ref=${canvas} width=${told.shape[2]} height=${told.shape[1]} role=${label ? 'img' : null} aria-label=${label ?? null} aria-hidden=${label ? null : 'true'} />`;
}
