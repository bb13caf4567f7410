// Where photos come from: dropped, pasted, chosen, given as examples, or given before.
import { html, signal, useEffect, useLayoutEffect, useRef } from '/static/vendor/preact.js';
import { addExample, addPhoto, explorer, recentPhotos, thumb } from '/static/js/api.js';
import { say } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { go } from '/static/js/place.js';
import { t } from '/static/js/words.js';

const dragging = signal(false);
const busy = signal(false);

async function take(adding) {
  busy.value = true;
  try {
    const photo = await adding;
    go('explain', photo.id);
  } catch (error) {
    say(error.gone ? t('lost') : error.status === 413 ? t('photo.large') : error.message);
  } finally { busy.value = false; }
}

const firstFile = (data, kinds) => [...(data?.files ?? [])].find((file) => kinds.test(file.type) || !file.type) ?? data?.files?.[0];

// Anywhere in the room a photo may be dropped or pasted.
export function useDropAndPaste(hear = (file) => take(addPhoto(file)), kinds = /^image\//) {
  useLayoutEffect(() => {
    const holds = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
    const over = (event) => { if (holds(event)) { event.preventDefault(); dragging.value = true; } };
    const leave = (event) => { if (!event.relatedTarget) dragging.value = false; };
    const drop = (event) => {
      dragging.value = false;
      const file = firstFile(event.dataTransfer, kinds);
      if (!file) return;
      event.preventDefault();
      hear(file);
    };
    const paste = (event) => {
      const file = firstFile(event.clipboardData, kinds);
      if (file) { event.preventDefault(); hear(file); }
    };
    const all = { dragover: over, dragenter: over, dragleave: leave, drop, paste };
    for (const [name, hear] of Object.entries(all)) addEventListener(name, hear);
    return () => { for (const [name, hear] of Object.entries(all)) removeEventListener(name, hear); };
  }, []);
}

export const DropShade = ({ words }) => html`<div class="shade" data-open=${dragging.value ? '' : null} aria-hidden="true"><span>${words ?? t('drop.here')}</span></div>`;

export function FileButton({ strong, small }) {
  const file = useRef();
  return html`<button class=${strong ? 'strong' : small ? 'plain small' : 'plain'} disabled=${busy.value} onClick=${() => file.current.click()}><${Icon} name="upload" />${t(busy.value ? 'reading' : small ? 'another' : 'choose')}</button>
    <input ref=${file} type="file" accept="image/*" hidden onChange=${(event) => { const [one] = event.target.files; event.target.value = ''; if (one) take(addPhoto(one)); }} />`;
}

export function Empty({ note }) {
  const recent = useRef(signal([])).current;
  useEffect(() => { recentPhotos().then((found) => { recent.value = found; }).catch(() => {}); }, []);
  return html`<section class="empty">
    <h1>${t('explain.title')}</h1>
    ${note ? html`<p class="trouble" role="alert">${note}</p>` : null}
    <p class="lead">${t('explain.lead')}</p>
    <div class="well"><${Icon} name="picture" /><p>${t('drop.or.paste')}</p><${FileButton} strong /></div>
    <h2>${t('examples')}</h2>
    <ul class="thumbs">${explorer.value.examples.map((name) => html`<li key=${name}><button onClick=${() => take(addExample(name))}><img src=${`/static/examples/${name}.jpg`} alt="" width="144" height="108" /><span>${t(`example.${name}`)}</span></button></li>`)}</ul>
    ${recent.value.length ? html`<h2>${t('recent')}</h2><ul class="thumbs">${recent.value.map((one, i) => html`<li key=${one.id}><button aria-label=${t('recent.n', { n: i + 1 })} onClick=${() => go('explain', one.id)}><img src=${thumb(one.id)} alt="" width="144" height="108" /></button></li>`)}</ul>` : null}
  </section>`;
}
