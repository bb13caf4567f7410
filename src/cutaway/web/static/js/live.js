// Live: the webcam, or a film, beside what the network makes of it.
import { html, signal, useEffect, useLayoutEffect, useRef } from '/static/vendor/preact.js';
import { addPhoto, classNames, explorer, liveLayers, model } from '/static/js/api.js';
import { Source } from '/static/js/camera.js';
import { ChannelButtons, ChannelLink, PAGE, Pages, drawChannels } from '/static/js/channels.js';
import { Bar, Choice, Colours, Strength, colours, opacity } from '/static/js/controls.js';
import { say } from '/static/js/copying.js';
import { drawOn } from '/static/js/draw.js';
import { Icon } from '/static/js/icons.js';
import { LayerPick, Meter, Missing, NoPainter, Recorded, StylePick, TakeAlong, Top, names } from '/static/js/live_parts.js';
import { asked, change, go } from '/static/js/place.js';
import { Pump } from '/static/js/pump.js';
import { Recorder } from '/static/js/record.js';
import { typing } from '/static/js/shell.js';
import { DropShade, useDropAndPaste } from '/static/js/sources.js';
import { encoded } from '/static/js/wire.js';
import { number, percent, t } from '/static/js/words.js';

const heard = signal(null);
const trouble = signal('');
const paused = signal(false);
const plain = signal(false);
const layers = signal([]);
// Frames for which the strongest channel stays the one that is shown.
const HELD = 20;

const whole = (name) => (/^\d{1,9}$/.test(asked(name, '')) ? Number(asked(name, '')) : null);
const way = () => (explorer.value.live.includes(asked('method', '')) ? asked('method', '') : 'cam');
export const called = (one) => explorer.value.titles[one] ?? t(`live.${one}`);
const layer = () => {
  return layers.value.find((one) => one.name === asked('layer', '')) ?? layers.value.find((one) => one.usual) ?? null;
};
const painter = () => (explorer.value.painters.includes(asked('style', '')) ? asked('style', '') : explorer.value.painters[0]);
export const paint = () => {
  const given = Number.parseFloat(asked('s', '1'));
  return Number.isFinite(given) ? Math.min(Math.max(given, 0), 1) : 1;
};

// What is asked about the next frame.
function settings(held) {
  const now = way();
  if (now === 'style') return { way: now, name: painter() };
  if (now === 'channels') return { way: now, name: layer()?.name ?? '', target: whole('k'), first: whole('first') ?? 0 };
  if (now === 'strongest') return { way: now, name: layer()?.name ?? '', target: held };
  return { way: now, target: whole('c') };
}

// Show the channel that was strongest most often of late, and for some frames no other: else it would flicker.
function holding(held, told) {
  const of = `${told.settings.way} ${told.settings.name}`;
  if (held.of !== of) Object.assign(held, { of, channel: null, votes: new Map(), count: 0 });
  if (told.reply.way !== 'strongest') return;
  const { strongest } = told.reply.channels;
  held.votes.set(strongest, (held.votes.get(strongest) ?? 0) + 1);
  held.count += 1;
  if (held.channel === null) held.channel = strongest;
  if (held.count < HELD) return;
  [[held.channel]] = [...held.votes].sort((one, other) => other[1] - one[1]);
  Object.assign(held, { votes: new Map(), count: 0 });
}

// Scales follow the strongest place at once when it grows and slowly when it falls, so that colours do not flicker.
function follow(scales, name, of, high) {
  const before = scales[name]?.of === of ? scales[name].high * 0.97 : 0;
  scales[name] = { of, high: Math.max(high, before, 0) };
}

