// Explain: one photo, several methods asked the same question.
import { html, signal, useEffect, useRef } from '/static/vendor/preact.js';
import { answerOf, classNames, explorer, model, photoAbout, pixels as pixelsOf } from '/static/js/api.js';
import { Card } from '/static/js/card.js';
import { Choice, Colours, Strength } from '/static/js/controls.js';
import { Icon } from '/static/js/icons.js';
import { Mask } from '/static/js/mask.js';
import { Pair, SecondPick, matched, second } from '/static/js/pair.js';
import { decoded } from '/static/js/pixels.js';
import { asked, change, go, link, part, place } from '/static/js/place.js';
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

// What a network says of the photo, and the names of its classes; asked anew when the question changes.
function useAnswer(id, m, also, refuse) {
  const state = useRef(signal({})).current;
  useEffect(() => {
    let current = true;
    if (m) classNames(m).then((names) => { if (current) state.value = { ...state.value, of: m, names }; }).catch(() => {});
    return () => { current = false; };
  }, [m]);
  useEffect(() => {
    let current = true;
    if (m) answerOf(id, m, also).then((found) => { if (current) state.value = { ...state.value, found, asked: m }; }).catch((error) => { if (current) refuse(error.message); });
    return () => { current = false; };
  }, [id, m, also.join()]);
  const { of, asked: heard, names, found } = state.value;
  return { names: of === m ? names : null, found: heard === m ? found : null };
}

function Photo({ id }) {
  const state = useRef(signal({})).current;
  const m = model().id;
  const other = second(m);
  const truth = whole('t');
  const chosen = whole('c');

  useEffect(() => {
    photoAbout(id)
      .then(async (about) => { const found = await decoded(id); state.value = { ...state.value, about, pixels: found }; })
      .catch((error) => { state.value = { error: error.gone ? t('lost') : error.message }; });
  }, [id]);

  const refuse = (refused) => { state.value = { ...state.value, refused }; };
  const first = useAnswer(id, m, [truth, chosen].filter((k) => k !== null), refuse);
  const top = first.found?.[0].index ?? null;
  const target = chosen ?? top;
  // The same classes by their names, in the other network's numbers, as soon as its names are there.
  const beside = useRef(null);
  const there = (k) => (first.names && beside.current?.m === other?.id ? matched(k, first.names, beside.current?.names ?? []) : null);
  const two = useAnswer(id, other?.id, [truth, target].map(there).filter((k) => k !== null), refuse);
  if (two.names) beside.current = { m: other.id, names: two.names };

  const { about, pixels, error, refused } = state.value;
  if (error) return html`<${Empty} note=${error} />`;
  if (!about || !first.found) return html`<p class="waiting" role="status">${refused ?? t('reading')}</p>`;
  const targets = truth !== null && truth !== target ? [target, truth] : [target];
  const methods = shownMethods();
  const setMethods = (list) => change({ methods: list.join() === USUAL.join() ? '' : list.join() || ' ' });
  const names = { name: label(first.found, target), other: label(first.found, truth) };
  const masking = part(1) === 'mask';
  const remove = (method) => () => setMethods(methods.filter((one) => one !== method));
  const sides = other && first.names && two.names && two.found
    ? [{ m, targets, top }, { m: other.id, targets: targets.map(there).filter((k) => k !== null), top: two.found[0].index }] : null;
  return html`
    <h1 class="unseen">${t('explain.title')}</h1>
    <div class="bench">
      <aside>
        <figure class="photo"><img src=${pixelsOf(id)} alt=${t('photo')} width=${about.width} height=${about.height} />
          <figcaption><span>${about.width} × ${about.height}${about.notes.map((note) => html` · ${note}`)}</span><span class="push" /><a class="plain small" href=${link('layers', [], { i: id })} onClick=${(event) => { if (!(event.metaKey || event.ctrlKey || event.shiftKey || event.button)) { event.preventDefault(); go('layers', [], { i: id }); } }}>${t('room.layers')}</a><${FileButton} small /></figcaption></figure>
        <${Answers} of=${other ? m : ''} found=${first.found} chosen=${target} truth=${truth} choose=${(one) => change({ c: one.rank === 1 ? '' : String(one.index) })} />
        ${other && two.found && first.names ? html`<${Answers} of=${other.id} found=${two.found} chosen=${there(target)} truth=${there(truth)}
          known=${(one) => matched(one.index, two.names ?? [], first.names) !== null} choose=${(one) => { const k = matched(one.index, two.names, first.names); change({ c: k === top ? '' : String(k) }); }} />` : null}
        <${Truth} m=${m} truth=${truth} chosen=${target} />
      </aside>
      <section class="wall" aria-label=${t(masking ? 'masks' : 'methods')}>
        <div class="steer">
          <${Choice} name="view" legend=${t('view')} options=${[['', t('methods')], ['mask', t('mask')]]} value=${masking ? 'mask' : ''} onChoose=${(one) => go('explain', one ? [id, one] : [id], place.value.query)} />
          <span class="push" />${masking ? null : html`<${SecondPick} m=${m} /><${Strength} /><${Colours} />`}
        </div>
        <p class="question">${t(masking ? 'question.mask' : targets.length > 1 ? 'question.two' : 'question', names)}</p>
        ${masking ? html`<${Mask} photo=${id} m=${m} target=${target} label=${names.name} methods=${methods.length ? methods : USUAL} pixels=${pixels} about=${about} />` : html`
        <div class="cards" data-two=${targets.length > 1 ? '' : null} data-pairs=${sides ? '' : null}>
          ${sides
            ? methods.map((method) => html`<${Pair} key=${method} photo=${id} method=${method} pixels=${pixels} sides=${sides} name=${names.name} onRemove=${remove(method)} />`)
            : other ? html`<p class="waiting" role="status">${refused ?? t('reading')}</p>`
            : methods.map((method) => html`<${Card} key=${method} photo=${id} m=${m} method=${method} targets=${targets} predicted=${target === top} pixels=${pixels} onRemove=${remove(method)} />`)}
        </div>
        <${More} methods=${methods} add=${(one) => setMethods([...methods, one])} />
        <p class="reading">${t('reading.cards')}</p>`}
      </section>
    </div>`;
}

const label = (found, k) => found.find((one) => one.index === k)?.label ?? String(k ?? '');

function Answers({ of, found, chosen, truth, choose, known = () => true }) {
  const title = of ? t('answers.of', { name: of }) : t('answers');
  return html`<section class="answers" aria-label=${title}><h2>${title}</h2>
    <ol>${found.map((one) => html`<li key=${one.index}>
      <button class="answer" aria-pressed=${one.index === chosen} disabled=${!known(one)} data-class=${one.index} onClick=${() => choose(one)}>
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
