// The three buttons below every picture: copy it, its link, the Python that makes it.
import { html } from '/static/vendor/preact.js';
import { copyText } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { t } from '/static/js/words.js';

export function Copies({ title, ready = true, picture, code, address }) {
  const button = (word, icon, press, disabled) => html`<button class="icon small" disabled=${disabled} title=${t(word)} aria-label=${`${t(word)}: ${title}`} onClick=${press}><${Icon} name=${icon} /></button>`;
  return html`${button('copy.picture', 'picture', picture, !ready)}
    ${button('copy.link', 'link', () => copyText(address ?? location.href, t('copy.link.done')), false)}
    ${button('copy.code', 'code', () => copyText(code, t('copy.code.done')), !ready)}`;
}
