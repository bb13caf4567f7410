// A photo and what became of it, one over the other: a slider moves the edge between them.
import { html, signal, useRef } from '/static/vendor/preact.js';
import { percent, t } from '/static/js/words.js';

export function Wipe({ before, after, width, height, alt }) {
  const share = useRef(signal(1)).current;
  const edge = Math.round(100 * share.value);
  return html`<div class="wipe">
    <div class="layers" style=${{ '--shape': `${width} / ${height}` }}>
      <img src=${before} alt=${t('studio.before')} width=${width} height=${height} />
      <img src=${after} alt=${alt} width=${width} height=${height} style=${{ clipPath: `inset(0 ${100 - edge}% 0 0)` }} />
      ${edge > 0 && edge < 100 ? html`<i style=${{ left: `${edge}%` }} />` : null}
    </div>
    <label class="slider"><span>${t('studio.before')}</span><input type="range" min="0" max="1" step="0.01" value=${share.value} aria-label=${t('studio.wipe')} aria-valuetext=${percent(share.value, 0)} onInput=${(event) => { share.value = Number(event.target.value); }} /><span>${t('studio.after')}</span></label></div>`;
}
