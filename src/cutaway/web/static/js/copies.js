// The three buttons of every picture: copy it, its link, the Python that makes it.
import { html } from '/static/vendor/preact.js';
import { copyFrom, copyPicture, copyText } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { t } from '/static/js/words.js';

// `picture` gives, from the button that was pressed, a canvas or the address of a PNG; `name` is the file's.
export function Copies({ title, code, name, picture, link, ready = true }) {
  const button = (word, icon, able, press) => html`<button class="icon small" disabled=${!able} title=${t(word)} aria-label=${`${t(word)}: ${title}`} onClick=${press}><${Icon} name=${icon} /></button>`;
  const copy = async ({ currentTarget }) => {
    const found = await picture(currentTarget);
    if (typeof found === 'string') copyFrom(found, name);
    else copyPicture(found, name);
  };
  return html`${picture ? button('copy.picture', 'picture', ready, copy) : null}
    ${button('copy.link', 'link', true, () => copyText(link ?? location.href, t('copy.link.done')))}
    ${button('copy.code', 'code', ready && code, () => copyText(code, t('copy.code.done')))}`;
}
