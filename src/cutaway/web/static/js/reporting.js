// A report, made as a job: one file to be kept.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { addExample, explorer, model, recentPhotos, startReport, thumb } from '/static/js/api.js';
import { Choice } from '/static/js/controls.js';
import { say } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { asked, change } from '/static/js/place.js';
import { FileButton, take } from '/static/js/sources.js';
import { t } from '/static/js/words.js';

const KINDS = ['photo', 'network', 'data'];

export function Report({ done }) {
  const known = useRef(signal([])).current;
  const busy = useRef(signal(false)).current;
  const { indexes } = explorer.value;
  const of = KINDS.includes(asked('of', '')) ? asked('of', '') : 'photo';
  const photo = asked('photo', '');
  const index = indexes.find((one) => one.id === asked('index', '')) ?? indexes[0];
  const look = () => recentPhotos().then((found) => { known.value = found; }).catch(() => {});
  useEffect(() => { look(); }, []);
  const put = (found) => { look(); change({ photo: found.id }, true); };
  const start = async () => {
    busy.value = true;
    const wanted = { of, model: model().id, ...(of === 'photo' ? { photo } : {}), ...(of === 'data' ? { index: index.id } : {}) };
    try { await startReport(wanted); await done(); } catch (error) { say(error.gone ? t('lost') : error.message); } finally { busy.value = false; }
  };
  const ready = of === 'network' || (of === 'photo' ? photo : index);
  return html`<section class="sheet reports" aria-label=${t('runs.report')}><h2>${t('runs.report')}</h2>
    <p class="hint">${t('runs.report.lead')}</p>
    <${Choice} name="of" legend=${t('runs.report.of')} options=${KINDS.map((one) => [one, t(`runs.report.${one}`)])} value=${of} onChoose=${(one) => change({ of: one === 'photo' ? '' : one }, true)} />
    ${of === 'photo' ? html`<div class="offered" role="group" aria-label=${t('photo')}>
      ${explorer.value.examples.map((name) => html`<button key=${name} aria-label=${t(`example.${name}`)} onClick=${() => take(addExample(name), put)}><img src=${`/static/examples/${name}.jpg`} alt="" width="44" height="44" /></button>`)}
      ${known.value.slice(0, 8).map((one, i) => html`<button key=${one.id} aria-pressed=${one.id === photo} aria-label=${t('recent.n', { n: i + 1 })} onClick=${() => change({ photo: one.id }, true)}><img src=${thumb(one.id)} alt="" width="44" height="44" /></button>`)}
      <${FileButton} small word="studio.file" then=${put} /></div>` : null}
    ${of === 'network' ? html`<p class="hint">${t('runs.report.network.more', { name: model().id })}</p>` : null}
    ${of === 'data' ? (index ? html`<label class="field"><span>${t('runs.report.index')}</span><select value=${index.id} onChange=${(event) => change({ index: event.target.value }, true)}>${indexes.map((one) => html`<option key=${one.id} value=${one.id}>${one.id}</option>`)}</select></label>`
      : html`<div class="none"><p>${t('runs.report.no.index')}</p><code>cutaway scan photos --out photos.index</code><code>cutaway serve --index photos.index</code></div>`) : null}
    <button class="strong" disabled=${!ready || busy.value} onClick=${start}><${Icon} name="report" />${t('runs.report.make')}</button></section>`;
}
