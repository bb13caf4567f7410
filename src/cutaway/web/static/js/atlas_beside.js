// Beside the map: a photo and its neighbours, or what was chosen, or what the colours mean.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { answerOf, model, photoAbout, pixels } from '/static/js/api.js';
import { chosenOf, keepPhoto, nearGiven, nearOf, patchesOf, photoOf, thumbOf } from '/static/js/atlas_data.js';
import { Tiles, tilesPicture } from '/static/js/atlas_tiles.js';
import { Bar } from '/static/js/controls.js';
import { Copies } from '/static/js/copies.js';
import { say } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { asked, change, go } from '/static/js/place.js';
import { fixed, number, percent, t } from '/static/js/words.js';

const MORE = 48;
const LEGEND = 14;
const open = (photo) => change({ p: String(photo), d: '' });

export function Beside(told) {
  const { photo, given, chosen } = told;
  return html`<aside class="beside">
    ${photo !== null || given ? html`<${Photo} key=${photo ?? given} ...${told} />` : chosen ? html`<${Chosen} ...${told} />` : null}
    <${Legend} ...${told} /></aside>`;
}

function Legend({ by, layer, colour, colourError, chosen, values }) {
  const rest = colour.legend.slice(LEGEND);
  const kind = by === 'answer' ? 'answer' : 'label';
  return html`<section class="sheet" aria-label=${t('atlas.legend')}><header><h2>${/^\d/.test(by) ? t('atlas.channel.of', { n: by, layer }) : t(kind === 'answer' ? 'atlas.by.answer' : 'atlas.by.label')}</h2></header>
    ${colourError ? html`<p class="trouble" role="alert">${colourError}</p>` : null}
    ${colour.codes ? null : html`<${Bar} low=${colour.low} high=${colour.high} name=${values} /><p class="hint">${t('atlas.largest')}</p>`}
    ${colour.codes && !colour.legend.length ? html`<p class="hint">${t('atlas.nolabels')}</p>` : null}
    <ul class="legend">${colour.legend.slice(0, LEGEND).map((one) => {
      const told = kind === 'answer' ? `answer:${one.key}` : `label:${one.name ?? ''}`;
      const on = asked('s', '') === told;
      return html`<li key=${one.key}><button aria-pressed=${on} onClick=${() => change({ s: on ? '' : told, p: '', d: '' })}><i style=${{ backgroundColor: `rgb(${one.colour.join(' ')})` }}></i><span>${one.name ?? t('atlas.nolabel')}</span><em>${number(one.count, 6)}</em></button></li>`;
    })}</ul>
    ${rest.length ? html`<label class="pick others"><span>${t('atlas.others', { n: rest.length })}</span><select value="" onChange=${(event) => event.target.value && change({ s: event.target.value, p: '', d: '' })}><option value="">${t('atlas.choose')}</option>${rest.map((one) => html`<option key=${one.key} value=${kind === 'answer' ? `answer:${one.key}` : `label:${one.name ?? ''}`}>${one.name ?? t('atlas.nolabel')} (${one.count})</option>`)}</select></label>` : null}
    ${colour.legend.length && !chosen ? html`<p class="hint">${t('atlas.legend.hint')}</p>` : null}</section>`;
}

