// A form's values as the address has them: text in the query, defaults left out.
import { explorer } from '/static/js/api.js';
import { asked } from '/static/js/place.js';

// What a field begins with where the address says nothing.
export function usual(field, forms) {
  if (field.name === 'layer') return forms.few.at(-2) ?? forms.few.at(-1) ?? forms.layers[0]?.name ?? null;
  if (field.name === 'channels' && field.needed) return [0, 1, 2, 3];
  if (field.form === 'painter') return explorer.value.painters[0] ?? null;
  if (['photos', 'classes'].includes(field.form)) return [];
  return field.default ?? null;
}

const whole = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : null);
const id = (text) => (/^[0-9a-f]{16}$/.test(text) ? text : null);
const list = (text, of) => text.split(',').map((one) => of(one.trim())).filter((one) => one !== null);

// 0,1,5..8 as numbers.
export function ranges(text) {
  const found = [];
  for (const one of text.split(',')) {
    const [, low, high] = /^\s*(\d{1,6})\s*(?:\.\.\s*(\d{1,6}))?\s*$/.exec(one) ?? [];
    if (low === undefined) continue;
    for (let k = Number(low); k <= Number(high ?? low) && found.length < 64; k += 1) found.push(k);
  }
  return found;
}

function parsed(field, text) {
  switch (field.form) {
    case 'number': {
      const value = Number(text);
      return text.trim() === '' || !Number.isFinite(value) ? null : value;
    }
    case 'choice': return field.choices.includes(text) ? text : field.default;
    case 'photo': return id(text);
    case 'photos': return list(text, id);
    case 'channels': { const found = ranges(text); return found.length ? found : null; }
    case 'classes': return list(text, whole);
    case 'class': return whole(text);
    case 'layers': return list(text, (one) => one || null);
    case 'weights': { const found = list(text, (one) => (Number(one) > 0 ? Number(one) : null)); return found.length ? found : null; }
    default: return text || null;
  }
}

export function valuesOf(fields, forms) {
  return Object.fromEntries(fields.map((field) => {
    const text = asked(field.name, null);
    return [field.name, text === null ? usual(field, forms) : parsed(field, text)];
  }));
}

// A value as text of the address; nothing where it is the usual one.
export function textOf(field, value, forms) {
  const text = Array.isArray(value) ? value.join() : value === null || value === undefined ? '' : String(value);
  const plain = usual(field, forms);
  return text === (Array.isArray(plain) ? plain.join() : String(plain ?? '')) ? '' : text;
}

export function bodyOf(kind, m, fields, values) {
  const given = fields.map(({ name, form }) => [name, form === 'layers' && !values[name]?.length ? null : values[name]]);
  return { kind, model: m, ...Object.fromEntries(given.filter(([, value]) => value !== null && value !== undefined)) };
}

// The query that opens a form with a job's settings.
export function queryOf(job, forms) {
  const fields = forms.kinds[job.kind] ?? [];
  const told = fields.map((field) => [field.name, textOf(field, job.settings[field.name], forms)]);
  const m = job.settings.model === explorer.value.models[0].id ? '' : job.settings.model;
  return { m, kind: job.kind, ...Object.fromEntries(told) };
}
