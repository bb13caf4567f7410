// Photos of an index as tiles: one picture from the server for up to 64 of them.
import { html } from '/static/vendor/preact.js';
import { sheetOf } from '/static/js/thumbs.js';
import { t } from '/static/js/words.js';

const SIDE = 160;
const ACROSS = 8;

// The place of the k-th of some photos in their sheets, as a background.
function background(index, photos, k) {
  const first = Math.floor(k / 64) * 64;
  const several = photos.slice(first, first + 64);
  const place = k - first;
  const rows = Math.ceil(several.length / ACROSS);
  const x = (100 * (place % ACROSS)) / (ACROSS - 1);
  const y = rows > 1 ? (100 * Math.floor(place / ACROSS)) / (rows - 1) : 0;
  return { backgroundImage: `url("${sheetOf(index, several, true)}")`, backgroundSize: `${100 * ACROSS}% ${100 * rows}%`, backgroundPosition: `${x}% ${y}%` };
}

export function Tiles({ index, photos, names, below, onOpen }) {
  return html`<ul class="tiles">${photos.map((photo, k) => html`<li key=${photo}><button onClick=${() => onOpen(photo)} aria-label=${names(k)} title=${names(k)}>
    <span class="tile" style=${background(index, photos, k)}></span>${below ? html`<span class="below">${below(k)}</span>` : null}</button></li>`)}</ul>`;
}

// Tiles of a sheet as one canvas, with words below each: what is copied.
export async function tilesPicture(index, rows) {
  const all = rows.flatMap((row) => row.photos);
  const image = new Image();
  image.src = sheetOf(index, all.slice(0, 64), true);
  await image.decode();
  const across = Math.max(...rows.map((row) => row.photos.length));
  const height = SIDE + 44;
  const canvas = document.createElement('canvas');
  canvas.width = across * (SIDE + 8) + 8;
  canvas.height = rows.length * (height + 30) + 8;
  const d = canvas.getContext('2d');
  d.fillStyle = '#fff'; d.fillRect(0, 0, canvas.width, canvas.height);
  d.fillStyle = '#17181c';
  let place = 0;
  rows.forEach((row, r) => {
    const top = 8 + r * (height + 30);
    d.font = '600 15px system-ui, sans-serif';
    d.fillText(row.title, 8, top + 16);
    d.font = '13px system-ui, sans-serif';
    row.photos.forEach((_, k) => {
      const x = 8 + k * (SIDE + 8);
      d.drawImage(image, SIDE * (place % ACROSS), SIDE * Math.floor(place / ACROSS), SIDE, SIDE, x, top + 26, SIDE, SIDE);
      d.fillText(row.words[k] ?? '', x, top + 26 + SIDE + 18, SIDE);
      place += 1;
    });
  });
  return canvas;
}

// What lies under the mouse.
export function Peek({ about, peek, colour, host }) {
  if (!peek.value) return null;
  const { place, where } = peek.value;
  const photo = about.photos[place];
  const right = where[0] > host.current.clientWidth / 2;
  const low = where[1] > host.current.clientHeight / 2;
  const style = { left: right ? 'auto' : `${where[0] + 16}px`, right: right ? `${host.current.clientWidth - where[0] + 16}px` : 'auto', top: low ? 'auto' : `${where[1] + 12}px`, bottom: low ? `${host.current.clientHeight - where[1] + 12}px` : 'auto' };
  const code = about.codes[place];
  const seen = colour.codes && colour.legend.find((one) => String(one.key) === String(colour.codes[place]))?.name;
  const label = code >= 0 ? about.labels[code] : t('atlas.nolabel');
  return html`<div class="peek" style=${style} aria-hidden="true"><span class="tile" style=${background(about.id, [photo], 0)}></span><b>${label}</b>${seen && seen !== label ? html`<i>${seen}</i>` : null}</div>`;
}
