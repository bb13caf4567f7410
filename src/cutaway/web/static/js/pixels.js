// A photo's pixels, at the size at which maps are laid over it.
import { pixels as pixelsOf } from '/static/js/api.js';

// Longest side: the shape of a map is not clearer in more pixels.
const SIDE = 560;

export async function loaded(id) {
  const image = new Image();
  image.src = pixelsOf(id);
  await image.decode();
  return image;
}

export function sized(image, side = SIDE) {
  const scale = Math.min(1, side / Math.max(image.naturalWidth, image.naturalHeight));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

export const decoded = async (id) => sized(await loaded(id));
