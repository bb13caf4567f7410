// The plane: points near and far, photos where there is room for them, moved by mouse, touch and keys.
import { canvasPoints } from '/static/js/points_canvas.js';
import { glPoints } from '/static/js/points_gl.js';
import { hearHands } from '/static/js/plane_hands.js';
import { Thumbs } from '/static/js/thumbs.js';

const MARGIN = 0.9;
// Photos take this part of the way between points, if these lay evenly; as large as this, in pixels of the page.
const SHARE = 0.7;
const LEAST = 34;
const LARGEST = 160;
const MORPH = 900;
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

export class Plane {
  // `hear` is told ('pick', place), ('point', place or -1), ('lasso', shape), ('view'); `index` gives the photos;
  // `kind` is webgl, canvas, or nothing for what is quicker here.
  constructor(host, index, photos, kind, hear) {
    Object.assign(this, { host, photos, hear, cx: 0, cy: 0, k: 1, t: 1, extent: [1, 1], lassoing: false, shape: null, mark: null, focus: -1, frames: 0 });
    this.from = this.to = new Float32Array(2 * photos.length);
    this.tints = new Uint8Array(4 * photos.length);
    this.over = host.querySelector('canvas.over');
    this.draw2d = this.over.getContext('2d');
    this.thumbs = new Thumbs(index, () => this.dirty());
    this.drawer(kind);
    this.unhear = hearHands(this);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(host);
    this.fit();
  }

  drawer(kind) {
    this.points = (kind !== 'canvas' && glPoints(this.ground(), kind === 'webgl')) || canvasPoints(this.ground());
    this.host.dataset.drawer = this.points.name;
    // A context that the system takes away does not come back by itself: go on without it.
    this.under.addEventListener('webglcontextlost', () => { if (!this.ended) { this.drawer('canvas'); this.fit(); } });
    this.points.places(this.from, this.to);
    if (this.order) this.points.colours(this.tints, this.order);
  }

  // A canvas that was asked for one kind of context gives no other.
  ground() {
    this.under?.remove();
    this.under = document.createElement('canvas');
    this.under.className = 'under';
    this.host.prepend(this.under);
    return this.under;
  }

  fit() {
    const { clientWidth: w, clientHeight: h } = this.host;
    this.ratio = Math.min(2, window.devicePixelRatio || 1);
    Object.assign(this, { w, h });
    for (const one of [this.under, this.over]) { one.width = Math.max(1, Math.round(w * this.ratio)); one.height = Math.max(1, Math.round(h * this.ratio)); }
    this.dirty();
  }

  get scale() { return this.k * Math.min(this.w / this.extent[0], this.h / this.extent[1]) * MARGIN; }

  // Go to other places: at once, or so that the eye can follow.
  go({ points, extent }, moving = true) {
    const before = this.scale;
    const from = this.current();
    this.extent = extent;
    // Where the new plane is shown larger, the way begins where the points are seen now.
    const change = before / this.scale;
    this.from = moving ? Float32Array.from(from, (one, i) => { const c = i % 2 ? this.cy : this.cx; return c + (one - c) * change; }) : points;
    this.to = points;
    this.t = moving && !still() ? 0 : 1;
    this.began = performance.now();
    this.points.places(this.from, this.to);
    this.dirty();
  }

  current() {
    if (this.t >= 1) return this.to;
    const t = this.eased();
    return Float32Array.from(this.to, (one, i) => this.from[i] + (one - this.from[i]) * t);
  }

  eased() { return this.t >= 1 ? 1 : this.t * this.t * (3 - 2 * this.t); }

  colour(tints, order, borders) {
    Object.assign(this, { tints, order, borders });
    this.points.colours(tints, order);
    this.dirty();
  }

  look(cx, cy, k) {
    Object.assign(this, { cx: Math.min(Math.max(cx, -1.5), 1.5), cy: Math.min(Math.max(cy, -1.5), 1.5), k: Math.min(Math.max(k, 0.5), 400) });
    this.dirty();
  }

  // Zoom so that what lies at a point of the page stays there.
  zoom(by, x = this.w / 2, y = this.h / 2) {
    const [ux, uy] = this.unit(x, y);
    const k = Math.min(Math.max(this.k * by, 0.5), 400);
    const change = this.k / k;
    this.look(ux + (this.cx - ux) * change, uy + (this.cy - uy) * change, k);
    this.hear('view');
  }

  move(dx, dy) { this.look(this.cx - dx / this.scale, this.cy - dy / this.scale, this.k); this.hear('view'); }

