// Layers: what a network is made of, what each layer answers to a photo, and everything that is known of a unit.
import { html, useLayoutEffect } from '/static/vendor/preact.js';
import { useAnswer } from '/static/js/answers.js';
import { model } from '/static/js/api.js';
import { Icon } from '/static/js/icons.js';
import { follow, goTo, linkTo, mapsOf, photo, tableOf, toLayer, toTable } from '/static/js/layer_data.js';
import { Ask, Grid } from '/static/js/layer_grid.js';
import { Table, seen, sides } from '/static/js/layer_table.js';
import { change, part } from '/static/js/place.js';
import { typing } from '/static/js/shell.js';
import { DropShade, FileButton, useDropAndPaste } from '/static/js/sources.js';
import { Unit } from '/static/js/unit.js';
import { number, t } from '/static/js/words.js';

const given = ({ id }) => change({ i: id, at: '' });

export function Layers() {
  useDropAndPaste(given);
  const m = model().id;
  const { found, error } = useAnswer(m, () => tableOf(m));
  const layers = found?.layers ?? [];
  const wanted = part(0);
  const at = layers.findIndex((one) => one.id === wanted || one.id === found.names[wanted]);
  useKeys(layers, at);
  if (error) return html`<p class="trouble" role="alert">${error}</p>`;
  if (!found) return html`<p class="waiting" role="status">${t('layers.reading')}</p>`;
  if (wanted && at < 0) return html`<${Gone} wanted=${wanted} />`;
  return html`${wanted ? html`<${Layer} key=${`${m} ${wanted}`} m=${m} layers=${layers} at=${at} />` : html`<${Table} key=${m} told=${found} />`}<${DropShade} word="layers.drop" />`;
}

function useKeys(layers, at) {
  useLayoutEffect(() => {
    const press = (event) => {
      if (typing(event)) return;
      if (event.key === '/') {
        event.preventDefault();
        const search = document.querySelector('[data-search]');
        if (search) search.focus();
        else { const [parts, query] = toTable(); goTo([parts, { ...query, find: 1 }]); }
      }
      if ((event.key === '[' || event.key === ']') && layers.length) {
        const next = at < 0 ? (event.key === ']' ? 0 : layers.length - 1) : at + (event.key === ']' ? 1 : -1);
        if (layers[next]) goTo(toLayer(layers[next].id, { near: '' }));
      }
      if (event.key === 'Escape' && part(0)) goTo(part(1) ? toLayer(part(0)) : toTable());
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [layers, at]);
}

function Gone({ wanted }) {
  return html`<section class="empty"><h1>${t('layers.title')}</h1><p class="trouble" role="alert">${t('layers.gone', { name: wanted })}</p>
    <p class="lead"><a href=${linkTo(toTable())} onClick=${follow(toTable())}>${t('layers.all')}</a></p></section>`;
}

function Layer({ m, layers, at }) {
  const layer = layers[at];
  const i = photo();
  const unit = /^\d{1,7}$/.test(part(1)) ? Number(part(1)) : part(1) ? -1 : null;
  const { found, before, error } = useAnswer(`${i} ${layer.id}`, () => (i ? mapsOf(m, layer.id, i) : Promise.resolve(null)));
  const maps = found ?? (i ? before : null);
  if (unit !== null && (unit < 0 || unit >= layer.channels)) return html`<${Gone} wanted=${`${layer.name} ${part(1)}`} />`;
  const head = html`<${Heading} layers=${layers} at=${at} unit=${unit} />`;
  if (unit !== null) return html`${head}<${Unit} m=${m} layers=${layers} layer=${layer} unit=${unit} maps=${maps} error=${error} />`;
  if (error) return html`${head}<p class="trouble" role="alert">${error}</p>${i ? html`<div class="row"><${FileButton} then=${given} /></div>` : null}`;
  if (!i) return html`${head}<${Ask} layer=${layer} />`;
  if (!maps) return html`${head}<p class="waiting" role="status">${t('layers.reading')}</p>`;
  return html`${head}<${Grid} layer=${layer} maps=${maps} photo=${i} />`;
}

function Heading({ layers, at, unit }) {
  const layer = layers[at];
  const step = (to, name, word) => html`<a class="icon" aria-label=${word} title=${word} aria-disabled=${layers[to] ? null : 'true'} href=${layers[to] ? linkTo(toLayer(layers[to].id, { near: '' })) : null} onClick=${layers[to] ? follow(toLayer(layers[to].id, { near: '' })) : null}><${Icon} name=${name} /></a>`;
  return html`<header class="heading"><div>
      <nav class="crumbs" aria-label=${t('layers.where')}><a href=${linkTo(toTable())} onClick=${follow(toTable())}>${t('layers.title')}</a>${unit === null ? null : html`<span aria-hidden="true">/</span><a href=${linkTo(toLayer(layer.id))} onClick=${follow(toLayer(layer.id))}>${layer.name}</a>`}</nav>
      <h1>${unit === null ? layer.name : t('layers.channel', { n: unit })}</h1>
      <p class="facts">${unit === null ? null : html`<span>${layer.name}</span>`}<span>${layer.kind}</span><span>${sides(layer.shape)}</span>${layer.parameters ? html`<span>${t('layers.weighs', { n: number(layer.parameters, 4) })}</span>` : null}<span>${layer.field ? t('layers.sees', { field: seen(layer) }) : t('layers.sees.all')}</span></p></div>
    <div class="steps">${unit === null ? null : html`<b>${t('step.layer')}</b>`}${step(at - 1, 'before', t('layers.before'))}<span>${at + 1} / ${layers.length}</span>${step(at + 1, 'after', t('layers.after'))}</div></header>`;
}
