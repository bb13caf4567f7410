// Shapes drawn around points: made simple, written into the address, and asked who lies inside.
const GRID = 5000;
const MOST = 48;

function farthest(shape, first, last) {
  const [ax, ay] = shape[first];
  const [bx, by] = shape[last];
  const length = Math.hypot(bx - ax, by - ay) || 1;
  let best = 0;
  let place = first;
  for (let i = first + 1; i < last; i += 1) {
    const [x, y] = shape[i];
    const way = bx === ax && by === ay ? Math.hypot(x - ax, y - ay) : Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length;
    if (way > best) { best = way; place = i; }
  }
  return [best, place];
}

// Leave out corners that hardly matter (Douglas and Peucker), until few are left.
export function simplified(shape) {
  for (let within = 1 / GRID; ; within *= 1.6) {
    const kept = new Set([0, shape.length - 1]);
    const open = [[0, shape.length - 1]];
    while (open.length) {
      const [first, last] = open.pop();
      const [way, place] = farthest(shape, first, last);
      if (way > within) { kept.add(place); open.push([first, place], [place, last]); }
    }
    if (kept.size <= MOST) return shape.filter((_, i) => kept.has(i));
  }
}

export const written = (shape) => shape.flat().map((one) => Math.round(one * GRID)).join('.');

export function readShape(text) {
  const numbers = text.split('.').map(Number);
  if (numbers.length < 6 || numbers.length % 2 || numbers.length > 4 * MOST || !numbers.every(Number.isInteger)) return null;
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i] / GRID, numbers[2 * i + 1] / GRID]);
}

// One byte for each point: whether it lies inside, by the parity of the edges that a ray from it crosses.
export function inside(shape, points) {
  const found = new Uint8Array(points.length / 2);
  for (let i = 0; i < found.length; i += 1) {
    const x = points[2 * i];
    const y = points[2 * i + 1];
    let odd = 0;
    for (let a = 0, b = shape.length - 1; a < shape.length; b = a, a += 1) {
      const [ax, ay] = shape[a];
      const [bx, by] = shape[b];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd ^= 1;
    }
    found[i] = odd;
  }
  return found;
}
