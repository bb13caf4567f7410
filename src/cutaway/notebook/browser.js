// The page of a UnitBrowser: it draws what Python holds, and sends back what is chosen.

const SORTS = { channel: "by number", strongest: "by strongest activation", rarest: "rarest first" };

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element && name !== "list") element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

function picture(one, words) {
  return one.picture
    ? made("img", { src: one.picture, alt: words, title: words })
    : made("span", { className: "missing", title: one.missing ?? "" }, "photo missing");
}

function render({ model, el }) {
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const layer = made("select", { ariaLabel: "Layer", onchange: () => set("layer", layer.value) });
  const sort = made("select", { ariaLabel: "Order of the channels", onchange: () => set("sort", sort.value) });
  const slider = made("input", { type: "range", min: 0, ariaLabel: "Channel", oninput: () => choose(slider.value) });
  const count = made("input", { type: "number", min: 0, ariaLabel: "Channel", onchange: () => choose(count.value) });
  const title = made("strong");
  const total = made("span", { className: "soft" });
  const thumbs = made("div", { className: "thumbs", role: "group", ariaLabel: "Channels" });
  const turn = made("div", { className: "turn" });
  const unit = made("h4");
  const facts = made("p", { className: "soft" });
  const shown = made("div", { className: "unit", ariaLive: "polite" });
  let waiting = 0;

  for (const [value, words] of Object.entries(SORTS)) sort.append(made("option", { value }, words));

  function choose(value) {
    const channel = Math.max(0, Math.min(Number(value) || 0, model.get("channels") - 1));
    slider.value = count.value = channel;
    clearTimeout(waiting); // a slider tells every step: Python is asked for the last
    waiting = setTimeout(() => set("channel", channel), 60);
  }

  function showLayers() {
    layer.replaceChildren(
      ...model.get("layers").map((one) => made("option", { value: one.name }, `${one.name} (${one.channels})`)),
    );
    layer.value = model.get("layer");
  }

  function showThumbs() {
    const chosen = model.get("channel");
    const focused = thumbs.contains(document.activeElement) && document.activeElement.dataset.channel;
    thumbs.replaceChildren(
      ...model.get("thumbs").map((one) => {
        const button = made(
          "button",
          { type: "button", ariaLabel: `Channel ${one.channel}`, onclick: () => choose(one.channel) },
          picture(one, `channel ${one.channel}`),
          made("span", {}, String(one.channel)),
        );
        button.dataset.channel = one.channel;
        button.ariaPressed = String(one.channel === chosen);
        return button;
      }),
    );
    if (focused) thumbs.querySelector(`[data-channel="${focused}"]`)?.focus();
    const [page, pages] = [model.get("page"), model.get("pages")];
    const go = (words, to) =>
      made("button", { type: "button", disabled: to < 0 || to >= pages, onclick: () => set("page", to) }, words);
    turn.replaceChildren(go("‹ before", page - 1), made("span", {}, `page ${page + 1} of ${pages}`), go("next ›", page + 1));
    turn.hidden = pages < 2;
  }

  function showUnit() {
    const image = model.get("image");
    unit.textContent = `${model.get("layer")}:${model.get("channel")}`;
    facts.textContent = model.get("facts");
    const patches = model.get("patches").map((one) =>
      made("figure", {}, picture(one, `${one.name} ${one.label}`), made("figcaption", {}, made("b", {}, one.value), " ", one.label)),
    );
    const grid = made("div", { className: "patches" }, ...patches);
    const filter = made("figure", { className: "filter" });
    if (image.picture) filter.append(made("img", { src: image.picture, alt: "made to excite it" }));
    if (image.words) filter.append(made("figcaption", {}, image.picture ? `made to excite it: ${image.words}` : image.words));
    shown.replaceChildren(...(filter.childNodes.length ? [filter] : []), grid);
  }

  function follow() {
    title.textContent = model.get("title");
    layer.value = model.get("layer");
    sort.value = model.get("sort");
    slider.max = count.max = model.get("channels") - 1;
    slider.value = count.value = model.get("channel");
    total.textContent = `of ${model.get("channels").toLocaleString("en")}`;
    for (const button of thumbs.children) button.ariaPressed = String(Number(button.dataset.channel) === model.get("channel"));
  }

  const head = made("div", { className: "head" }, title, layer, sort, slider, count, total);
  const left = made("div", { className: "left" }, thumbs, turn);
  const right = made("div", { className: "right" }, unit, facts, shown);
  el.classList.add("cutaway-units");
  el.replaceChildren(head, made("div", { className: "body" }, left, right));

  const draws = {
    "change:layers": showLayers,
    "change:thumbs change:pages change:page": showThumbs,
    "change:patches change:image change:facts change:layer change:channel": showUnit,
    "change:layer change:channel change:sort change:channels change:title": follow,
  };
  for (const [names, draw] of Object.entries(draws)) {
    for (const name of names.split(" ")) model.on(name, draw);
    draw();
  }
  return () => {
    clearTimeout(waiting);
    for (const [names, draw] of Object.entries(draws)) for (const name of names.split(" ")) model.off(name, draw);
  };
}

export default { render };
