// What labels are told by that is not the object: an audit as a job, and what it found as cards.
import { html, signal, useEffect, useMemo, useRef } from '/static/vendor/preact.js';
import { cancelJob } from '/static/js/api.js';
import { startAudit, unpack } from '/static/js/atlas_data.js';
import { Rooms } from '/static/js/atlas_steer.js';
import { Tiles } from '/static/js/atlas_tiles.js';
import { Bar, colours } from '/static/js/controls.js';
import { Copies } from '/static/js/copies.js';
import { table } from '/static/js/draw.js';
import { awaitBytes } from '/static/js/working.js';
import { asked, change, go } from '/static/js/place.js';
import { percent, t } from '/static/js/words.js';

const MOST = [30, 60, 120];
const SHOWN = 32;

export function Findings({ about }) {
  const state = useRef(signal({})).current;
  const most = MOST.includes(Number(asked('most', ''))) ? Number(asked('most')) : 0;
  const tries = useRef(signal(0)).current;
  // The address asks for it: a reload finds what was found, or goes on waiting.
  useEffect(() => {
    state.value = {};
    if (!most) return undefined;
    return awaitBytes(startAudit(about.id, most), ({ bytes, ...told }) => { state.value = bytes ? { found: unpack(bytes) } : told; });
  }, [most, tries.value]);
  const { job, found, error, cancelled } = state.value;
  return html`<div class="steer atlas-steer"><${Rooms} id=${about.id} /></div>
    <section class="findings"><header><h2>${found ? found.title : t('audit.title')}</h2>${found ? html`<span class="copies"><${Copies} title=${t('atlas.findings')} name="findings" code=${found.code} picture=${(button) => evidencePicture(button.closest('.findings'))} /></span>` : null}</header>
    ${found ? null : html`<p class="lead">${t('audit.lead')}</p>`}
    ${error ? html`<p class="trouble" role="alert">${error}</p>` : null}
    ${!most || cancelled || error ? html`<div class="row">${MOST.map((n) => html`<button key=${n} class=${n === 60 ? 'strong' : 'plain'} onClick=${() => { if (n === most) tries.value += 1; else change({ most: String(n) }); }}>${t('audit.start', { n })}</button>`)}</div>` : null}
    ${cancelled ? html`<p class="hint" role="status">${t('cancelled')}</p>` : null}
    ${job ? html`<div class="progress" role="status"><span>${t('audit.working')}</span><progress max=${job.total || null} value=${job.total ? job.done : null} aria-label=${t('audit.working')} /><span>${job.state === 'queued' ? t('queued') : job.total ? t(`audit.step.${job.what === 'labels' ? 'labels' : 'evidence'}`, { n: job.done, all: job.total }) : t('working')}</span><button class="plain small" onClick=${() => cancelJob(job.id)}>${t('cancel')}</button></div>` : null}
    ${found ? html`<${Found} about=${about} found=${found} />` : null}</section>`;
}

