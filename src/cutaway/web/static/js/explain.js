// Explain: one photo, several methods asked the same question.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { answerOf, classNames, explorer, model, photoAbout, pixels as pixelsOf } from '/static/js/api.js';
import { Card } from '/static/js/card.js';
import { Colours, Strength } from '/static/js/controls.js';
import { Icon } from '/static/js/icons.js';
import { decoded } from '/static/js/pixels.js';
import { asked, change, go, link, part } from '/static/js/place.js';
import { DropShade, Empty, FileButton, useDropAndPaste } from '/static/js/sources.js';
import { percent, number, t } from '/static/js/words.js';

const USUAL = ['cam', 'grad-cam', 'layer-cam', 'saliency', 'guided-backprop', 'deconvnet'];
const whole = (name) => (/^\d{1,9}$/.test(asked(name, '')) ? Number(asked(name, '')) : null);

function shownMethods() {
  const known = [...explorer.value.quick, ...explorer.value.slow];
  const given = asked('methods', null);
  return given === null ? USUAL : given.split(',').filter((one, i, all) => known.includes(one) && all.indexOf(one) === i);
}

export function Explain() {
  useDropAndPaste();
  const photo = part(0);
  return html`${photo ? html`<${Photo} key=${photo} id=${photo} />` : html`<${Empty} />`}<${DropShade} />`;
}

function Photo({ id }) {
  const state = useRef(signal({})).current;
  const answers = useRef(signal(null)).current;
  const m = model().id;
  const truth = whole('t');
  const chosen = whole('c');

  useEffect(() => {
    photoAbout(id)
      .then(async (about) => { state.value = { about, pixels: await decoded(id) }; })
      .catch((error) => { state.value = { error: error.gone ? t('lost') : error.message }; });
  }, [id]);

  const also = [truth, chosen].filter((k) => k !== null);
  useEffect(() => {
    let current = true;
    answerOf(id, m, also)
      .then((found) => { if (current) answers.value = found; })
      .catch((error) => { if (current) state.value = { ...state.value, refused: error.message }; });
    return () => { current = false; };
  }, [id, m, also.join()]);

  const { about, pixels, error, refused } = state.value;
  if (error) return html`<${Empty} note=${error} />`;
  if (!about || !answers.value) return html`<p class="waiting" role="status">${refused ?? t('reading')}</p>`;
  const top = answers.value[0].index;
  const target = chosen ?? top;
  const targets = truth !== null && truth !== target ? [target, truth] : [target];
  const methods = shownMethods();
  const setMethods = (list) => change({ methods: list.join() === USUAL.join() ? '' : list.join() || ' ' });
  return html`
    <h1 class="unseen">${t('explain.title')}</h1>
    <div class="bench">
      <aside>
        <figure class="photo"><img src=${pixelsOf(id)} alt=${t('photo')} width=${about.width} height=${about.height} />
          <figcaption><span>${about.width} × ${about.height}${about.notes.map((note) => html` · ${note}`)}</span><span class="push" /><a class="plain small" href=${link('layers', [], { i: id })} onClick=${(event) => { if (!(event.metaKey || event.ctrlKey || event.shiftKey || event.button)) { event.preventDefault(); go('layers', [], { i: id }); } }}>${t('room.layers')}</a><${FileButton} small /></figcaption></figure>
        <${Answers} found=${answers.value} chosen=${target} truth=${truth} />
        <${Truth} m=${m} truth=${truth} chosen=${target} />
      </aside>
      <section class="wall" aria-label=${t('methods')}>
        <div class="steer">
          <p class="question">${t(targets.length > 1 ? 'question.two' : 'question', { name: label(answers.value, target), other: label(answers.value, truth) })}</p>
          <span class="push" /><${Strength} /><${Colours} />
        </div>
        <div class="cards" data-two=${targets.length > 1 ? '' : null}>
          ${methods.map((method) => html`<${Card} key=${method} photo=${id} m=${m} method=${method} targets=${targets} predicted=${target === top} pixels=${pixels} onRemove=${() => setMethods(methods.filter((one) => one !== method))} />`)}
        </div>
        <${More} methods=${methods} add=${(one) => setMethods([...methods, one])} />
        <p class="reading">${t('reading.cards')}</p>
      </section>
    </div>`;
}

const label = (found, k) => found.find((one) => one.index === k)?.label ?? String(k ?? '');

function Answers({ found, chosen, truth }) {
  return html`<section class="answers" aria-label=${t('answers')}><h2>${t('answers')}</h2>
    <ol>${found.map((one) => html`<li key=${one.index}>
      <button class="answer" aria-pressed=${one.index === chosen} data-class=${one.index} onClick=${() => change({ c: one.rank === 1 ? '' : String(one.index) })}>
        <span class="name">${one.label}${one.index === truth ? html` <em>${t('true')}</em>` : null}</span>
        <span class="share">${one.probability === null ? number(one.score) : one.probability < 0.001 ? `< ${percent(0.001)}` : percent(one.probability)}</span>
        <meter min="0" max="1" value=${one.probability ?? 0} aria-hidden="true" />
      </button></li>`)}</ol>
    <p class="hint">${t('retarget.hint')}</p></section>`;
}

// Any class by its name: to ask about, or as what the photo really shows.
function Truth({ m, truth, chosen }) {
  const names = useRef(signal([])).current;
  useEffect(() => { classNames(m).then((found) => { names.value = found; }).catch(() => {}); }, [m]);
  const index = (text) => {
    const plain = text.trim().toLowerCase();
    if (/^\d+$/.test(plain) && Number(plain) < names.value.length) return Number(plain);
    return names.value.findIndex((name) => name.toLowerCase() === plain);
  };
  const hear = (query) => (event) => {
    const k = index(event.target.value);
    event.target.setCustomValidity(event.target.value && k < 0 ? t('class.unknown') : '');
    event.target.reportValidity();
    if (k >= 0) change({ [query]: String(k) });
    else if (!event.target.value && query === 't') change({ t: '' });
  };
  return html`<section class="ask">
    <label><span>${t('true.ask')}</span><input list="classes" value=${truth === null ? '' : names.value[truth] ?? truth} placeholder=${t('class.placeholder')} onChange=${hear('t')} /></label>
    <label><span>${t('class.ask')}</span><input list="classes" key=${chosen} value="" placeholder=${t('class.placeholder')} onChange=${hear('c')} /></label>
    <datalist id="classes">${names.value.map((name, k) => html`<option key=${k} value=${name} />`)}</datalist></section>`;
}

function More({ methods, add }) {
  const { quick, slow, titles } = explorer.value;
  const left = [...quick, ...slow].filter((one) => !methods.includes(one));
  if (!left.length) return null;
  return html`<div class="adding"><span>${t('add')}</span>${left.map((one) => html`<button class="plain small" key=${one} data-add=${one} title=${slow.includes(one) ? t('slow') : ''} onClick=${() => add(one)}><${Icon} name="more" />${titles[one]}</button>`)}</div>`;
}
