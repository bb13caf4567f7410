// Explain's masks: the object cut out by a map, or a place drawn by hand; and how much of each map's evidence lies in it.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { explorer } from '/static/js/api.js';
import { obtain } from '/static/js/card.js';
import { Choice } from '/static/js/controls.js';
import { copyPicture, copyText } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { area, box, drawCutout, drawn, fetched, inside, placed, readShapes, spellShapes, thresholded } from '/static/js/mask_numbers.js';
import { asked, change } from '/static/js/place.js';
import { percent, t } from '/static/js/words.js';
import { Cancelled } from '/static/js/working.js';

const HOWS = ['share', 'otsu', 'grabcut', 'hand'];
const TOOLS = ['r', 'b', 'e'];
const tool = signal('r');
const thick = signal(60);

const how = () => (HOWS.includes(asked('how', '')) ? asked('how', '') : 'share');
const level = () => {
  const given = Number.parseFloat(asked('l', '0.5'));
  return Number.isFinite(given) ? Math.min(Math.max(given, 0), 1) : 0.5;
};

export function Mask({ photo, m, target, label, methods, pixels, about }) {
  const canvas = useRef();
  const maps = useRef(signal({})).current;
  const made = useRef(signal({})).current; // by the server: {key, mask} or {key, error}
  const draft = useRef(signal(null)).current; // the shape that is being drawn
  const { width, height } = pixels;
  const now = how();
  const served = now === 'otsu' || now === 'grabcut';
  // What the server cuts by is measured at once: no slow map.
  const quick = methods.filter((one) => explorer.value.quick.includes(one));
  const offered = !served ? methods : quick.length ? quick : explorer.value.quick.slice(0, 1);
  const by = offered.includes(asked('by', '')) ? asked('by', '') : offered[0];

  const stops = useRef({}).current;
  const ask = (method) => {
    stops[method]?.();
    stops[method] = obtain({ photo, m, method, target, full: false }, ({ map, error, cancelled }) => {
      if (map) maps.value = { ...maps.value, [method]: { map, values: placed(map, width, height) } };
      else if (error || cancelled || maps.value[method]) maps.value = { ...maps.value, [method]: { error, cancelled } };
    });
  };
  useEffect(() => {
    maps.value = {};
    methods.forEach(ask);
    return () => { for (const method of Object.keys(stops)) { stops[method](); delete stops[method]; } };
  }, [photo, m, target, methods.join(), pixels]);

  const key = [photo, m, target, by, now].join();
  useEffect(() => {
    if (!served) return undefined;
    let current = true;
    fetched(`/api/photos/${photo}/masks/${now}?m=${m}&c=${target}&method=${encodeURIComponent(by)}`, width, height)
      .then((mask) => { if (current) made.value = { key, mask }; })
      .catch((error) => { if (current) made.value = { key, error: error.message }; });
    return () => { current = false; };
  }, [key]);

  const shapes = readShapes(asked('shapes', ''));
  const own = maps.value[by];
  const found = made.value.key === key ? made.value : {};
  const mask = now === 'hand' ? drawn(draft.value ? [...shapes, draft.value] : shapes, width, height)
    : now === 'share' ? own?.values && thresholded(own.values, width, height, level())
    : found.mask;
  const error = now === 'hand' ? null : own?.error ?? found.error;
  useEffect(() => { if (mask) drawCutout(canvas.current, pixels, mask); });

  const edges = mask && box(mask, width, height);
  const share = mask ? area(mask) : null;
  return html`<div class="masking">
    <figure class="card stage">
      <div class="sheet" style=${`aspect-ratio: ${width} / ${height}; max-width: calc((100vh - 230px) * ${width / height})`}>
        <canvas ref=${canvas} width=${width} height=${height} role="img" data-ready=${mask ? '' : null} data-drawing=${now === 'hand' ? tool.value : null}
          aria-label=${mask ? t('mask.of', { name: label, share: percent(share, 0) }) : t('working')} ...${now === 'hand' ? drawing(draft, shapes) : {}} />
        ${error ? html`<p class="trouble" role="alert">${error}</p>` : own?.cancelled && now !== 'hand' ? html`<${Cancelled} onAgain=${() => ask(by)} />` : null}
      </div>
      <figcaption><span>${mask ? (edges ? t('mask.told', { share: percent(share, 1), box: inPhoto(edges, pixels, about).join(', ') }) : t(now === 'hand' ? 'mask.draw' : 'mask.empty')) : own?.cancelled ? t('cancelled') : t('working')}</span>
        <span class="takes">
          <button class="icon small" disabled=${!mask} title=${t('copy.picture')} aria-label=${t('copy.picture')} onClick=${() => copyPicture(canvas.current, 'mask')}><${Icon} name="picture" /></button>
          <button class="icon small" title=${t('copy.link')} aria-label=${t('copy.link')} onClick=${() => copyText(location.href, t('copy.link.done'))}><${Icon} name="link" /></button>
          <button class="icon small" disabled=${!own?.map} title=${t('copy.code')} aria-label=${t('copy.code')} onClick=${() => copyText(python(own.map, now, by, target, shapes, about), t('copy.code.done'))}><${Icon} name="code" /></button></span></figcaption>
    </figure>
    <div class="panel">
      <section class="card"><h2>${t('mask.from')}</h2>
        <${Choice} name="how" legend=${t('mask.from')} options=${HOWS.map((one) => [one, t(`mask.${one}`)])} value=${now} onChoose=${(one) => change({ how: one === 'share' ? '' : one })} />
        ${now === 'hand' ? html`<${Tools} shapes=${shapes} />` : html`
          <label class="pick"><span>${t('method')}</span><select value=${by} onChange=${(event) => change({ by: event.target.value })}>${[...new Set([...offered, ...methods])].map((one) => html`<option key=${one} value=${one} disabled=${!offered.includes(one)}>${explorer.value.titles[one]}</option>`)}</select></label>`}
        ${now === 'share' ? html`<label class="slider"><span>${t('mask.level')}</span><input type="range" aria-label=${t('mask.level')} min="0" max="1" step="0.01" value=${level()} onInput=${(event) => change({ l: event.target.value }, true)} /><output>${percent(level(), 0)}</output></label>` : null}
        <p class="hint">${t(`mask.${now}.hint`)}</p>
      </section>
      <section class="card"><h2>${t('mask.inside')}</h2>
        <${Figures} methods=${methods} maps=${maps.value} mask=${edges ? mask : null} share=${share} again=${ask} />
        <p class="hint">${t('mask.inside.hint')}</p>
      </section>
    </div></div>`;
}