export function Live() {
  const video = useRef();
  const image = useRef();
  const canvas = useRef();
  const over = useRef();
  const kept = useRef({ pump: null, held: { channel: null }, scales: {} }).current;
  const source = useRef(new Source()).current;
  const film = useRef(new Recorder()).current;
  const id = model().id;
  const on = source.state.value === 'on';

  useEffect(() => {
    const leave = source.enter(video.current, image.current);
    return () => { leave(); film.forget(); heard.value = null; paused.value = false; };
  }, []);

  useEffect(() => {
    let current = true;
    layers.value = [];
    classNames(id).then((found) => { if (current) names.value = found; }).catch(() => {});
    liveLayers(id).then((found) => { if (current) layers.value = found; }).catch(() => {});
    return () => { current = false; };
  }, [id]);

  const now = way();
  const waits = (now === 'style' && !painter()) || (['channels', 'strongest'].includes(now) && !layers.value.length);
  useEffect(() => {
    if (!on) return undefined;
    trouble.value = '';
    const pump = new Pump(source, model().side, (told) => {
      if (told.error) trouble.value = told.error;
      else if (told.lost) trouble.value = t('lost');
      else { trouble.value = ''; heard.value = told; }
    });
    Object.assign(pump, { settings: settings(kept.held.channel), paused: paused.value || waits });
    kept.pump = pump;
    pump.connect(id);
    return () => pump.end();
  }, [id, on]);

  const told = heard.value;
  const reply = told?.reply;
  if (told && told !== kept.last) {
    kept.last = told;
    holding(kept.held, told);
    const { way: of, name } = told.settings;
    if (reply.shape[1]) follow(kept.scales, 'map', `${of} ${name} ${reply.channels ? reply.target : ''}`, reply.high);
    if (reply.channels?.count) follow(kept.scales, 'sheet', `${name} ${reply.channels.first}`, Math.max(reply.channels.high, -reply.channels.low));
  }
  if (kept.pump) Object.assign(kept.pump, { settings: settings(kept.held.channel), paused: paused.value || waits });

  const mirrored = asked('mirror', source.file.value ? '0' : '1') === '1';
  const current = reply && reply.way === now && on ? told : null;
  const large = current && now === 'channels' && reply.target !== null;
  const mapHigh = kept.scales.map?.high ?? null;
  const low = reply?.low < 0 && reply.channels ? -mapHigh : 0;
  const words = current ? caption(current) : '';
  const largeWords = large ? t('live.channel.of', { n: reply.target, name: told.settings.name, high: number(reply.high) }) : '';

  useEffect(() => {
    if (!current) return;
    const strength = plain.value ? 0 : opacity();
    const look = { colours: colours(), opacity: strength, low, high: mapHigh };
    if (now === 'channels') {
      drawChannels(canvas.current, reply.channels, { colours: colours(), high: kept.scales.sheet?.high ?? 1, mirrored, width: 640, height: 480 });
      if (large) drawOn(over.current, told.pixels, reply, look);
    } else if (now === 'style') blended(canvas.current, told.pixels, told.painted, plain.value ? 0 : paint());
    else drawOn(canvas.current, told.pixels, reply, look);
    film.add({ pixels: told.pixels, over: large ? over.current : null, pane: canvas.current, mirrored, paneMirrored: mirrored && now !== 'channels', words: largeWords || words });
  }, [current, opacity(), paint(), colours(), plain.value, mirrored]);

  const freeze = async () => {
    if (source.state.value !== 'on') return;
    const still = document.createElement('canvas');
    still.width = source.width; still.height = source.height;
    still.getContext('2d').drawImage(source.element, 0, 0);
    try {
      const photo = await addPhoto(source.still ? source.file.value.file : encoded(still, 'image/jpeg', 0.95));
      go('explain', photo.id);
    } catch (error) { say(error.gone ? t('lost') : error.message); }
  };
  const record = () => {
    if (film.state.value.kind === 'recording') film.stop();
    else if (source.state.value === 'on') film.start();
    if (film.state.value.kind === 'refused') say(t('live.record.refused'));
  };
  const open = async (file) => { if (!await source.open(file)) say(t('live.file.unknown', { name: file.name })); };
  useDropAndPaste(undefined, { kinds: /^(image|video)\//, raw: open });

  useLayoutEffect(() => {
    const press = (event) => {
      if (typing(event)) return;
      if (event.key === 'f') freeze();
      if (event.key === 'r') record();
      if (event.key === 'o') plain.value = !plain.value;
      if (event.key === ' ' && !event.target.closest?.('button, a')) { event.preventDefault(); paused.value = !paused.value; }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);

  const turned = mirrored ? '' : null;
  const taken = { id, now, reply: current?.reply, layer: layer()?.name, painter: painter(), canvas };
  return html`
    <h1 class="unseen">${t('room.live')}</h1>
    <section class="steer" aria-label=${t('controls')}>
      <${Choice} name="method" legend=${t('method')} options=${explorer.value.live.map((one) => [one, called(one)])} value=${now} onChoose=${(one) => change({ method: one, k: '', first: '' })} />
      <div class="acts">
      <${FilmButton} source=${source} open=${open} />
      <button class="plain" aria-pressed=${mirrored} onClick=${() => change({ mirror: mirrored ? '0' : '1' }, true)}><${Icon} name="mirror" /><span>${t('mirror')}</span></button>
      <button class="plain" aria-pressed=${paused.value} disabled=${!on} onClick=${() => { paused.value = !paused.value; }}><${Icon} name=${paused.value ? 'play' : 'pause'} /><span>${t(paused.value ? 'go.on' : 'pause')}</span></button>
      <button class="plain record" aria-pressed=${film.state.value.kind === 'recording'} disabled=${!on} onClick=${record}><${Icon} name=${film.state.value.kind === 'recording' ? 'stop' : 'record'} /><span>${t(film.state.value.kind === 'recording' ? 'live.stop' : 'live.record')}</span></button>
      <button class="strong" disabled=${!on} onClick=${freeze}><${Icon} name="freeze" />${t('freeze')}</button>
      </div>
      <div class="tunes">
        ${now === 'style' ? html`<${StylePick} value=${painter()} />` : html`<${Strength} /><${Colours} />`}
        ${now === 'channels' || now === 'strongest' ? html`<${LayerPick} layers=${layers.value} value=${layer()?.name} />` : null}
      </div>
    </section>
    <div class="panes">
      <figure class="pane" data-way=${now}>
        <div class="screen" data-mirrored=${turned}>
          <video ref=${video} playsinline muted loop aria-label=${t('camera')} hidden=${!on || source.still} />
          <img ref=${image} alt=${t('photo')} hidden=${!on || !source.still} />
          <canvas ref=${over} role="img" aria-label=${largeWords} hidden=${!large} />
          ${on ? null : html`<${Missing} kind=${source.state.value} retry=${() => source.camera()} open=${open} />`}
        </div>
        <figcaption>${large
          ? html`<strong><${ChannelLink} layer=${layer()?.name} channel=${reply.target} /></strong><${Bar} low=${low} high=${mapHigh} name=${colours()} />`
          : html`<strong>${source.file.value?.name ?? t('camera')}</strong>`}<${Meter} told=${on ? told : null} /></figcaption>
      </figure>
      <figure class="pane" data-way=${now}>
        <div class="screen" data-mirrored=${now === 'channels' ? null : turned}>
          <canvas ref=${canvas} role="img" aria-label=${words || t('map')} hidden=${!current} />
          ${current && now === 'channels' ? html`<${ChannelButtons} first=${reply.channels.first} count=${reply.channels.count} chosen=${whole('k')} onChoose=${(k) => change({ k: k === null ? '' : String(k) })} />` : null}
          ${current ? null : now === 'style' && !painter() ? html`<${NoPainter} />` : html`<div class="waiting">${on ? t(trouble.value ? 'nothing' : 'starting') : t('map.waits')}</div>`}
          ${trouble.value ? html`<p class="trouble" role="alert">${trouble.value}</p>` : null}
        </div>
        <figcaption>
          ${now === 'strongest' && current ? html`<strong><${ChannelLink} layer=${layer()?.name} channel=${reply.target} /></strong>` : html`<strong>${called(now)}</strong>`}
          ${now === 'channels' ? html`<${Pages} first=${current ? reply.channels.first : 0} total=${current ? reply.channels.total : 0} onChoose=${(first) => change({ first: first ? String(first) : '', k: '' })} />` : null}
          ${now === 'style' ? html`<span class="push">${painter() ?? ''}</span>` : now === 'channels'
            ? html`<${Bar} low=${current ? (reply.channels.low < 0 ? -kept.scales.sheet?.high : 0) : null} high=${current ? kept.scales.sheet?.high : null} name=${colours()} />`
            : html`<${Bar} low=${current ? low : null} high=${current ? mapHigh : null} name=${colours()} />`}
          <${TakeAlong} ...${taken} /></figcaption>
      </figure>
      <${Top} told=${on ? told : null} way=${now} />
    </div>
    <${Recorded} state=${film.state.value} forget=${() => film.forget()} />
    <${DropShade} word="live.drop" />`;
}

// What is shown, in words: for those who do not see it, and below a film.
function caption({ reply, settings: { way: of, name } }) {
  if (of === 'style') return t('live.style.of', { name });
  if (of === 'channels') return t('live.channels.of', { name, n: reply.channels.count });
  if (reply.channels) return t('live.channel.of', { n: reply.target, name, high: number(reply.high) });
  const [best] = reply.classes;
  const share = best && best.index === reply.target ? ` ${percent(best.share, 0)}` : '';
  return t('map.of', { method: called(of), name: `${names.value[reply.target] ?? reply.target}${share}` });
}

// The painting over the frame: how strong is told here, not to the server.
function blended(canvas, pixels, painted, strength) {
  canvas.width = pixels.width; canvas.height = pixels.height;
  const context = canvas.getContext('2d');
  context.putImageData(pixels, 0, 0);
  context.globalAlpha = strength;
  if (painted && strength) context.drawImage(painted, 0, 0, canvas.width, canvas.height);
}

function FilmButton({ source, open }) {
  const file = useRef();
  return html`${source.file.value ? html`<button class="plain" onClick=${() => source.camera()}><${Icon} name="camera" /><span>${t('camera')}</span></button>` : null}
    <button class="plain" onClick=${() => file.current.click()} title=${t('live.file.title')}><${Icon} name="upload" /><span>${t('live.file')}</span></button>
    <input ref=${file} type="file" accept="video/*,image/*" hidden aria-label=${t('live.file')} onChange=${(event) => { const [one] = event.target.files; event.target.value = ''; if (one) open(one); }} />`;
}
