// What was made before, of one kind: a wall of pictures.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { allJobs, jobThumb, pixels } from '/static/js/api.js';
import { Icon } from '/static/js/icons.js';
import { go, link } from '/static/js/place.js';
import { t } from '/static/js/words.js';

export function Recent({ kind, photo }) {
  const jobs = useRef(signal(null)).current;
  useEffect(() => { allJobs().then((found) => { jobs.value = found; }).catch(() => { jobs.value = []; }); }, [kind]);
  const mine = (jobs.value ?? []).filter((one) => one.kind === kind && one.state !== 'failed').slice(0, 12);
  const open = (event, id) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go('studio', [id]);
  };
  return html`<section class="stage before" aria-label=${t('studio.recent')}>
    ${photo ? html`<div class="canvas"><img class="frame" src=${pixels(photo)} alt=${t('photo')} /></div>` : mine.length ? null : html`<div class="waiting"><${Icon} name="wand" /><strong>${t('studio.none')}</strong><span>${t(`studio.about.${kind}`)}</span></div>`}
    ${mine.length ? html`<h2>${t('studio.recent')}</h2><ul class="wall-of">${mine.map((one) => html`<li key=${one.id}><a href=${link('studio', [one.id])} onClick=${(event) => open(event, one.id)}><img src=${jobThumb(one.id)} alt="" loading="lazy" /><span>${one.settings.layer ?? one.settings.layers?.join(', ') ?? one.settings.painter ?? one.settings.model}<small>${t(`state.${one.state === 'cancelled' && one.made ? 'kept' : one.state}`)}</small></span></a></li>`)}</ul>` : null}
  </section>`;
}