function Figures({ methods, maps, mask, share, again }) {
  return html`<table class="figures"><thead><tr><th scope="col">${t('method')}</th><th scope="col">${t('mask.energy')}</th><th scope="col">${t('mask.pointing')}</th></tr></thead>
    <tbody>${methods.map((method) => {
      const values = maps[method]?.values;
      const told = mask && values ? inside(values, mask) : null;
      return html`<tr key=${method} data-method=${method}><th scope="row">${explorer.value.titles[method]}</th>
        ${maps[method]?.cancelled ? html`<td colspan="2"><${Cancelled} onAgain=${() => again(method)} /></td>` : html`<td data-energy=${told ? told.energy.toFixed(4) : null}>${told ? percent(told.energy, 0) : '–'}<meter min="0" max="1" value=${told?.energy ?? 0} aria-hidden="true" /></td>
        <td>${told ? t(told.pointing ? 'mask.in' : 'mask.out') : '–'}</td>`}</tr>`;
    })}
    <tr class="even"><th scope="row">${t('mask.even')}</th><td>${mask ? percent(share, 0) : '–'}<meter min="0" max="1" value=${mask ? share : 0} aria-hidden="true" /></td><td /></tr></tbody></table>`;
}

function Tools({ shapes }) {
  const last = shapes.at(-1);
  // For those who draw with keys: the last rectangle in numbers.
  const edge = (i) => (event) => {
    const numbers = last.numbers.map((one, j) => (j === i ? Math.min(Math.max(Math.round(10 * Number(event.target.value)), 0), 1000) : one));
    if (numbers[0] < numbers[2] && numbers[1] < numbers[3]) change({ shapes: spellShapes([...shapes.slice(0, -1), { kind: 'r', numbers }]) });
    else event.target.value = last.numbers[i] / 10;
  };
  return html`<${Choice} name="tool" legend=${t('mask.tool')} options=${TOOLS.map((one) => [one, t(`mask.tool.${one}`)])} value=${tool.value} onChoose=${(one) => { tool.value = one; }} />
    <label class="slider"><span>${t('mask.thick')}</span><input type="range" aria-label=${t('mask.thick')} disabled=${tool.value === 'r'} min="10" max="200" step="5" value=${thick.value} onInput=${(event) => { thick.value = Number(event.target.value); }} /><output>${percent(thick.value / 1000, 1)}</output></label>
    <div class="row"><button class="plain small" disabled=${!shapes.length} onClick=${() => change({ shapes: spellShapes(shapes.slice(0, -1)) })}>${t('mask.undo')}</button>
      <button class="plain small" disabled=${!shapes.length} onClick=${() => change({ shapes: '' })}>${t('mask.clear')}</button>
      <button class="plain small" onClick=${() => change({ shapes: spellShapes([...shapes, { kind: 'r', numbers: [250, 250, 750, 750] }]) })}>${t('mask.middle')}</button></div>
    ${last?.kind === 'r' ? html`<div class="edges">${['left', 'top', 'right', 'bottom'].map((side, i) => html`<label key=${side}><span>${t(`mask.${side}`)}</span><input type="number" min="0" max="100" step="0.1" value=${last.numbers[i] / 10} onChange=${edge(i)} /></label>`)}</div>` : null}`;
}

