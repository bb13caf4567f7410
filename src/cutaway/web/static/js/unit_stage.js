// A unit's map beside the photo: a place of the map shows what it sees, a pixel of the photo shows what sees it.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { Bar, colours, opacity } from '/static/js/controls.js';
import { Copies } from '/static/js/copies.js';
import { drawOn } from '/static/js/draw.js';
import { alone, rangeOf } from '/static/js/layer_data.js';
import { Cells, coloured } from '/static/js/layer_grid.js';
import { sized } from '/static/js/pixels.js';
import { change } from '/static/js/place.js';
import { number, t } from '/static/js/words.js';

const inside = (spans, at) => {
  const first = spans.findIndex(([from, to]) => from <= at && at < to);
  if (first < 0) return null;
  let last = first;
  while (last + 1 < spans.length && spans[last + 1][0] <= at && at < spans[last + 1][1]) last += 1;
  return [first, last];
};

// What is pointed at: a place of the map and its box in the photo, or a pixel of the photo and the places that see it.
export function pointed(maps, unit, at) {
  const [, rows, columns] = maps.shape;
  const value = (row, column) => maps.values[(unit * rows + row) * columns + column];
  if ('row' in at) {
    const box = maps.rows ? [maps.rows[at.row][0], maps.columns[at.column][0], maps.rows[at.row][1], maps.columns[at.column][1]] : null;
    return { cells: [at.row, at.column, at.row + 1, at.column + 1], box, value: value(at.row, at.column), ...at };
  }
  const y = inside(maps.rows, at.y);
  const x = inside(maps.columns, at.x);
  if (!y || !x) return { cells: null, box: null, pixel: at };
  let best = { row: y[0], column: x[0] };
  for (let row = y[0]; row <= y[1]; row += 1) {
    for (let column = x[0]; column <= x[1]; column += 1) if (value(row, column) > value(best.row, best.column)) best = { row, column };
  }
  return { cells: [y[0], x[0], y[1] + 1, x[1] + 1], box: null, pixel: at, count: (y[1] - y[0] + 1) * (x[1] - x[0] + 1), value: value(best.row, best.column), ...best };
}