function Chosen({ about, layer, mask }) {
  const told = useRef(signal({})).current;
  const shown = useRef(signal(MORE)).current;
  const photos = mask ? about.photos.filter((_, i) => mask[i]) : null;
  useEffect(() => {
    let current = true;
    shown.value = MORE;
    told.value = {};
    if (photos?.length) chosenOf(about.id, layer, photos).then((found) => { if (current) told.value = { found }; }).catch((error) => { if (current) told.value = { error: error.message }; });
    return () => { current = false; };
  }, [mask, layer]);
  if (!photos) return html`<section class="sheet"><p class="waiting" role="status">${t('working')}</p></section>`;
  const { found, error } = told.value;
  const names = (k) => about.labels[about.codes[about.photos.indexOf(photos[k])]] ?? t('atlas.photo', { n: photos[k] });
  return html`<section class="sheet" aria-label=${t('atlas.chosen.title')} data-chosen=${photos.length}>
    <header><h2 role="status">${t('atlas.chosen', { n: number(photos.length, 6), all: number(about.photos.length, 6) })}</h2>
      <span class="copies"><${Copies} title=${t('atlas.chosen.title')} name="chosen" code=${found?.code} ready=${photos.length > 0} picture=${() => tilesPicture(about.id, rowsOf(photos.slice(0, 64), names))} /></span>
      <button class="icon small" title=${t('atlas.clear')} aria-label=${t('atlas.clear')} onClick=${() => change({ s: '' })}><${Icon} name="close" /></button></header>
    ${error ? html`<p class="trouble" role="alert">${error}</p>` : null}
    ${photos.length ? null : html`<p class="hint">${t('atlas.chosen.none')}</p>`}
    ${found ? html`<${Counts} found=${found} />` : null}
    <${Tiles} index=${about.id} photos=${photos.slice(0, shown.value)} names=${names} onOpen=${open} />
    ${photos.length > shown.value ? html`<button class="plain small" onClick=${() => { shown.value += MORE; }}>${t('atlas.more', { n: number(photos.length - shown.value, 6) })}</button>` : null}
    ${found?.channels.length ? html`<${Channels} about=${about} layer=${layer} found=${found} />` : null}</section>`;
}

const rowsOf = (photos, names) => Array.from({ length: Math.ceil(photos.length / 8) }, (_, r) => ({
  title: '', photos: photos.slice(8 * r, 8 * r + 8), words: photos.slice(8 * r, 8 * r + 8).map((_, k) => names(8 * r + k)),
}));

function Counts({ found }) {
  const most = 8;
  const labelled = found.labels.filter((one) => one.label !== null);
  return html`${labelled.length ? html`<ol class="counts" aria-label=${t('atlas.counts')}>${labelled.slice(0, most).map((one) => html`<li key=${one.label} data-label=${one.label}><span>${one.label}</span><em title=${t('atlas.counts.title', { n: one.chosen, all: one.all })}>${one.chosen} <small>/ ${one.all}</small></em><meter min="0" max=${found.photos} value=${one.chosen} aria-hidden="true" /></li>`)}</ol>
    ${labelled.length > most ? html`<p class="hint">${t('atlas.counts.more', { n: labelled.length - most })}</p>` : null}` : null}
    ${found.answers.length ? html`<p class="hint">${t('atlas.answers', { names: found.answers.map((one) => `${one.label} ${one.chosen}`).join(', ') })}</p>` : null}`;
}

function Channels({ about, layer, found }) {
  return html`<div class="standing"><header><h3>${t('atlas.standing')}</h3><span class="copies"><${Copies} title=${t('atlas.standing')} name="channels" code=${found.channels_code} picture=${(button) => pictureOf(button.closest('.standing').querySelectorAll('img'))} /></span></header>
    <p class="hint">${t('atlas.standing.hint', { layer })}</p>
    <ul>${found.channels.map((one) => html`<li key=${one.channel} data-channel=${one.channel}><button class="inline" title=${t('atlas.by.channel')} onClick=${() => change({ by: String(one.channel) })}>${one.name ?? t('atlas.channel.n', { n: one.channel })}</button>
      <span title=${t('atlas.auc.title')}>${t('atlas.auc', { n: percent(one.auc, 0), inside: number(one.inside), outside: number(one.outside) })}</span>
      <img src=${patchesOf(about.id, layer, one.channel)} alt=${t('atlas.patches', { n: one.channel })} width="390" height="96" loading="lazy" onError=${(event) => { event.currentTarget.hidden = true; }} /></li>`)}</ul></div>`;
}

function pictureOf(images) {
  const all = [...images].filter((one) => one.naturalWidth);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, ...all.map((one) => one.naturalWidth));
  canvas.height = Math.max(1, all.reduce((sum, one) => sum + one.naturalHeight + 6, 0));
  const d = canvas.getContext('2d');
  let top = 0;
  for (const one of all) { d.drawImage(one, 0, top); top += one.naturalHeight + 6; }
  return canvas;
}

