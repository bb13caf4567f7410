// The bytes of frames, answers and maps, as web/frames.py and web/maps.py write them: little-endian.
export const METHODS = ['cam', 'grad-cam', 'saliency'];
const VERSION = 1;

// A canvas as the bytes of a file. At once: Chromium's toBlob waits for an idle moment, and now and then for ever.
export function encoded(canvas, type, quality) {
  const text = atob(canvas.toDataURL(type, quality).split(',')[1]);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
  return bytes;
}

export function packFrame(method, number, target, jpeg) {
  const bytes = new Uint8Array(16 + jpeg.length);
  const head = new DataView(bytes.buffer);
  head.setUint8(0, VERSION);
  head.setUint8(1, METHODS.indexOf(method));
  head.setUint32(4, number, true);
  head.setInt32(8, target ?? -1, true);
  bytes.set(jpeg, 16);
  return bytes.buffer;
}

export function readReply(buffer) {
  const view = new DataView(buffer);
  const f = (at) => view.getFloat32(at, true);
  const count = view.getUint16(2, true);
  const shape = [1, view.getUint16(8, true), view.getUint16(10, true)];
  const classes = Array.from({ length: count }, (_, i) => ({ index: view.getUint32(64 + 8 * i, true), share: f(68 + 8 * i) }));
  return {
    number: view.getUint32(4, true),
    shape,
    low: f(12), high: f(16), network: f(20), server: f(24),
    start: [f(28), f(32)], step: [f(36), f(40)], window: [f(44), f(48), f(52), f(56)],
    target: view.getUint32(60, true),
    classes,
    values: halves(new Uint16Array(buffer, 64 + 8 * count), Math.max(Math.abs(f(12)), Math.abs(f(16)))),
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
