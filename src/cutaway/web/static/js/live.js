// Live: the webcam beside where the network looks.
import { html, signal, useEffect, useLayoutEffect, useRef } from '/static/vendor/preact.js';
import { addPhoto, classNames, explorer, model } from '/static/js/api.js';
import { openCamera, release } from '/static/js/camera.js';
import { Bar, Choice, Colours, Strength, colours, opacity } from '/static/js/controls.js';
import { say } from '/static/js/copying.js';
import { drawOn } from '/static/js/draw.js';
import { Icon } from '/static/js/icons.js';
import { asked, change, go } from '/static/js/place.js';
import { Pump } from '/static/js/pump.js';
import { typing } from '/static/js/shell.js';
import { encoded } from '/static/js/wire.js';
import { number, percent, t } from '/static/js/words.js';

const camera = signal('asking'); // asking, on, or how it is missing
const heard = signal(null);
const trouble = signal('');
const paused = signal(false);
const plain = signal(false);
const names = signal([]);

const method = () => (explorer.value.live.includes(asked('method', '')) ? asked('method', '') : 'cam');
const target = () => (/^\d+$/.test(asked('c', '')) ? Number(asked('c', '')) : null);

export function Live() {
  const video = useRef();
  const canvas = useRef();
  const kept = useRef({ stream: null, pump: null, high: 0 });
  const id = model().id;

  const start = async () => {
    camera.value = 'asking';
    const mine = kept.current;
    try {
      const stream = await openCamera();
      if (mine !== kept.current || mine.left) { release(stream); return; }
      mine.stream = stream;
      stream.getVideoTracks()[0].addEventListener('ended', () => { if (!mine.left) camera.value = 'ended'; });
      video.current.srcObject = stream;
      await video.current.play();
      camera.value = 'on';
    } catch (error) {
      if (!mine.left) camera.value = error.kind ?? 'unsupported';
    }
  };

  useEffect(() => {
    start();
    const mine = kept.current;
    const leave = () => { mine.left = true; release(mine.stream); mine.pump?.end(); heard.value = null; };
    addEventListener('pagehide', leave);
    return () => { removeEventListener('pagehide', leave); leave(); };
  }, []);

  useEffect(() => { classNames(id).then((found) => { names.value = found; }).catch(() => {}); }, [id]);

  useEffect(() => {
    if (camera.value !== 'on') return undefined;
    trouble.value = '';
    const pump = new Pump(video.current, model().side, (told) => {
      if (told.error) trouble.value = told.error;
      else if (told.lost) trouble.value = t('lost');
      else { trouble.value = ''; heard.value = told; }
    });
    kept.current.pump = pump;
    pump.connect(id);
    return () => pump.end();
  }, [id, camera.value]);

  const pump = kept.current.pump;
  if (pump) { pump.method = method(); pump.target = target(); pump.paused = paused.value; }

  // The scale follows the strongest place at once when it grows and slowly when it falls, so that colours do not flicker.
  const told = heard.value;
  const scale = kept.current;
  if (told && told !== scale.last) {
    scale.high = Math.max(told.reply.high, told.method === scale.method ? scale.high * 0.97 : 0, 1e-12);
    scale.last = told; scale.method = told.method;
  }
  useEffect(() => {
    if (!told) return;
    const strength = plain.value ? 0 : opacity();
    drawOn(canvas.current, told.pixels, told.reply, { colours: colours(), opacity: strength, low: 0, high: scale.high });
  }, [told, opacity(), colours(), plain.value]);

  const freeze = async () => {
    if (camera.value !== 'on') return;
    const still = document.createElement('canvas');
    still.width = video.current.videoWidth; still.height = video.current.videoHeight;
    still.getContext('2d').drawImage(video.current, 0, 0);
    try {
      const photo = await addPhoto(encoded(still, 'image/jpeg', 0.95));
      go('explain', photo.id);
    } catch (error) { say(error.gone ? t('lost') : error.message); }
  };

  useLayoutEffect(() => {
    const press = (event) => {
      if (typing(event)) return;
      if (event.key === 'f') freeze();
      if (event.key === 'o') plain.value = !plain.value;
      if (event.key === ' ' && !event.target.closest?.('button, a')) { event.preventDefault(); paused.value = !paused.value; }
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, []);

  const mirrored = asked('mirror', '1') === '1' ? '' : null;
  const on = camera.value === 'on';
  const methods = explorer.value.live.map((one) => [one, explorer.value.titles[one]]);
  return html`
    <h1 class="unseen">${t('room.live')}</h1>
    <section class="steer" aria-label=${t('controls')}>
      <${Choice} name="method" legend=${t('method')} options=${methods} value=${method()} onChoose=${(one) => change({ method: one })} />
      <${Strength} /><${Colours} />
      <div class="acts">
      <button class="plain" aria-pressed=${mirrored === ''} onClick=${() => change({ mirror: mirrored === '' ? '0' : '' }, true)}><${Icon} name="mirror" /><span>${t('mirror')}</span></button>
      <button class="plain" aria-pressed=${paused.value} disabled=${!on} onClick=${() => { paused.value = !paused.value; }}><${Icon} name=${paused.value ? 'play' : 'pause'} /><span>${t(paused.value ? 'go.on' : 'pause')}</span></button>
      <button class="strong" disabled=${!on} onClick=${freeze}><${Icon} name="freeze" />${t('freeze')}</button>
      </div>
    </section>
    <div class="panes">
      <figure class="pane">
        <div class="screen" data-mirrored=${mirrored}>
          <video ref=${video} playsinline muted aria-label=${t('camera')} hidden=${!on} />
          ${on ? null : html`<${Missing} kind=${camera.value} retry=${start} />`}
        </div>
        <figcaption><strong>${t('camera')}</strong><${Meter} told=${on ? told : null} /></figcaption>
      </figure>
      <figure class="pane">
        <div class="screen" data-mirrored=${mirrored}>
          <canvas ref=${canvas} role="img" aria-label=${told ? t('map.of', { method: explorer.value.titles[told.method], name: names.value[told.reply.target] ?? told.reply.target }) : t('map')} hidden=${!told || !on} />
          ${told && on ? null : html`<div class="waiting">${on ? t(trouble.value ? 'nothing' : 'starting') : t('map.waits')}</div>`}
          ${trouble.value ? html`<p class="trouble" role="alert">${trouble.value}</p>` : null}
        </div>
        <figcaption><strong>${explorer.value.titles[method()]}</strong><${Bar} low=${told ? 0 : null} high=${told ? scale.high : null} name=${colours()} /></figcaption>
      </figure>
      <${Top} told=${on ? told : null} />
    </div>`;
}

function Meter({ told }) {
  if (!told) return html`<span class="meter">–</span>`;
  return html`<span class="meter" title=${t('meter.title')} data-fps=${told.fps.toFixed(2)} data-trip=${told.trip.toFixed(2)} data-network=${told.network.toFixed(2)}>
    <b>${number(Math.round(told.fps))}</b> ${t('fps')} <i>·</i> <b>${number(Math.round(told.trip))}</b> ms <small>${t('meter.network', { n: number(Math.round(told.network)) })}</small></span>`;
}

function Top({ told }) {
  const pinned = target();
  // While somebody points at the list its order stays, so that a click meets the class that was aimed at.
  const held = useRef(null);
  const now = told ? told.reply.classes : [];
  const rows = held.current?.map((index) => now.find((one) => one.index === index) ?? { index, share: null }) ?? Array.from({ length: 5 }, (_, i) => now[i] ?? null);
  const hold = () => { if (now.length) held.current ??= now.map((one) => one.index); };
  const letGo = () => { held.current = null; };
  return html`<section class="answers" aria-label=${t('answers')}>
    <h2>${t('answers')}</h2>
    <ol onPointerEnter=${hold} onPointerLeave=${letGo} onFocusIn=${hold} onFocusOut=${letGo}>${rows.map((one, i) => html`<li key=${i}>
      <button class="answer" disabled=${!one} aria-pressed=${Boolean(one) && one.index === (pinned ?? told.reply.target)} data-class=${one?.index} onClick=${() => change({ c: pinned === one.index ? '' : String(one.index) })}>
        <span class="name">${one ? names.value[one.index] ?? one.index : ' '}</span><span class="share">${one && one.share !== null ? percent(one.share) : ''}</span>
        <meter min="0" max="1" value=${one?.share ?? 0} aria-hidden="true" />
      </button></li>`)}</ol>
    <p class="hint">${pinned === null ? t('pin.hint') : html`${t('pinned', { name: names.value[pinned] ?? pinned })} <button class="inline" onClick=${() => change({ c: '' })}>${t('unpin')}</button>`}</p>
  </section>`;
}

function Missing({ kind, retry }) {
  if (kind === 'asking') return html`<div class="waiting" role="status"><${Icon} name="camera" /><strong>${t('camera.asking')}</strong><span>${t('camera.asking.more')}</span></div>`;
  return html`<div class="waiting" role="alert" data-kind=${kind}><${Icon} name="off" /><strong>${t(`camera.${kind}`)}</strong><span>${t(`camera.${kind}.more`)}</span>
    <div class="row"><button class="plain" onClick=${retry}>${t('again')}</button><button class="plain" onClick=${() => go('explain')}>${t('instead')}</button></div></div>`;
}
