// Studio: pictures made step by step, watched while they are made. Either a form, or the job that it started.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { explorer, model, startStudio, studioForms } from '/static/js/api.js';
import { say } from '/static/js/copying.js';
import { Icon } from '/static/js/icons.js';
import { asked, change, go, part } from '/static/js/place.js';
import { bodyOf, valuesOf } from '/static/js/settings.js';
import { DropShade, useDropAndPaste } from '/static/js/sources.js';
import { Fields } from '/static/js/fields.js';
import { Job } from '/static/js/studio_job.js';
import { Recent } from '/static/js/recent.js';
import { t } from '/static/js/words.js';

const KINDS = ['filters', 'class', 'dream', 'invert', 'texture', 'style', 'paint', 'fool'];
// Networks whose layers are known to tell styles and textures well.
const SUITED = ['vgg16', 'vgg19', 'alexnet'];
const told = signal({});

// The forms, and the layers of a network: asked for once.
export function useForms(m) {
  const trouble = useRef(signal('')).current;
  useEffect(() => {
    if (told.value[m]) return;
    studioForms(m).then((found) => { told.value = { ...told.value, [m]: found }; })
      .catch((error) => { trouble.value = error.gone ? t('lost') : error.message; });
  }, [m]);
  return { forms: told.value[m], trouble: trouble.value };
}

export function Studio() {
  const job = part(0);
  return job ? html`<${Job} key=${job} id=${job} />` : html`<${Form} />`;
}

function Form() {
  const m = model().id;
  const { forms, trouble } = useForms(m);
  const kind = KINDS.includes(asked('kind', '')) ? asked('kind', '') : 'dream';
  const busy = useRef(signal(false)).current;
  const refused = useRef(signal('')).current;
  const fields = forms?.kinds[kind] ?? [];
  const values = forms ? valuesOf(fields, forms) : {};
  const first = fields.find((one) => one.form === 'photo')?.name;
  const many = fields.find((one) => one.form === 'photos')?.name;
  // A photo dropped anywhere goes where one is missing.
  useDropAndPaste((photo) => {
    if (!first) return say(t('studio.no.photo'));
    if (many && values[first]) return change({ [many]: [...values[many], photo.id].slice(-4).join() });
    return change({ [first]: photo.id });
  });
  const start = async () => {
    busy.value = true;
    try {
      const job = await startStudio(bodyOf(kind, m, fields, values));
      go('studio', job.id);
    } catch (error) { refused.value = error.gone ? t('lost') : error.message; } finally { busy.value = false; }
  };
  const missing = fields.find((one) => one.needed && (Array.isArray(values[one.name]) ? !values[one.name].length : values[one.name] === null));
  // Another kind keeps the photo; its numbers are its own.
  const choose = (next) => {
    refused.value = '';
    const names = Object.values(forms?.kinds ?? {}).flat().map((one) => one.name).filter((name) => name !== 'photo');
    change({ ...Object.fromEntries(names.map((name) => [name, ''])), kind: next });
  };
  return html`<div class="studio-head"><h1>${t('room.studio')}</h1>
      <nav class="kinds" aria-label=${t('studio.kinds')}>${KINDS.map((one) => html`<button key=${one} class="plain" data-kind=${one} aria-pressed=${one === kind} onClick=${() => choose(one)}>${t(`studio.kind.${one}`)}</button>`)}</nav></div>
    <div class="desk">
      <form class="panel" onSubmit=${(event) => { event.preventDefault(); start(); }}>
        <div class="panel-head"><h2>${t(`studio.kind.${kind}`)}</h2><p>${t(`studio.lead.${kind}`)}</p></div>
        <${Suited} kind=${kind} m=${m} />
        ${kind === 'paint' && !explorer.value.painters.length ? html`<${NoPainter} />` : forms ? html`<${Fields} key=${kind} kind=${kind} fields=${fields} values=${values} forms=${forms} m=${m} />` : html`<p class="waiting" role="status">${trouble || t('reading')}</p>`}
        ${refused.value ? html`<p class="trouble" role="alert">${refused.value}</p>` : null}
        <div class="panel-foot"><button class="strong" type="submit" disabled=${busy.value || !forms || Boolean(missing)}><${Icon} name="wand" />${t('studio.start')}</button>
          <span class="hint" role="status">${missing ? t('studio.missing', { name: t(`studio.field.${missing.name}`) }) : ''}</span></div>
      </form>
      <${Recent} kind=${kind} photo=${values.photo} />
    </div><${DropShade} word="studio.drop" />`;
}

function NoPainter() {
  return html`<div class="none"><p>${t('studio.no.painter')}</p><code>cutaway train-style painting.jpg --photos folder --out night.safetensors</code><code>cutaway serve --painter night.safetensors</code></div>`;
}

// Which network suits: the one of the address is used, whatever it is.
function Suited({ kind, m }) {
  if (kind !== 'style' && kind !== 'texture') return null;
  const { models } = explorer.value;
  if (SUITED.includes(model().name)) return null;
  const other = models.find((one) => SUITED.includes(one.name));
  return html`<p class="note">${t('studio.suited', { name: m })} ${other
    ? html`<button type="button" class="inline" onClick=${() => change({ m: other.id })}>${t('studio.use', { name: other.id })}</button>`
    : html`<code>cutaway serve --model vgg16</code>`}</p>`;
}
