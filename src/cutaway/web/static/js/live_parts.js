// The pieces of the Live room: figures, classes, choices, and what is missing.
import { html, signal, useRef } from '/static/vendor/preact.js';
import { explorer } from '/static/js/api.js';
import { copyPicture, copyText } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { asked, change, go } from '/static/js/place.js';
import { number, percent, t } from '/static/js/words.js';

export const names = signal([]);

const target = () => (/^\d+$/.test(asked('c', '')) ? Number(asked('c', '')) : null);

export function Meter({ told }) {
  if (!told) return html`<span class="meter">–</span>`;
  return html`<span class="meter" title=${t('meter.title')} data-fps=${told.fps.toFixed(2)} data-trip=${told.trip.toFixed(2)} data-server=${told.server.toFixed(2)} data-network=${told.network.toFixed(2)}>
    <b>${number(Math.round(told.fps))}</b> ${t('fps')} <i>·</i> <b>${number(Math.round(told.trip))}</b> ms <small>${t('meter.network', { n: number(Math.round(told.network)) })}</small></span>`;
}

export function Top({ told, way }) {
  const pinned = target();
  const ofClasses = !['channels', 'strongest', 'style'].includes(way);
  // While somebody points at the list its order stays, so that a click meets the class that was aimed at.
  const held = useRef(null);
  const now = told && way !== 'style' ? told.reply.classes : [];
  const rows = held.current?.map((index) => now.find((one) => one.index === index) ?? { index, share: null }) ?? Array.from({ length: 5 }, (_, i) => now[i] ?? null);
  const hold = () => { if (now.length) held.current ??= now.map((one) => one.index); };
  const letGo = () => { held.current = null; };
  // Where no class is asked about, a click asks about one.
  const choose = ({ index }) => change(ofClasses ? { c: pinned === index ? '' : String(index) } : { method: '', k: '', first: '', c: String(index) });
  const pressed = (one) => Boolean(one) && ofClasses && one.index === (pinned ?? told.reply.target);
  return html`<section class="answers" aria-label=${t('answers')}>
    <h2>${t('answers')}</h2>
    <ol hidden=${way === 'style'} onPointerEnter=${hold} onPointerLeave=${letGo} onFocusIn=${hold} onFocusOut=${letGo}>${rows.map((one, i) => html`<li key=${i}>
      <button class="answer" disabled=${!one} aria-pressed=${pressed(one)} data-class=${one?.index} onClick=${() => choose(one)}>
        <span class="name">${one ? names.value[one.index] ?? one.index : ' '}</span><span class="share">${one && one.share !== null ? percent(one.share) : ''}</span>
        <meter min="0" max="1" value=${one?.share ?? 0} aria-hidden="true" />
      </button></li>`)}</ol>
    <p class="hint">${way === 'style' ? t('live.style.hint') : !ofClasses ? t('live.classes.hint') : pinned === null ? t('pin.hint') : html`${t('pinned', { name: names.value[pinned] ?? pinned })} <button class="inline" onClick=${() => change({ c: '' })}>${t('unpin')}</button>`}</p>
  </section>`;
}

export function LayerPick({ layers, value }) {
  const group = (main) => layers.filter((one) => one.main === main).map((one) => html`<option key=${one.name} value=${one.name}>${one.name} (${one.channels} × ${one.rows} × ${one.columns})</option>`);
  return html`<label class="pick layer"><span>${t('live.layer')}</span>
    <select value=${value} disabled=${!layers.length} onChange=${(event) => change({ layer: event.target.value, k: '', first: '' })}>
      <optgroup label=${t('live.layers.main')}>${group(true)}</optgroup><optgroup label=${t('live.layers.other')}>${group(false)}</optgroup></select></label>`;
}