export function Stage({ layer, unit, maps, image, spot, held }) {
  const hover = useRef(signal(null)).current;
  const [, rows, columns] = maps.shape;
  const [height, width] = maps.photo;
  const placed = maps.rows !== null;
  const shown = pointed(maps, unit, hover.value ?? spot);
  const one = rangeOf(maps, unit);
  const point = (event, high, wide) => {
    const box = event.currentTarget.getBoundingClientRect();
    return [high * (event.clientY - box.top) / box.height, wide * (event.clientX - box.left) / box.width].map((value, k) => Math.min(Math.max(Math.floor(value), 0), [high, wide][k] - 1));
  };
  const cell = (event) => { const [row, column] = point(event, rows, columns); return { row, column }; };
  const pixel = (event) => { const [y, x] = point(event, height, width); return { y, x }; };
  const hold = (at) => { if (at) change({ at: held && at.row === spot.row && at.column === spot.column ? '' : `${at.row},${at.column}` }, true); };
  const keys = (event) => {
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    change({ at: `${Math.min(Math.max(spot.row + by[0], 0), rows - 1)},${Math.min(Math.max(spot.column + by[1], 0), columns - 1)}` }, true);
  };
  const leave = () => { hover.value = null; };
  const title = t('unit.map', { layer: layer.name, n: unit });
  return html`<article class="stage panel" aria-label=${t('unit.where')}>
    <div class="two" style=${`--aspect:${width / height}`}>
      <figure><figcaption>${t('unit.on.photo')}</figcaption>
        <div class="probe" onPointerMove=${(event) => { if (placed) hover.value = pixel(event); }} onPointerLeave=${leave} onClick=${() => hold(shown.cells && { row: shown.row, column: shown.column })}>
          <${Overlay} maps=${maps} unit=${unit} image=${image} title=${title} />
          <svg viewBox=${`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">${shown.box ? html`<${Box} box=${shown.box} held=${held} name="box" />` : null}${shown.pixel ? html`<${Box} box=${[shown.pixel.y, shown.pixel.x, shown.pixel.y + 1, shown.pixel.x + 1]} name="pixel" />` : null}</svg>
        </div></figure>
      <figure><figcaption>${t('unit.cells', { size: `${rows} × ${columns}` })}</figcaption>
        <div class="probe" data-probe tabindex="0" role="group" aria-label=${t('unit.probe')} style=${`aspect-ratio:${width}/${height}`} onKeyDown=${keys}>
          <div class="map" style=${frame(maps)} onPointerMove=${(event) => { hover.value = cell(event); }} onPointerLeave=${leave} onClick=${() => hold(shown)}>
            <${Cells} maps=${maps} k=${unit} label=${title} own />
            <svg viewBox=${`0 0 ${columns} ${rows}`} preserveAspectRatio="none" aria-hidden="true">${shown.cells ? html`<${Box} box=${shown.cells} held=${held} name="cells" />` : null}</svg></div>
        </div></figure>
    </div>
    <p class="readout" role="status">${told(maps, shown, hover.value === null && !held)}</p>
    <footer class="legend"><p>${t(maps.sees === 'field' ? 'unit.hint' : maps.sees === 'more' ? 'unit.hint.more' : maps.sees === 'place' ? 'unit.hint.place' : 'unit.hint.all')}</p><span class="push" /><${Bar} low=${one[0]} high=${one[1]} name=${coloured(maps)} /><span class="copies"><${Copies} title=${title} code=${coded(maps.code, unit)} name=${`${layer.name}-${unit}`} picture=${(button) => button.closest('article').querySelector('.probe canvas')} /></span></footer>
  </article>`;
}

// The cells of a map lie in the photo as far apart as their steps are: drawn so, a place is below its place.
function frame(maps) {
  if (!maps.start) return 'inset:0';
  const [height, width] = maps.photo;
  const [, rows, columns] = maps.shape;
  const share = (value, of) => `${100 * value / of}%`;
  return `left:${share(maps.start[1] - maps.step[1] / 2, width)};top:${share(maps.start[0] - maps.step[0] / 2, height)};width:${share(columns * maps.step[1], width)};height:${share(rows * maps.step[0], height)}`;
}

const coded = (code, unit) => code.replace(/\)\.show\(\)$/, `, channels=[${unit}]).show()`);

function told(maps, shown, usual) {
  if (shown.pixel) {
    const at = { y: shown.pixel.y, x: shown.pixel.x };
    return shown.cells ? t('unit.seen', { ...at, n: shown.count, value: number(shown.value), row: shown.row, column: shown.column }) : t('unit.unseen', at);
  }
  const at = { row: shown.row, column: shown.column, value: number(shown.value) };
  const words = maps.shape[1] * maps.shape[2] === 1 ? t('unit.single', at) : t(usual ? 'unit.strongest' : 'unit.place', at);
  if (!shown.box) return words;
  const [top, left, bottom, right] = shown.box;
  return `${words} ${t(maps.sees === 'place' ? 'unit.lies' : 'unit.box', { h: bottom - top, w: right - left, top, left })}`;
}

function Box({ box: [top, left, bottom, right], held, name }) {
  const shape = { x: left, y: top, width: right - left, height: bottom - top };
  return html`<g data-name=${name} data-box=${[top, left, bottom, right].join()}><rect class="under" ...${shape} /><rect class=${held ? 'held' : 'over'} ...${shape} /></g>`;
}

function Overlay({ maps, unit, image, title }) {
  const canvas = useRef();
  useEffect(() => {
    const photo = sized(image, 900);
    const map = alone(maps, unit);
    if (!maps.start) { canvas.current.width = photo.width; canvas.current.height = photo.height; canvas.current.getContext('2d').putImageData(photo, 0, 0); return; }
    const [low, high] = rangeOf(maps, unit);
    drawOn(canvas.current, photo, map, { colours: colours(), opacity: opacity(), low, high });
    canvas.current.dataset.ready = '';
  }, [maps, unit, image, colours(), opacity()]);
  return html`<canvas ref=${canvas} width=${maps.photo[1]} height=${maps.photo[0]} role="img" aria-label=${title} />`;
}
