// A unit's page: where it fires in a photo, what made it fire there, and what else is known of it.
import { html, useLayoutEffect } from '/static/vendor/preact.js';
import { useAnswer } from '/static/js/answers.js';
import { model, thumb } from '/static/js/api.js';
import { Colours, Strength } from '/static/js/controls.js';
import { Icon } from '/static/js/icons.js';
import { linkTo, ordered, photo, sorting, toUnit } from '/static/js/layer_data.js';
import { Ask } from '/static/js/layer_grid.js';
import { loaded } from '/static/js/pixels.js';
import { asked, change, turn } from '/static/js/place.js';
import { typing } from '/static/js/shell.js';
import { FileButton } from '/static/js/sources.js';
import { Data } from '/static/js/unit_data.js';
import { Filter, Made } from '/static/js/unit_made.js';
import { Alike, Projections, Votes } from '/static/js/unit_photo.js';
import { Stage } from '/static/js/unit_stage.js';
import { t } from '/static/js/words.js';

const given = ({ id }) => change({ i: id, at: '' });

// The place that the address holds on to; null for the strongest one.
export function pinned(maps) {
  const [, row, column] = /^(\d{1,5}),(\d{1,5})$/.exec(asked('at', '')) ?? [];
  if (row === undefined || Number(row) >= maps.shape[1] || Number(column) >= maps.shape[2]) return null;
  return { row: Number(row), column: Number(column) };
}

export const strongest = (maps, k) => ({ row: Math.floor(maps.places[k] / maps.shape[2]), column: maps.places[k] % maps.shape[2] });

export function Unit({ m, layers, layer, unit, maps, error }) {
  const i = photo();
  const order = maps ? ordered(maps) : Array.from({ length: layer.channels }, (_, k) => k);
  const at = order.indexOf(unit);
  useLayoutEffect(() => {
    const press = (event) => {
      if (typing(event) || event.target.closest?.('[data-probe], [data-arrows]')) return;
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (by && order[at + by] !== undefined) { event.preventDefault(); step(layer, order[at + by]); }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [layer, order.join(), at]);

  return html`
    <div class="steer bar-of-grid">
      ${i ? html`<img class="asked" src=${thumb(i)} alt=${t('photo')} width="64" height="48" />` : null}
      ${i ? html`<${FileButton} small then=${given} />` : null}
      <span class="push" />
      ${maps?.start ? html`<${Strength} />` : null}${maps && maps.low >= 0 ? html`<${Colours} />` : null}
      <${Steps} layer=${layer} order=${order} at=${at} />
    </div>
    <div class="unit">
      <section class="stages" aria-label=${t('unit.where')}>
        ${error ? html`<p class="trouble" role="alert">${error}</p>` : i ? html`<${OnPhoto} m=${m} layer=${layer} unit=${unit} maps=${maps} id=${i} />` : html`<${Ask} layer=${layer} />`}
      </section>
      <div class="known">
        ${layer.plain ? html`<${Made} m=${m} layer=${layer} unit=${unit} />` : null}
        <${Filter} m=${m} layers=${layers} layer=${layer} unit=${unit} />
        <${Data} m=${m} layer=${layer} unit=${unit} />
      </div>
    </div>`;
}

// Back leads to where the reader came from, not through all the units.
const step = (layer, unit) => turn('layers', ...toUnit(layer.id, unit));

function Steps({ layer, order, at }) {
  const one = (to, name, word) => {
    const there = order[to] !== undefined;
    return html`<a class="icon" data-step=${name} aria-label=${word} title=${word} aria-disabled=${there ? null : 'true'} href=${there ? linkTo(toUnit(layer.id, order[to])) : null} onClick=${there ? (event) => { if (!(event.metaKey || event.ctrlKey || event.shiftKey || event.button)) { event.preventDefault(); step(layer, order[to]); } } : null}><${Icon} name=${name} /></a>`;
  };
  return html`<div class="steps"><b>${t('step.unit')}</b>${one(at - 1, 'before', t('unit.before'))}<span title=${t(`layers.sort.${sorting()}`)}>${at + 1} / ${order.length}</span>${one(at + 1, 'after', t('unit.after'))}</div>`;
}

function OnPhoto({ m, layer, unit, maps, id }) {
  const { found: image, error } = useAnswer(id, () => loaded(id));
  if (error) return html`<p class="trouble" role="alert">${error}</p>`;
  if (!maps || !image) return html`<p class="waiting" role="status">${t('layers.reading')}</p>`;
  const spot = pinned(maps) ?? strongest(maps, unit);
  return html`
    <${Stage} layer=${layer} unit=${unit} maps=${maps} image=${image} spot=${spot} held=${pinned(maps) !== null} />
    ${layer.plain ? html`<${Projections} m=${m} id=${id} layer=${layer} unit=${unit} maps=${maps} image=${image} spot=${spot} />` : null}
    ${model().classes ? html`<${Votes} m=${m} id=${id} layer=${layer} unit=${unit} />` : null}
    <${Alike} layer=${layer} unit=${unit} maps=${maps} />`;
}
