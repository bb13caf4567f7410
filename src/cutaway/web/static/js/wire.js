// The bytes of frames, answers and maps, as web/frames.py and web/maps.py write them: little-endian.
export const WAYS = ['cam', 'grad-cam', 'saliency', 'channels', 'strongest', 'style'];
const VERSION = 2;
const NOTHING = 2 ** 32 - 1;

// A canvas as the bytes of a file. At once: Chromium's toBlob waits for an idle moment, and now and then for ever.
export function encoded(canvas, type, quality) {
  const text = atob(canvas.toDataURL(type, quality).split(',')[1]);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function packFrame({ way, target, name = '', first = 0 }, number, jpeg) {
  const named = new TextEncoder().encode(name);
  const bytes = new Uint8Array(16 + named.length + jpeg.length);
  const head = new DataView(bytes.buffer);
  head.setUint8(0, VERSION);
  head.setUint8(1, WAYS.indexOf(way));
  head.setUint16(2, named.length, true);
  head.setUint32(4, number, true);
  head.setInt32(8, target ?? -1, true);
  head.setUint32(12, first, true);
  bytes.set(named, 16);
  bytes.set(jpeg, 16 + named.length);
  return bytes.buffer;
}

export function readReply(buffer) {
  const view = new DataView(buffer);
  const f = (at) => view.getFloat32(at, true);
  const count = view.getUint16(2, true);
  const shape = [1, view.getUint16(8, true), view.getUint16(10, true)];
  const classes = Array.from({ length: count }, (_, i) => ({ index: view.getUint32(64 + 8 * i, true), share: f(68 + 8 * i) }));
  const at = 64 + 8 * count;
  const cells = shape[1] * shape[2];
  const way = WAYS[view.getUint8(1)];
  const target = view.getUint32(60, true);
  return {
    way,
    number: view.getUint32(4, true),
    shape,
    low: f(12), high: f(16), network: f(20), server: f(24),
    start: [f(28), f(32)], step: [f(36), f(40)], window: [f(44), f(48), f(52), f(56)],
    target: target === NOTHING ? null : target,
    classes,
    values: halves(new Uint16Array(buffer, at, cells), Math.max(-f(12), f(16), 0)),
    channels: way === 'channels' || way === 'strongest' ? readChannels(new DataView(buffer, at + 2 * cells)) : null,
    jpeg: way === 'style' ? new Uint8Array(buffer, at + 2 * cells) : null,
  };
}

// Several channels of a layer as bytes between one low and one high.
function readChannels(view) {
  const u = (at) => view.getUint16(at, true);
  const [count, rows, columns] = [u(12), u(14), u(16)];
  return {
    total: view.getUint32(0, true), strongest: view.getUint32(4, true), first: view.getUint32(8, true),
    count, rows, columns, block: u(18), low: view.getFloat32(20, true), high: view.getFloat32(24, true),
    levels: new Uint8Array(view.buffer, view.byteOffset + 28, count * rows * columns),
  };
}

// Half floats as numbers, times a scale: each of the 65 536 that there are is worked out once.
let known = null;
function halves(bits, scale) {
  known ??= Float32Array.from({ length: 65536 }, (_, one) => {
    const power = (one >> 10) & 31;
    const rest = one & 1023;
    const size = power ? 2 ** (power - 15) * (1 + rest / 1024) : 2 ** -14 * (rest / 1024);
    return one & 32768 ? -size : size;
  });
  const found = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i += 1) found[i] = known[bits[i]] * scale;
  return found;
}

export function decodeMap(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  const count = (head.shape ?? [(buffer.byteLength - 4 - length) / 4]).reduce((a, b) => a * b, 1);
  return { ...head, values: unpacked(head, buffer, 4 + length, count) };
}

function unpacked({ packing, low, high }, buffer, at, count) {
  if (packing === 'half') return halves(new Uint16Array(buffer, at, count), Math.max(Math.abs(low), Math.abs(high)) || 1);
  if (packing === 'byte') return Float32Array.from(new Uint8Array(buffer, at, count), (one) => low + one * (high - low) / 255);
  return new Float32Array(buffer, at, count);
}