function Photo({ about, layer, photo, given, onNear }) {
  const state = useRef(signal({})).current;
  const set = (told) => { state.value = { ...state.value, ...told }; };
  useEffect(() => {
    const tell = photo !== null ? photoOf(about.id, photo) : photoAbout(given).then(async (one) => ({ ...one, label: null, name: t('atlas.given'), answer: about.models.length ? (await answerOf(given, about.models[0], []))[0] : null }));
    tell.then((one) => set({ one })).catch((error) => set({ error: error.message }));
  }, []);
  useEffect(() => {
    let current = true;
    (photo !== null ? nearOf(about.id, photo, layer) : nearGiven(about.id, given, layer))
      .then((near) => { if (current) { set({ near }); onNear(near.features.map((one) => one.photo)); } }).catch((error) => { if (current) set({ nearError: error.message }); });
    return () => { current = false; onNear(null); };
  }, [layer]);
  const { one, near, error, nearError } = state.value;
  const m = about.models[0] ?? model().id;
  const explain = async () => {
    try {
      const kept = photo !== null ? await keepPhoto(about.id, photo) : { id: given };
      go('explain', kept.id, { m, ...(one?.truth !== null && one?.truth !== undefined ? { t: one.truth } : {}) });
    } catch (fault) { say(fault.message); }
  };
  const title = one?.label ?? one?.name ?? '…';
  return html`<section class="sheet opened" aria-label=${t('atlas.opened')}><header><h2>${title}</h2><button class="icon small" title=${t('close')} aria-label=${t('close')} onClick=${() => change({ p: '', d: '' })}><${Icon} name="close" /></button></header>
    ${error ? html`<p class="trouble" role="alert">${error}</p>` : null}
    <div class="opened-photo"><img src=${photo !== null ? thumbOf(about.id, photo) : pixels(given)} alt=${title} width="480" height="360" />
      ${one ? html`<p>${one.label ? html`<span class="name">${one.name}</span>` : null}${one.answer ? html`<span>${t('atlas.answered', { name: one.answer.label })}</span>` : null}</p>` : null}
      <button class="plain small" disabled=${!one || Boolean(one.refused)} onClick=${explain}>${t('atlas.explain')}</button></div>
    ${one?.refused ? html`<p class="trouble" role="status">${t('atlas.unreadable', { why: one.refused })}</p>` : null}
    ${nearError ? html`<p class="trouble" role="alert">${nearError}</p>` : near ? html`<${Near} about=${about} near=${near} label=${one?.label} layer=${layer} />` : html`<p class="hint">${t('working')}</p>`}</section>`;
}

function Near({ about, near, label, layer }) {
  const same = (rows) => (label ? t('atlas.same', { n: rows.filter((one) => one.label === label).length, all: rows.length }) : ' ');
  const words = (row) => `${row.label ?? row.name}`;
  const sides = [['features', t('atlas.features'), t('atlas.features.hint', { layer })], ['pixels', t('atlas.pixels'), t('atlas.pixels.hint')]];
  const picture = () => tilesPicture(about.id, sides.map(([kind, title]) => ({ title, photos: near[kind].map((one) => one.photo), words: near[kind].map((one) => `${words(one)} ${fixed(one.similarity)}`) })));
  return html`<div class="near"><header><h3>${t('atlas.near')}</h3><span class="copies"><${Copies} title=${t('atlas.near')} name="neighbors" code=${near.code} picture=${picture} /></span></header>
    <div class="near-sides">${sides.map(([kind, title, hint]) => html`<div key=${kind} data-near=${kind}><h4>${title}</h4><p class="hint">${hint}</p><p class="same">${same(near[kind])}</p>
      <${Tiles} index=${about.id} photos=${near[kind].map((one) => one.photo)} onOpen=${open} names=${(k) => `${words(near[kind][k])}, ${fixed(near[kind][k].similarity)}`}
        below=${(k) => html`<b class=${label && near[kind][k].label === label ? 'same' : ''}>${words(near[kind][k])}</b><i>${fixed(near[kind][k].similarity)}</i>`} /></div>`)}</div></div>`;
}
