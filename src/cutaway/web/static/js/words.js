// Every word of the page, from one file, in the reader's language.
import { signal } from '/static/vendor/preact.js';

export const LANGUAGES = { en: 'English', zh: '中文', ru: 'Русский' };
export const language = signal('en');
let words = {};

export async function loadWords() {
  words = await (await fetch('/static/strings.json')).json();
  let wanted = null;
  try { wanted = localStorage.getItem('cutaway-language'); } catch { /* none kept */ }
  const spoken = navigator.languages.map((one) => one.slice(0, 2));
  speak(LANGUAGES[wanted] ? wanted : spoken.find((one) => LANGUAGES[one]) ?? 'en');
}

export function speak(chosen) {
  language.value = chosen;
  document.documentElement.lang = chosen;
}

export function choose(chosen) {
  try { localStorage.setItem('cutaway-language', chosen); } catch { /* it lasts as long as the page */ }
  speak(chosen);
}

// Say a text by its key, with values in place of {name}.
export function t(key, values = {}) {
  const found = words[key]?.[language.value] ?? words[key]?.en ?? key;
  return found.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const percent = (share, digits = 1) =>
  new Intl.NumberFormat(language.value, { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share);

// A correlation, with both its digits.
export const correlation = (r) => new Intl.NumberFormat(language.value, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(r).replace('-', '−');

export function number(value, digits = 3) {
  if (value === null || value === undefined) return '–';
  return new Intl.NumberFormat(language.value, { maximumSignificantDigits: digits }).format(value).replace('-', '−');
}

export const fixed = (value, digits = 2) =>
  new Intl.NumberFormat(language.value, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value).replace('-', '−');
