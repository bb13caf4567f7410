// The map of an index: its plane, what steers it, and beside it what was chosen or opened.
import { html, signal, useEffect, useMemo, useRef } from '/static/vendor/preact.js';
import { cancelJob, pixels } from '/static/js/api.js';
import { Beside } from '/static/js/atlas_beside.js';
import { colourBy, colouringOf, componentsPlace, startPlane, tinted, unpack } from '/static/js/atlas_data.js';
import { caption, masked, obtain, selection, there, useDark } from '/static/js/atlas_state.js';
import { Steer, settled } from '/static/js/atlas_steer.js';
import { Peek } from '/static/js/atlas_tiles.js';
import { Copies } from '/static/js/copies.js';
import { Icon } from '/static/js/icons.js';
import { awaitBytes } from '/static/js/working.js';
import { written } from '/static/js/lasso.js';
import { asked, change } from '/static/js/place.js';
import { Plane } from '/static/js/plane.js';
import { typing } from '/static/js/shell.js';
import { DropShade, useDropAndPaste } from '/static/js/sources.js';
import { percent, t } from '/static/js/words.js';

const view = () => {
  const numbers = asked('z', '').split(',').map(Number);
  return numbers.length === 3 && numbers.every(Number.isFinite) ? numbers : [0, 0, 1];
};
const paper = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const rgb = (hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));

