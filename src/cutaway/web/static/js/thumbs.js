// Small copies of photos, fetched many at once when they are first drawn: the index's own 16 × 16 pixels, then larger.
const PAGE = 1024;
const AT_ONCE = 3;
const MOST_SHEETS = 40;

export const sheetOf = (index, photos, large) => `/api/atlas/${index}/sheet?photos=${photos.join('.')}${large ? '&large=true' : ''}`;

async function loaded(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}

export class Thumbs {
  // `ready` is called when more can be drawn.
  constructor(index, ready) {
    this.index = index;
    this.ready = ready;
    this.pages = new Map();
    this.sizes = { small: new Map(), large: new Map() };
    this.sheets = [];
    this.wanted = { small: new Set(), large: new Set() };
    this.busy = 0;
    this.timer = 0;
  }

  // A piece of an image to draw for a photo: [image, x, y, side], or null where nothing has come yet.
  piece(photo, side) {
    const kind = side > 80 ? 'large' : 'small';
    const found = this.sizes[kind].get(photo);
    if (found) return found;
    this.want(kind, photo);
    return this.sizes[kind === 'large' ? 'small' : 'large'].get(photo) ?? this.tiny(photo);
  }

  tiny(photo) {
    const number = Math.floor(photo / PAGE);
    if (!this.pages.has(number)) {
      this.pages.set(number, null);
      loaded(`/api/atlas/${this.index}/small/${number}`).then((image) => { this.pages.set(number, image); this.ready(); }).catch(() => {});
    }
    const image = this.pages.get(number);
    const place = photo % PAGE;
    return image && [image, 16 * (place % 32), 16 * Math.floor(place / 32), 16];
  }

  want(kind, photo) {
    this.wanted[kind].add(photo);
    if (!this.timer) this.timer = setTimeout(() => { this.timer = 0; this.fetch(); }, 80);
  }

  fetch() {
    for (const kind of ['large', 'small']) {
      while (this.busy < AT_ONCE && this.wanted[kind].size) {
        const photos = [...this.wanted[kind]].slice(0, 64);
        this.load(kind, photos);
      }
    }
    // What is still wanted is asked for again by the next drawing: by then the reader may look elsewhere.
    this.wanted = { small: new Set(), large: new Set() };
  }

  async load(kind, photos) {
    this.busy += 1;
    photos.forEach((photo) => this.wanted[kind].delete(photo));
    const side = kind === 'large' ? 160 : 64;
    try {
      const image = await loaded(sheetOf(this.index, photos, kind === 'large'));
      photos.forEach((photo, k) => this.sizes[kind].set(photo, [image, side * (k % 8), side * Math.floor(k / 8), side]));
      this.sheets.push([kind, photos]);
      if (this.sheets.length > MOST_SHEETS) {
        const [old, gone] = this.sheets.shift();
        gone.forEach((photo) => this.sizes[old].delete(photo));
      }
    } catch { /* they stay as they are */ }
    this.busy -= 1;
    this.ready();
  }
}
