// What both rooms are steered by: strength, colours, one of several.
import { html, useEffect, useRef } from '/static/vendor/preact.js';
import { MAPS, drawBar } from '/static/js/draw.js';
import { asked, change } from '/static/js/place.js';
import { number, t } from '/static/js/words.js';

export const opacity = () => {
  const given = Number.parseFloat(asked('a', '0.92'));
  return Number.isFinite(given) ? Math.min(Math.max(given, 0), 1) : 0.92;
};
export const colours = () => (MAPS.includes(asked('map', '')) ? asked('map', '') : 'inferno');

export function Strength() {
  return html`<label class="slider"><span>${t('strength')}</span>
    <input type="range" aria-label=${t('strength')} min="0" max="1" step="0.01" value=${opacity()} onInput=${(event) => change({ a: event.target.value }, true)} />
    <output>${number(Math.round(100 * opacity()))} %</output></label>`;
}

export function Colours() {
  return html`<label class="pick"><span>${t('colours')}</span>
    <select value=${colours()} onChange=${(event) => change({ map: event.target.value }, true)}>${MAPS.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>`;
}

export function Bar({ low, high, name }) {
  const canvas = useRef();
  const drawn = low < 0 ? 'diverging' : name;
  useEffect(() => drawBar(canvas.current, drawn), [drawn]);
  return html`<div class="bar"><span>${number(low)}</span><canvas ref=${canvas} aria-hidden="true" /><span>${number(high)}</span></div>`;
}

// Radio buttons that look like one control.
export function Choice({ name, legend, options, value, onChoose }) {
  return html`<fieldset class="choice"><legend class="unseen">${legend}</legend>
    ${options.map(([id, word]) => html`<label key=${id}><input type="radio" name=${name} value=${id} checked=${id === value} onChange=${() => onChoose(id)} /><span>${word}</span></label>`)}</fieldset>`;
}