  unit(x, y) { return [(x - this.w / 2) / this.scale + this.cx, (y - this.h / 2) / this.scale + this.cy]; }

  screen(i) {
    const t = this.eased();
    const x = this.from[2 * i] + (this.to[2 * i] - this.from[2 * i]) * t;
    const y = this.from[2 * i + 1] + (this.to[2 * i + 1] - this.from[2 * i + 1]) * t;
    return this.at({ x, y });
  }

  at({ x, y }) { return [(x - this.cx) * this.scale + this.w / 2, (y - this.cy) * this.scale + this.h / 2]; }

  // The point nearest to a place of the page, within reach; -1 where there is none.
  nearest(x, y, reach = Math.max(10, this.shown ? this.side / 2 : 0)) {
    const covered = this.shown?.find(([, sx, sy]) => Math.max(Math.abs(sx - x), Math.abs(sy - y)) <= this.side / 2);
    if (covered && reach < Infinity) return covered[0];
    const [ux, uy] = this.unit(x, y);
    const t = this.eased();
    const { from, to } = this;
    let best = (reach / this.scale) ** 2;
    let found = -1;
    for (let i = 0; i < to.length; i += 2) {
      const dx = from[i] + (to[i] - from[i]) * t - ux;
      const dy = from[i + 1] + (to[i + 1] - from[i + 1]) * t - uy;
      const way = dx * dx + dy * dy;
      if (way < best) { best = way; found = i / 2; }
    }
    return found;
  }

  // What is in view, as the four corners of it.
  corners() {
    const [left, top] = this.unit(0, 0);
    const [right, bottom] = this.unit(this.w, this.h);
    return [[left, top], [right, top], [right, bottom], [left, bottom]];
  }

  dirty() {
    if (!this.asked && !this.ended) this.asked = requestAnimationFrame((now) => { this.asked = 0; this.paint(now); });
  }

  paint(now) {
    if (this.t < 1) { this.t = Math.min(1, (now - this.began) / MORPH); this.dirty(); }
    if (this.t >= 1 && this.from !== this.to) { this.from = this.to; this.points.places(this.to, this.to); }
    this.side = Math.min((SHARE * this.scale) / Math.sqrt(this.photos.length), LARGEST);
    const radius = Math.min(Math.max((0.26 * this.scale) / this.k / Math.sqrt(this.photos.length), 1.4), 6) * Math.min(this.k ** 0.25, 2);
    this.points.draw({ cx: this.cx, cy: this.cy, scale: this.scale * this.ratio, width: this.under.width, height: this.under.height, t: this.eased(), size: 2 * radius * this.ratio });
    const d = this.draw2d;
    d.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    d.clearRect(0, 0, this.w, this.h);
    this.shown = this.side >= LEAST ? this.roomy() : null;
    if (this.shown) this.photographs(d);
    this.marks(d, radius);
    this.frames += 1;
    Object.assign(this.host.dataset, { shown: this.shown ? this.shown.length : 0, scale: this.scale, middle: `${this.cx} ${this.cy}` });
    this.host.dataset.still = this.t >= 1 ? '' : 'moving';
  }

  // The points in view whose photos have room: none over another, the first ones first.
  roomy() {
    const { side, from, to } = this;
    const t = this.eased();
    const [left, top] = this.unit(-side, -side);
    const [right, bottom] = this.unit(this.w + side, this.h + side);
    const taken = new Map();
    const cell = (x, y) => Math.floor(x / side) * 100003 + Math.floor(y / side);
    const found = [];
    // The one that is open comes first, then those drawn last, which are chosen.
    for (let j = this.order.length; j >= 0; j -= 1) {
      const i = j === this.order.length ? this.focus : this.order[j];
      if (i < 0) continue;
      const ux = from[2 * i] + (to[2 * i] - from[2 * i]) * t;
      const uy = from[2 * i + 1] + (to[2 * i + 1] - from[2 * i + 1]) * t;
      if (ux < left || ux > right || uy < top || uy > bottom) continue;
      const [x, y] = this.at({ x: ux, y: uy });
      let free = true;
      for (let a = -1; a <= 1 && free; a += 1) {
        for (let b = -1; b <= 1 && free; b += 1) {
          const there = taken.get(cell(x + a * side, y + b * side));
          free = !there || Math.max(Math.abs(there[1] - x), Math.abs(there[2] - y)) >= side + 3;
        }
      }
      if (!free) continue;
      const one = [i, x, y];
      taken.set(cell(x, y), one);
      found.push(one);
    }
    return found;
  }

