// The same points without WebGL: a few as round discs, many stamped into the pixels of an image.
const FEW = 4000;

export function canvasPoints(canvas) {
  const context = canvas.getContext('2d');
  let from = new Float32Array();
  let to = from;
  let colours = new Uint32Array();
  let order = new Uint32Array();
  let image = null;
  let pixels = null;
  return {
    name: 'canvas',
    places(a, b) { from = a; to = b; },
    colours(bytes, indices) { colours = new Uint32Array(bytes.buffer); order = indices; },
    draw(look) { (order.length > FEW ? stamped : round)(look); },
    end() {},
  };

  function round({ cx, cy, scale, width, height, t, size }) {
    context.clearRect(0, 0, width, height);
    const bytes = new Uint8Array(colours.buffer);
    for (const at of order) {
      const x = (from[2 * at] + (to[2 * at] - from[2 * at]) * t - cx) * scale + width / 2;
      const y = (from[2 * at + 1] + (to[2 * at + 1] - from[2 * at + 1]) * t - cy) * scale + height / 2;
      if (x < -size || y < -size || x > width + size || y > height + size) continue;
      context.fillStyle = `rgb(${bytes[4 * at]} ${bytes[4 * at + 1]} ${bytes[4 * at + 2]})`;
      context.beginPath();
      context.arc(x, y, size / 2, 0, 7);
      context.fill();
    }
  }

  function stamped({ cx, cy, scale, width, height, t, size }) {
    if (!image || image.width !== width || image.height !== height) {
      image = context.createImageData(width, height);
      pixels = new Uint32Array(image.data.buffer);
    } else pixels.fill(0);
    const r = Math.max(0, Math.round(size / 2 - 0.5));
    const spans = Array.from({ length: 2 * r + 1 }, (_, i) => Math.floor(Math.sqrt(Math.max(0, (r + 0.4) ** 2 - (i - r) ** 2))));
    const ox = width / 2 - cx * scale;
    const oy = height / 2 - cy * scale;
    for (let j = 0; j < order.length; j += 1) {
      const i = 2 * order[j];
      const x = Math.round((from[i] + (to[i] - from[i]) * t) * scale + ox);
      const y = Math.round((from[i + 1] + (to[i + 1] - from[i + 1]) * t) * scale + oy);
      if (x < r || y < r || x >= width - r || y >= height - r) continue;
      const colour = colours[order[j]];
      for (let dy = -r; dy <= r; dy += 1) {
        const start = (y + dy) * width + x;
        const span = spans[dy + r];
        for (let p = start - span; p <= start + span; p += 1) pixels[p] = colour;
      }
    }
    context.putImageData(image, 0, 0);
  }
}
