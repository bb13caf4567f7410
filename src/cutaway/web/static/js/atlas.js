// Atlas: the photos of an index, near each other where the network finds them alike.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { explorer } from '/static/js/api.js';
import { aboutIndex } from '/static/js/atlas_data.js';
import { Findings } from '/static/js/atlas_audit.js';
import { Map_ } from '/static/js/atlas_map.js';
import { Icon } from '/static/js/icons.js';
import { part } from '/static/js/place.js';
import { t } from '/static/js/words.js';

export function Atlas() {
  const { indexes } = explorer.value;
  if (!indexes.length) return html`<${Nothing} />`;
  const index = indexes.find((one) => one.id === part(0)) ?? (part(0) ? null : indexes[0]);
  if (!index) return html`<${Nothing} note=${t('atlas.unknown', { name: part(0), names: indexes.map((one) => one.id).join(', ') })} />`;
  return html`<${Opened} key=${index.id} id=${index.id} />`;
}

function Opened({ id }) {
  const about = useRef(signal(null)).current;
  const error = useRef(signal('')).current;
  useEffect(() => {
    aboutIndex(id).then((found) => { about.value = found; }).catch((one) => { error.value = one.gone ? t('lost') : one.message; });
  }, []);
  if (error.value) return html`<p class="trouble" role="alert">${error.value}</p>`;
  if (!about.value) return html`<p class="waiting" role="status">${t('reading')}</p>`;
  return html`<h1 class="unseen">${t('atlas.title')}</h1>${part(1) === 'audit' ? html`<${Findings} about=${about.value} />` : html`<${Map_} about=${about.value} />`}`;
}

function Nothing({ note }) {
  return html`<section class="empty"><h1>${t('atlas.title')}</h1>
    ${note ? html`<p class="trouble" role="alert">${note}</p>` : null}
    <p class="lead">${t('atlas.lead')}</p>
    <div class="well"><${Icon} name="points" /><p>${t('atlas.none')}</p>
      <pre class="typed" tabindex="0" aria-label=${t('atlas.commands')}><code>cutaway scan PHOTOS --out X.index${'\n'}cutaway serve --index X.index</code></pre></div></section>`;
}
