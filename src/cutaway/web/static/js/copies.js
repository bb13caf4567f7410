// The three buttons of every picture: copy picture, copy link, copy code.
import { html } from '/static/vendor/preact.js';
import { copyPicture, copyText } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { t } from '/static/js/words.js';

// `picture` gives the canvas to copy, from the button that was pressed.
export function Copies({ title, code, name, picture, ready = true }) {
  return html`
    ${picture ? html`<button class="icon small" disabled=${!ready} title=${t('copy.picture')} aria-label=${`${t('copy.picture')}: ${title}`} onClick=${(event) => copyPicture(picture(event.currentTarget), name)}><${Icon} name="picture" /></button>` : null}
    <button class="icon small" title=${t('copy.link')} aria-label=${`${t('copy.link')}: ${title}`} onClick=${() => copyText(location.href, t('copy.link.done'))}><${Icon} name="link" /></button>
    <button class="icon small" disabled=${!ready} title=${t('copy.code')} aria-label=${`${t('copy.code')}: ${title}`} onClick=${() => copyText(code, t('copy.code.done'))}><${Icon} name="code" /></button>`;
}