function Found({ about, found }) {
  const sheet = useMemo(() => (found.rest.length ? URL.createObjectURL(new Blob([found.rest], { type: 'image/jpeg' })) : ''), [found]);
  useEffect(() => () => URL.revokeObjectURL(sheet), [sheet]);
  const shown = useRef(signal(SHOWN)).current;
  const high = found.values.reduce((most, one) => Math.max(most, one), 0) * 64 * 64;
  const openPhoto = (photo) => go('atlas', [about.id], { p: String(photo) });
  return html`
    ${found.suspects.length ? html`<ul class="suspects">${found.suspects.map((one, k) => html`<li key=${k} class="sheet"><h3>${one.label}: ${t(`audit.${one.kind}`)}</h3><p>${one.words}</p>
      <h4>${t('audit.own', { name: one.label })}</h4><${Tiles} index=${about.id} photos=${one.photos} names=${() => one.label} onOpen=${openPhoto} />
      <h4>${t('audit.taken', { name: one.label, n: percent(one.kept, 0) })}</h4><${Changed} sheet=${sheet} found=${found} row=${2 * k} of=${one.taken} />
      <h4>${t('audit.given', { name: one.label, n: percent(one.turned, 0) })}</h4><${Changed} sheet=${sheet} found=${found} row=${2 * k + 1} of=${one.given} /></li>`)}</ul>`
      : html`<p class="lead">${found.words}</p>`}
    <h2>${t('audit.labels')}</h2><p class="hint">${t('audit.labels.hint')}</p><div class="audit-bar"><${Bar} low=${0} high=${high} name=${colours()} /></div>
    <ul class="audited">${found.labels.map((one, k) => html`<li key=${one.label} class="sheet" data-label=${one.label}><${Evidence} values=${found.values.subarray(4096 * k, 4096 * k + 4096)} high=${high} name=${one.label} />
      <h3>${one.label}</h3><dl><div><dt>${t('audit.photos')}</dt><dd>${one.photos}</dd></div><div><dt>${t('audit.right')}</dt><dd>${percent(one.right, 0)}</dd></div>
      <div><dt title=${t('audit.outside.title')}>${t('audit.outside')}</dt><dd>${one.evidence_outside === null ? '–' : percent(one.evidence_outside, 0)}</dd></div><div><dt title=${t('audit.area.title')}>${t('audit.area')}</dt><dd>${one.image_outside === null ? '–' : percent(one.image_outside, 0)}</dd></div></dl></li>`)}</ul>
    ${found.mistakes.length ? html`<h2>${t('audit.mistakes', { n: found.mistakes.length })}</h2><${Tiles} index=${about.id} photos=${found.mistakes.slice(0, shown.value).map((one) => one.photo)} names=${(k) => `${found.mistakes[k].label}, ${t('audit.decided', { name: found.mistakes[k].decided })}`} onOpen=${openPhoto} below=${(k) => html`<b>${found.mistakes[k].label}</b><i>→ ${found.mistakes[k].decided}</i>`} />
      ${found.mistakes.length > shown.value ? html`<div class="row"><button class="plain small" onClick=${() => { shown.value += SHOWN; }}>${t('atlas.more', { n: found.mistakes.length - shown.value })}</button></div>` : null}` : null}`;
}

// Photos as they were changed, from the one sheet that came with the figures.
function Changed({ sheet, found, row, of }) {
  const rows = 2 * found.suspects.length;
  return html`<ul class="tiles">${of.map(([before, after], k) => html`<li key=${k}><span class="tile" role="img" aria-label=${`${before} → ${after}`} style=${{ backgroundImage: `url("${sheet}")`, backgroundSize: `${100 * found.across}% ${100 * rows}%`, backgroundPosition: `${(100 * k) / (found.across - 1)}% ${(100 * row) / (rows - 1)}%` }}></span>
    <span class="below"><b>${before === after ? t('audit.still', { name: after }) : `${before} → ${after}`}</b></span></li>`)}</ul>`;
}

function Evidence({ values, high, name }) {
  const canvas = useRef();
  useEffect(() => {
    const d = canvas.current.getContext('2d');
    const image = d.createImageData(64, 64);
    const colour = table(colours());
    values.forEach((one, i) => {
      const level = Math.min(255, Math.round((255 * one * 4096) / (high || 1)));
      image.data.set([colour[3 * level], colour[3 * level + 1], colour[3 * level + 2], 255], 4 * i);
    });
    d.putImageData(image, 0, 0);
  }, [values, high, colours()]);
  return html`<canvas ref=${canvas} width="64" height="64" role="img" aria-label=${t('audit.evidence', { name })} />`;
}

function evidencePicture(section) {
  const all = [...section.querySelectorAll('.audited canvas')];
  const across = Math.min(all.length, 6);
  const canvas = document.createElement('canvas');
  canvas.width = across * 136;
  canvas.height = Math.ceil(all.length / across) * 160;
  const d = canvas.getContext('2d');
  d.fillStyle = '#fff'; d.fillRect(0, 0, canvas.width, canvas.height);
  d.fillStyle = '#17181c'; d.font = '13px system-ui, sans-serif';
  all.forEach((one, k) => {
    const x = 4 + 136 * (k % across);
    const y = 4 + 160 * Math.floor(k / across);
    d.drawImage(one, x, y, 128, 128);
    d.fillText(one.closest('li').dataset.label, x, y + 144, 128);
  });
  return canvas;
}
