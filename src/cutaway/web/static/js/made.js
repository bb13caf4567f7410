// What a job made: its pictures, each with its buttons, and what is to be said of it.
import { html } from '/static/vendor/preact.js';
import { pictureOf } from '/static/js/api.js';
import { Copies } from '/static/js/copies.js';
import { Icon } from '/static/js/icons.js';
import { number, percent, t } from '/static/js/words.js';
import { Wipe } from '/static/js/wipe.js';

export function Made({ job, made }) {
  const address = (name) => pictureOf(job.id, name);
  const title = t(`studio.kind.${job.kind}`);
  const several = made.pictures.length > 1;
  return html`<div class="made" data-several=${several ? '' : null}>
    ${made.pictures.map((one, i) => html`<figure key=${one.id} class="picture">
      ${one.before ? html`<${Wipe} before=${address(one.before)} after=${address(one.id)} width=${one.width} height=${one.height} alt=${one.caption.split('\n')[0] || title} />` : html`<img src=${address(one.id)} width=${one.width} height=${one.height} alt=${one.caption.split('\n')[0] || title} />`}
      <figcaption><span class="words">${one.caption.split('\n').map((line, k) => html`<span key=${k}>${line}</span>`)}</span>
        <span class="tools-row"><a class="icon small" href=${address(one.id)} download=${`cutaway-${job.kind}-${job.id.slice(0, 6)}-${i + 1}.png`} title=${t('studio.save')} aria-label=${`${t('studio.save')}: ${one.caption.split('\n')[0] || title}`}><${Icon} name="save" /></a>
        <${Copies} title=${one.caption.split('\n')[0] || title} name=${`cutaway-${job.kind}`} picture=${() => address(one.id)} code=${made.code} /></span></figcaption></figure>`)}
  </div>`;
}

// What is to be said of it, below the curve.
export function About({ job, made }) {
  const address = (name) => pictureOf(job.id, name);
  return html`<${Facts} job=${job} facts=${made.facts} />
  ${made.given.length ? html`<div class="of"><span>${t('studio.of')}</span>${made.given.map((one) => html`<img key=${one.id} src=${address(one.id)} width=${one.width} height=${one.height} alt=${t('studio.of')} />`)}</div>` : null}
  <p class="reading">${made.stopped ? html`<strong>${t('studio.stopped')} </strong>` : null}${made.caption}${made.sheet ? html` <a href=${address(made.sheet)} download=${`cutaway-${job.kind}-${job.id.slice(0, 6)}-sheet.png`}>${t('studio.sheet')}</a>` : null}</p>`;
}

function Facts({ job, facts }) {
  if (facts.classes) {
    return html`<table class="odds"><caption class="unseen">${t('answers')}</caption><thead><tr><th scope="col">${t('studio.class')}</th><th scope="col">${t('studio.before')}</th><th scope="col">${t('studio.after')}</th></tr></thead>
      <tbody>${facts.classes.map((one) => html`<tr key=${one.label}><th scope="row">${one.label}</th><td>${percent(one.before)}</td><td>${percent(one.after)}</td></tr>`)}</tbody></table>
      <p class="hint">${t(facts.reached ? 'studio.reached' : 'studio.not.reached', { n: number(facts.steps) })}</p>`;
  }
  const rows = Object.entries(facts).filter(([, value]) => value !== null);
  if (!rows.length) return null;
  return html`<dl class="facts">${rows.map(([name, value]) => html`<div key=${name}><dt>${t(`studio.fact.${job.kind}.${name}`)}</dt><dd>${number(value)}</dd></div>`)}</dl>`;
}
