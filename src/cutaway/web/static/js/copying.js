// Copy a picture, a link or code, and say that it was done.
import { signal } from '/static/vendor/preact.js';
import { encoded } from '/static/js/wire.js';
import { t } from '/static/js/words.js';

export const said = signal('');
let timer = 0;

export function say(text) {
  said.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => { said.value = ''; }, 2500);
}

export async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch {
    say(t('copy.refused'));
  }
}

export const copyPicture = (canvas, name) => copyBlob(new Blob([encoded(canvas, 'image/png')], { type: 'image/png' }), name);

// A picture that the server made, byte by byte.
export async function copyFrom(address, name) {
  try {
    await copyBlob(await (await fetch(address)).blob(), name);
  } catch {
    say(t('lost'));
  }
}

async function copyBlob(blob, name) {
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': blob })]);
    say(t('copy.picture.done'));
  } catch {
    // No clipboard for pictures here: save it instead.
    const address = URL.createObjectURL(blob);
    Object.assign(document.createElement('a'), { href: address, download: `${name}.png` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    say(t('copy.picture.saved'));
  }
}