export function Map_({ about }) {
  const host = useRef();
  const drawn = useRef(null);
  const state = useRef(signal({})).current;
  const peek = useRef(signal(null)).current;
  const tries = useRef(signal(0)).current;
  const lassoing = useRef(signal(false)).current;
  const dark = useDark();
  const { layer, method, by } = settled(about);
  const chosen = selection();
  const opened = /^\d{1,9}$/.test(asked('p', '')) ? Number(asked('p')) : null;
  const given = /^[0-9a-f]{16}$/.test(asked('d', '')) ? asked('d') : null;
  const set = (told) => { state.value = { ...state.value, ...told }; };
  useDropAndPaste((photo) => change({ d: photo.id, p: '' }));

  useEffect(() => {
    const hear = (what, told, where) => {
      if (what === 'view') { clearTimeout(host.current.timer); host.current.timer = setTimeout(() => { const { cx, cy, k } = drawn.current; change({ z: cx || cy || k !== 1 ? [cx, cy, k].map((one) => Number(one.toPrecision(5))).join(',') : '' }, true); }, 200); }
      else if (what === 'pick') { if (told >= 0) change({ p: String(about.photos[told]), d: '' }); }
      else if (what === 'point') { drawn.current.over.classList.toggle('over-point', told >= 0); peek.value = told >= 0 && where ? { place: told, where } : null; }
      else if (what === 'lasso') { const now = settled(about); change({ s: `lasso:${state.peek().method}:${written(told)}:${now.layer}`, p: '', d: '' }); lassoing.value = false; }
    };
    const plane = new Plane(host.current, about.id, about.photos, asked('draw', ''), hear);
    drawn.current = plane;
    return () => { clearTimeout(host.current?.timer); plane.end(); };
  }, []);
  useEffect(() => { drawn.current.look(...view()); }, [asked('z', '')]);
  useEffect(() => { drawn.current.lassoing = lassoing.value; }, [lassoing.value]);

  // Principal components stand in for what takes longer.
  useEffect(() => {
    let last = () => {};
    set({ error: '', job: null, cancelled: false });
    const show = (plane) => { drawn.current.go(plane, Boolean(state.peek().plane)); set({ plane, method: plane.method, layer: plane.layer, job: null, error: '' }); };
    const first = obtain(about.id, layer, 'pca', ({ plane, error }) => {
      if (error) { set({ error }); return; }
      if (method === 'pca') { show(plane); return; }
      if (!there(about.id, layer, method)) show(plane);
      last = obtain(about.id, layer, method, (told) => (told.plane ? show(told.plane) : set({ job: null, error: '', ...told })));
    });
    return () => { first(); last(); };
  }, [layer, method, tries.value]);

  // Colours.
  useEffect(() => {
    let current = true;
    if (by === 'label') { set({ colouring: null, colourError: '' }); return undefined; }
    colouringOf(about.id, by, layer).then((colouring) => { if (current) set({ colouring, colourError: '' }); }).catch((error) => { if (current) set({ colouring: null, colourError: error.message }); });
    return () => { current = false; };
  }, [by, by === 'answer' ? '' : layer]);
  const values = asked('map', '') || 'viridis';
  const colour = useMemo(() => colourBy(about, state.value.colouring, dark, values), [state.value.colouring, dark, values]);

  // What is chosen, as one byte for each point. A shape counts where it was drawn, whatever is shown now.
  const [drawnBy, drawnAt] = chosen?.kind === 'lasso' ? [chosen.method, chosen.layer] : [];
  useEffect(() => {
    if (!drawnBy) return undefined;
    return obtain(about.id, drawnAt, drawnBy, ({ plane, error }) => { if (plane) set({ lassoed: plane }); else if (error) set({ error }); });
  }, [drawnBy, drawnAt]);
  const answers = useRef(signal(null)).current;
  useEffect(() => { if (chosen?.kind === 'answer' && !answers.value) colouringOf(about.id, 'answer', layer).then((found) => { answers.value = found.values; }).catch(() => {}); }, [chosen?.kind]);
  const mask = useMemo(() => masked(about, chosen, state.value.lassoed, answers.value), [asked('s', ''), state.value.lassoed, answers.value]);
  useEffect(() => {
    const plane = drawn.current;
    const card = paper('--card');
    Object.assign(plane, { paper: card, accent: paper('--accent'), faint: mask && mask.map((one) => 1 - one) });
    plane.shape = drawnBy && state.value.method === drawnBy && state.value.layer === drawnAt ? chosen.shape : null;
    const { tints, order } = tinted(colour, mask, rgb(card));
    plane.colour(tints, order, colour.colours);
  }, [colour, mask, dark, state.value.method, state.value.layer]);
  useEffect(() => { drawn.current.focus = opened === null ? -1 : about.photos.indexOf(opened); drawn.current.dirty(); }, [opened]);

  // A photo that was given, in its place.
  const { plane } = state.value;
  useEffect(() => {
    drawn.current.mark = null; drawn.current.dirty();
    set({ placing: null, placed: '' });
    if (!given || !plane) return undefined;
    let ended = false;
    const image = new Image();
    image.src = pixels(given);
    const put = async (point) => {
      await image.decode().catch(() => {});
      if (ended) return;
      const [x, y] = plane.unit(point);
      drawn.current.mark = { x, y, image };
      drawn.current.dirty();
      set({ placing: null, placed: `${x.toFixed(4)} ${y.toFixed(4)}` });
    };
    const failed = (error) => { if (!ended) set({ placing: { error: error.message } }); };
    const stop = plane.method === 'pca'
      ? (componentsPlace(about.id, given, plane.layer).then(put).catch(failed), () => {})
      : awaitBytes(startPlane(about.id, plane.layer, plane.method, given), ({ bytes, ...told }) => (bytes ? put(unpack(bytes).values) : set({ placing: told })));
    return () => { ended = true; stop(); };
  }, [given, plane, tries.value]);

  const inView = () => { const now = drawn.current; change({ s: `lasso:${state.value.method}:${written(now.corners())}:${state.value.layer}`, p: '', d: '' }); };
  useEffect(() => {
    const press = (event) => {
      if (typing(event)) return;
      if (event.key === 'l') lassoing.value = !lassoing.value;
      else if (event.key === 'v') inView();
      else if (event.key === 'Escape') { if (lassoing.value) lassoing.value = false; else if (asked('p', '') || asked('d', '')) change({ p: '', d: '' }); else if (asked('s', '')) change({ s: '' }); }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);

  const zoom = (by_) => drawn.current.zoom(by_);
  return html`<${Steer} about=${about} lassoing=${lassoing} inView=${inView} waits=${state.value.job} />
    <div class="atlas-floor">
      <figure class="atlas-plane">
        <div class="plane-host" ref=${host} data-method=${state.value.method} data-layer=${state.value.layer} data-placed=${state.value.placed || null}>
          <canvas class=${`over${lassoing.value ? ' lassoing' : ''}`} tabindex="0" role="application" aria-label=${t('atlas.plane', { n: about.photos.length })} aria-describedby="plane-keys"></canvas>
          <${Peek} about=${about} peek=${peek} colour=${colour} host=${host} />
          <div class="plane-zoom"><button class="icon" title=${t('atlas.in')} aria-label=${t('atlas.in')} onClick=${() => zoom(1.5)}><${Icon} name="more" /></button><button class="icon" title=${t('atlas.out')} aria-label=${t('atlas.out')} onClick=${() => zoom(1 / 1.5)}><${Icon} name="less" /></button><button class="icon" title=${t('atlas.whole')} aria-label=${t('atlas.whole')} onClick=${() => { drawn.current.look(0, 0, 1); change({ z: '' }, true); }}><${Icon} name="whole" /></button></div>
          <${Waiting} state=${state} again=${() => { tries.value += 1; }} method=${method} about=${about} />
        </div>
        <figcaption><p>${plane ? caption(about, plane) : ' '}</p>
          <span class="copies"><${Copies} title=${t('atlas.title')} name=${`atlas-${state.value.method}`} ready=${Boolean(plane)} picture=${() => drawn.current.picture()} code=${plane?.code} /></span></figcaption>
        <p class="hint" id="plane-keys">${t('atlas.keys')}</p>
      </figure>
      <${Beside} about=${about} layer=${layer} by=${by} colour=${colour} colourError=${state.value.colourError} mask=${mask} chosen=${chosen} photo=${opened} given=${given} values=${values} onNear=${(photos) => { drawn.current.near = photos?.map((one) => about.photos.indexOf(one)); drawn.current.dirty(); }} />
    </div><${DropShade} word="atlas.drop" />`;
}

function Waiting({ state, again, method, about }) {
  const { job, error, cancelled, placing } = state.value;
  const one = job ?? placing?.job;
  const name = about.methods.find((each) => each.id === method).name;
  if (error || placing?.error) return html`<p class="trouble" role="alert">${error || placing.error}</p>`;
  if (cancelled || placing?.cancelled) return html`<div class="progress"><span>${cancelled ? name : t('atlas.placing')}: ${t('cancelled')}</span><button class="plain small" onClick=${again}>${t('again')}</button></div>`;
  if (!one) return null;
  const word = job ? name : t('atlas.placing');
  return html`<div class="progress" role="status"><span>${word}</span><progress max=${one.total || null} value=${one.total ? one.done : null} aria-label=${word} /><span>${one.state === 'queued' ? t('queued') : one.total ? percent(one.done / one.total, 0) : t('working')}</span><button class="plain small" onClick=${() => cancelJob(one.id)}>${t('cancel')}</button></div>`;
}
