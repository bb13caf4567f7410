// A layer's channels: 64 of them as one sheet, each a button; and the names by which they are called.
import { html, useEffect, useRef } from '/static/vendor/preact.js';
import { table } from '/static/js/draw.js';
import { Icon } from '/static/js/icons.js';
import { go, link } from '/static/js/place.js';
import { t } from '/static/js/words.js';

export const PAGE = 64;
const SIDE = 8;
const GAP = 2;

// The levels of one answer on the scale that the page shows, as colours.
function coloured({ levels, low, high }, name, top) {
  const colours = table(low < 0 ? 'diverging' : name);
  const most = Math.max(-low, top);
  const lookup = new Uint32Array(256);
  for (let level = 0; level < 256; level += 1) {
    const value = low + (high - low) * level / 255;
    const share = low < 0 ? (value / most + 1) / 2 : top > 0 ? value / top : 0;
    const at = 3 * Math.round(255 * Math.min(Math.max(share, 0), 1));
    lookup[level] = (255 << 24 | colours[at + 2] << 16 | colours[at + 1] << 8 | colours[at]) >>> 0;
  }
  return Uint32Array.from(levels, (level) => lookup[level]);
}

const atlas = document.createElement('canvas');

export function drawChannels(canvas, channels, { colours, high, mirrored, width, height }) {
  const { count, rows, columns } = channels;
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const context = canvas.getContext('2d');
  // Lines between the channels: most of them are dark.
  context.fillStyle = '#3b3f4a';
  context.fillRect(0, 0, width, height);
  if (!count) return;
  atlas.width = columns; atlas.height = rows * count;
  const pixels = coloured(channels, colours, high);
  atlas.getContext('2d').putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), columns, rows * count), 0, 0);
  context.imageSmoothingEnabled = true;
  for (let i = 0; i < count; i += 1) {
    // Channels keep their order where the picture is mirrored: each is turned in its own place.
    const x = (i % SIDE) * width / SIDE, y = Math.floor(i / SIDE) * height / SIDE;
    const w = width / SIDE - GAP, h = height / SIDE - GAP;
    context.save();
    context.translate(x + GAP / 2 + (mirrored ? w : 0), y + GAP / 2);
    if (mirrored) context.scale(-1, 1);
    context.drawImage(atlas, 0, i * rows, columns, rows, 0, 0, w, h);
    context.restore();
  }
}

// One button for each channel; arrows go from one to the next, as in any grid.
export function ChannelButtons({ first, count, chosen, onChoose }) {
  const box = useRef();
  const at = chosen !== null && chosen >= first && chosen < first + count ? chosen - first : 0;
  const move = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: SIDE, ArrowUp: -SIDE }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = [...box.current.children];
    all[Math.min(Math.max(all.indexOf(event.target) + step, 0), all.length - 1)]?.focus();
  };
  return html`<div class="tiles" ref=${box} role="group" aria-label=${t('live.channels')} onKeyDown=${move}>
    ${Array.from({ length: count }, (_, i) => html`<button key=${i} tabindex=${i === at ? 0 : -1} aria-pressed=${chosen === first + i} data-channel=${first + i}
      aria-label=${t('live.channel', { n: first + i })} title=${t('live.channel', { n: first + i })} onClick=${() => onChoose(chosen === first + i ? null : first + i)} />`)}</div>`;
}

export function Pages({ first, total, onChoose }) {
  if (!total || total <= PAGE) return html`<span class="pages">${total ? t('live.of', { from: 0, to: total - 1, total }) : ''}</span>`;
  const last = Math.min(first + PAGE, total) - 1;
  return html`<span class="pages"><button class="icon small" disabled=${first === 0} aria-label=${t('live.before')} title=${t('live.before')} onClick=${() => onChoose(Math.max(first - PAGE, 0))}><${Icon} name="before" /></button>
    <span>${t('live.of', { from: first, to: last, total })}</span>
    <button class="icon small" disabled=${last >= total - 1} aria-label=${t('live.after')} title=${t('live.after')} onClick=${() => onChoose(first + PAGE)}><${Icon} name="after" /></button></span>`;
}

// A channel by its name, and the way to all that is known of it.
export function ChannelLink({ layer, channel }) {
  const follow = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go('layers', [layer, String(channel)]);
  };
  return html`<a class="unit" href=${link('layers', [layer, String(channel)])} title=${t('live.known')} onClick=${follow}>${t('live.channel', { n: channel })}</a>`;
}