export function StylePick({ value }) {
  const strength = Math.round(100 * Math.min(Math.max(Number.parseFloat(asked('s', '1')) || 0, 0), 1));
  return html`<label class="slider"><span>${t('live.paint')}</span>
    <input type="range" aria-label=${t('live.paint')} disabled=${!value} min="0" max="1" step="0.01" value=${strength / 100} onInput=${(event) => change({ s: event.target.value }, true)} />
    <output>${number(strength)} %</output></label>
    ${explorer.value.painters.length > 1 ? html`<label class="pick"><span>${t('live.style')}</span><select value=${value} onChange=${(event) => change({ style: event.target.value })}>${explorer.value.painters.map((one) => html`<option key=${one} value=${one}>${one}</option>`)}</select></label>` : null}`;
}

export function NoPainter() {
  return html`<div class="waiting"><${Icon} name="picture" /><strong>${t('live.style.none')}</strong><span>${t('live.style.none.more')}</span>
    <code class="typed">cutaway train-style painting.jpg --photos photos/ --out painting.safetensors</code><code class="typed">cutaway serve --painter painting.safetensors</code></div>`;
}

// The picture, the address, and the Python that makes the same of one frame.
export function TakeAlong({ now, reply, layer, painter, canvas, id }) {
  const { spelled } = explorer.value.models.find((one) => one.id === id);
  const python = () => {
    const quoted = (text) => `'${text}'`;
    if (now === 'style') return `cutaway.stylize('frame.jpg', ${quoted(`${painter}.safetensors`)}, strength=${asked('s', '1')})`;
    if (now === 'channels' || now === 'strongest') {
      const channels = reply.target === null ? '' : `, channels=[${reply.target}]`;
      return `cutaway.activations(${spelled}, 'frame.jpg', ${quoted(layer)}${channels})`;
    }
    return `cutaway.explain(${spelled}, 'frame.jpg', classes=${reply.target}, method=${quoted(now)})`;
  };
  return html`<span class="takes">
    <button class="icon small" disabled=${!reply} title=${t('copy.picture')} aria-label=${t('copy.picture')} onClick=${() => copyPicture(canvas.current, `live-${now}`)}><${Icon} name="picture" /></button>
    <button class="icon small" title=${t('copy.link')} aria-label=${t('copy.link')} onClick=${() => copyText(location.href, t('copy.link.done'))}><${Icon} name="link" /></button>
    <button class="icon small" disabled=${!reply} title=${t('copy.code')} aria-label=${t('copy.code')} onClick=${() => copyText(`import cutaway\n\n${python()}.show()`, t('copy.code.done'))}><${Icon} name="code" /></button></span>`;
}

export function Recorded({ state, forget }) {
  const seconds = (n) => number(Math.round(10 * n) / 10);
  return html`<div class="recorded" role="status" data-kind=${state.kind}>${state.kind === 'recording' ? html`<${Icon} name="record" /><span>${t('live.recording', { n: seconds(state.seconds) })}</span>`
    : state.kind === 'ready' ? html`<span>${t('live.recorded', { n: seconds(state.seconds), size: number(state.bytes / 1e6, 2) })}</span>
      <a class="strong" href=${state.address} download=${state.name}><${Icon} name="download" />${t('live.save')}</a>
      <button class="icon small" title=${t('live.forget')} aria-label=${t('live.forget')} onClick=${forget}><${Icon} name="close" /></button>` : null}</div>`;
}

export function Missing({ kind, retry, open }) {
  const file = useRef();
  if (kind === 'asking') return html`<div class="waiting" role="status"><${Icon} name="camera" /><strong>${t('camera.asking')}</strong><span>${t('camera.asking.more')}</span></div>`;
  if (kind === 'away') return html`<div class="waiting" role="status"><${Icon} name="off" /><strong>${t('camera.away')}</strong></div>`;
  return html`<div class="waiting" role="alert" data-kind=${kind}><${Icon} name="off" /><strong>${t(`camera.${kind}`)}</strong><span>${t(`camera.${kind}.more`)}</span>
    <div class="row"><button class="plain" onClick=${retry}>${t('again')}</button><button class="plain" onClick=${() => go('explain')}>${t('instead')}</button>
    <button class="plain" onClick=${() => file.current.click()}>${t('live.file.open')}</button>
    <input ref=${file} type="file" accept="video/*,image/*" hidden aria-label=${t('live.file')} onChange=${(event) => { const [one] = event.target.files; if (one) open(one); }} /></div></div>`;
}