// What the pointer does on the picture: a rectangle from corner to corner, or a line of a brush.
function drawing(draft, shapes) {
  const at = (event) => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const thousandths = (part) => Math.round(1000 * Math.min(Math.max(part, 0), 1));
    return [thousandths((event.clientX - left) / width), thousandths((event.clientY - top) / height)];
  };
  return {
    onPointerDown: (event) => {
      if (event.button) return;
      event.preventDefault();
      event.currentTarget.setPointerCapture(event.pointerId);
      const place = at(event);
      draft.value = tool.value === 'r' ? { kind: 'r', from: place, numbers: [...place, ...place] } : { kind: tool.value, numbers: [thick.value, ...place] };
    },
    onPointerMove: (event) => {
      const shape = draft.value;
      if (!shape) return;
      const [x, y] = at(event);
      if (shape.kind === 'r') {
        const [fx, fy] = shape.from;
        draft.value = { ...shape, numbers: [Math.min(x, fx), Math.min(y, fy), Math.max(x, fx), Math.max(y, fy)] };
        return;
      }
      // Places closer than a quarter of the brush add nothing but length to the address.
      const [lx, ly] = shape.numbers.slice(-2);
      if (Math.hypot(x - lx, y - ly) >= Math.max(shape.numbers[0] / 4, 6)) draft.value = { ...shape, numbers: [...shape.numbers, x, y] };
    },
    onPointerUp: () => {
      const shape = draft.value;
      draft.value = null;
      if (!shape || (shape.kind === 'r' && (shape.numbers[0] === shape.numbers[2] || shape.numbers[1] === shape.numbers[3]))) return;
      const text = spellShapes([...shapes, { kind: shape.kind, numbers: shape.numbers }]);
      if (text.length < 6000) change({ shapes: text });
    },
    onPointerCancel: () => { draft.value = null; },
  };
}

const inPhoto = ([top, left, bottom, right], pixels, about) => {
  const y = about.height / pixels.height, x = about.width / pixels.width;
  return [top * y, left * x, bottom * y, right * x].map(Math.round);
};

function python(map, now, by, target, shapes, about) {
  const photo = `'${map.path || 'photo.jpg'}'`;
  if (now !== 'hand') {
    const more = now === 'share' ? `, level=${level()}` : '';
    return `import cutaway\n\ncutaway.segment(${map.network}, ${photo}, target=${target}, method='${by}', how='${now}'${more}).show()`;
  }
  const { width: w, height: h } = about;
  const x = (one) => Math.round(one * w / 1000), y = (one) => Math.round(one * h / 1000);
  const strokes = shapes.map(({ kind, numbers }) => {
    if (kind === 'r') return `pen.rectangle((${x(numbers[0])}, ${y(numbers[1])}, ${x(numbers[2]) - 1}, ${y(numbers[3]) - 1}), fill=1)`;
    const places = numbers.slice(1).reduce((all, one, i) => (i % 2 ? [...all.slice(0, -1), `(${all.at(-1)}, ${y(one)})`] : [...all, x(one)]), []);
    return `pen.line([${places.join(', ')}], fill=${kind === 'b' ? 1 : 0}, width=${Math.round(numbers[0] * Math.min(w, h) / 1000)}, joint='curve')`;
  });
  return ['import cutaway', 'import numpy', 'from PIL import Image, ImageDraw', 'from cutaway.view.cutout import cutout', '', `photo = cutaway.read(${photo})`,
    `mask = Image.new('1', (${w}, ${h}))`, 'pen = ImageDraw.Draw(mask)', ...strokes, 'cutout(photo, numpy.array(mask)).show()'].join('\n');
}
