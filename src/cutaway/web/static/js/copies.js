// Take it along: the picture, the link to it, the Python that makes it.
import { html } from '/static/vendor/preact.js';
import { copyPicture, copyText } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { t } from '/static/js/words.js';

// `picture` gives the canvas; what is not there yet cannot be copied.
export function Copies({ name, file, picture, code, link }) {
  const one = (word, icon, able, take) => html`<button class="icon small" disabled=${!able} title=${t(word)} aria-label=${`${t(word)}: ${name}`} onClick=${take}><${Icon} name=${icon} /></button>`;
  return html`<span class="copies">${one('copy.picture', 'picture', picture, async (event) => copyPicture(await picture(event), file))}
    ${one('copy.link', 'link', true, () => copyText(link ?? location.href, t('copy.link.done')))}
    ${one('copy.code', 'code', code, () => copyText(code, t('copy.code.done')))}</span>`;
}