  photographs(d) {
    const { side } = this;
    const edge = side > 70 ? 3 : 2;
    for (const [i, x, y] of this.shown) {
      const [r, g, b] = this.borders.subarray(3 * i, 3 * i + 3);
      const half = side / 2;
      const piece = this.thumbs.piece(this.photos[i], side * this.ratio);
      d.fillStyle = this.paper;
      d.fillRect(x - half, y - half, side, side);
      d.globalAlpha = this.faint?.[i] ? 0.3 : 1;
      if (piece) d.drawImage(piece[0], piece[1], piece[2], piece[3], piece[3], x - half, y - half, side, side);
      d.lineWidth = edge;
      d.strokeStyle = `rgb(${r} ${g} ${b})`;
      d.strokeRect(x - half + edge / 2, y - half + edge / 2, side - edge, side - edge);
      d.globalAlpha = 1;
    }
  }

  marks(d, radius) {
    const outlined = (trace, colour) => {
      for (const [width, stroke] of [[5.5, this.paper], [2.5, colour]]) { d.beginPath(); trace(); d.lineWidth = width; d.strokeStyle = stroke; d.stroke(); }
    };
    const ring = (x, y, r) => outlined(() => d.arc(x, y, r, 0, 7), this.accent);
    const start = this.focus >= 0 ? this.screen(this.focus) : this.mark && this.at(this.mark);
    if (start && this.near) {
      d.lineWidth = 1.5; d.strokeStyle = this.accent; d.globalAlpha = 0.75;
      for (const i of this.near) { d.beginPath(); d.moveTo(...start); d.lineTo(...this.screen(i)); d.stroke(); }
      d.globalAlpha = 1;
      for (const i of this.near) { if (!this.shown) ring(...this.screen(i), radius + 1.5); }
    }
    if (this.focus >= 0) {
      const [x, y] = start;
      const half = this.shown ? this.side / 2 : 26;
      const piece = this.thumbs.piece(this.photos[this.focus], 2 * half * this.ratio);
      if (piece) d.drawImage(piece[0], piece[1], piece[2], piece[3], piece[3], x - half, y - half, 2 * half, 2 * half);
      outlined(() => d.rect(x - half, y - half, 2 * half, 2 * half), this.accent);
    }
    if (this.mark) {
      const [x, y] = start;
      const half = 30;
      d.fillStyle = this.accent;
      d.beginPath(); d.moveTo(x, y); d.lineTo(x - 7, y - 13); d.lineTo(x + 7, y - 13); d.fill();
      d.fillRect(x - half - 3, y - 12 - 2 * half - 6, 2 * half + 6, 2 * half + 6);
      const { image } = this.mark;
      if (image) {
        const cut = Math.min(image.naturalWidth, image.naturalHeight);
        d.drawImage(image, (image.naturalWidth - cut) / 2, (image.naturalHeight - cut) / 2, cut, cut, x - half, y - 15 - 2 * half, 2 * half, 2 * half);
      }
      ring(x, y, 4);
    }
    if (this.keyed) {
      d.strokeStyle = this.accent; d.lineWidth = 1.5; d.beginPath();
      d.moveTo(this.w / 2 - 9, this.h / 2); d.lineTo(this.w / 2 + 9, this.h / 2);
      d.moveTo(this.w / 2, this.h / 2 - 9); d.lineTo(this.w / 2, this.h / 2 + 9); d.stroke();
    }
    const line = this.drawing ?? this.shape;
    if (line?.length > 1) {
      d.beginPath();
      for (const [x, y] of line) d.lineTo(...this.at({ x, y }));
      d.closePath();
      d.fillStyle = this.accent; d.globalAlpha = 0.07; d.fill();
      d.globalAlpha = 1; d.lineWidth = 1.5; d.strokeStyle = this.accent; d.setLineDash(this.drawing ? [] : [5, 4]); d.stroke(); d.setLineDash([]);
    }
  }

  // Everything that is seen, as one canvas.
  picture() {
    this.paint(performance.now());
    const whole = document.createElement('canvas');
    whole.width = this.under.width; whole.height = this.under.height;
    const d = whole.getContext('2d');
    d.fillStyle = this.paper;
    d.fillRect(0, 0, whole.width, whole.height);
    d.drawImage(this.under, 0, 0);
    d.drawImage(this.over, 0, 0);
    return whole;
  }

  end() {
    this.ended = true;
    cancelAnimationFrame(this.asked);
    this.watch.disconnect();
    this.unhear();
    this.points.end();
  }
}
