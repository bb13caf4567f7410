// How the plane is moved and what is drawn on it: mouse, touch, wheel and keys.
import { simplified } from '/static/js/lasso.js';

const STEP = 70;

export function hearHands(plane) {
  const { over } = plane;
  const fingers = new Map();
  let began = null;
  let pinch = null;
  const at = (event) => { const box = over.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };

  const down = (event) => {
    if (event.button) return;
    over.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, at(event));
    plane.keyed = false;
    plane.hear('point', -1);
    if (fingers.size === 1) {
      began = { at: at(event), moved: false };
      plane.drawing = plane.lassoing || event.shiftKey ? [plane.unit(...at(event))] : null;
    } else { plane.drawing = null; pinch = null; began = null; }
  };
  const move = (event) => {
    const here = at(event);
    if (!fingers.has(event.pointerId)) { plane.hear('point', plane.nearest(...here), here); return; }
    const before = fingers.get(event.pointerId);
    fingers.set(event.pointerId, here);
    if (fingers.size === 2) {
      const [a, b] = [...fingers.values()];
      const now = { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, far: Math.hypot(a[0] - b[0], a[1] - b[1]) };
      if (pinch) { plane.move(now.x - pinch.x, now.y - pinch.y); plane.zoom(now.far / pinch.far, now.x, now.y); }
      pinch = now;
      return;
    }
    if (!began) return;
    if (Math.hypot(here[0] - began.at[0], here[1] - began.at[1]) > 4) began.moved = true;
    if (plane.drawing) { plane.drawing.push(plane.unit(...here)); plane.dirty(); }
    else if (began.moved) { plane.hear('point', -1); plane.move(here[0] - before[0], here[1] - before[1]); }
  };
  const up = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    pinch = null;
    const { drawing } = plane;
    plane.drawing = null;
    if (began && !began.moved && event.type === 'pointerup') plane.hear('pick', plane.nearest(...at(event)));
    else if (drawing?.length > 3 && event.type === 'pointerup') plane.hear('lasso', simplified(drawing));
    began = null;
    plane.dirty();
  };
  const wheel = (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : event.deltaMode === 2 ? 300 : 1;
    plane.zoom(Math.exp(-Math.max(-240, Math.min(240, event.deltaY * lines)) * 0.0022), ...at(event));
  };
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const ways = { ArrowLeft: [STEP, 0], ArrowRight: [-STEP, 0], ArrowUp: [0, STEP], ArrowDown: [0, -STEP] };
    const zooms = { '+': 1.4, '=': 1.4, '-': 1 / 1.4, _: 1 / 1.4 };
    if (ways[event.key]) plane.move(...ways[event.key]);
    else if (zooms[event.key]) plane.zoom(zooms[event.key]);
    else if (event.key === '0') { plane.look(0, 0, 1); plane.hear('view'); }
    else if (event.key === 'Enter') plane.hear('pick', plane.nearest(plane.w / 2, plane.h / 2, Infinity));
    else return;
    event.preventDefault();
    plane.keyed = true;
    plane.dirty();
  };
  const leave = () => plane.hear('point', -1);
  const blur = () => { plane.keyed = false; plane.dirty(); };
  const all = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up, wheel, keydown: key, pointerleave: leave, blur };
  for (const [name, hear] of Object.entries(all)) over.addEventListener(name, hear, { passive: false });
  return () => { for (const [name, hear] of Object.entries(all)) over.removeEventListener(name, hear); };
}
