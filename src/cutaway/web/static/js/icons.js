// Line drawings of 20 × 20, in the colour of the text.
import { html } from '/static/vendor/preact.js';

const PATHS = {
  auto: 'M10 3a7 7 0 1 0 0 14ZM10 3v14a7 7 0 0 0 0-14',
  light: 'M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 1.8v2M10 16.2v2M1.8 10h2M16.2 10h2M4.2 4.2l1.4 1.4M14.4 14.4l1.4 1.4M4.2 15.8l1.4-1.4M14.4 5.6l1.4-1.4',
  dark: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7Z',
  help: 'M7.6 7.6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.9M10 14.4v.1M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15Z',
  globe: 'M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15ZM2.5 10h15M10 2.5c2.2 2 3.2 4.600 3.200 7.500s-1 5.500-3.200 7.500c-2.200-2-3.200-4.600-3.200-7.500s1-5.500 3.200-7.500Z',
  freeze: 'M10 2v16M3 6l14 8M17 6 3 14',
  pause: 'M7 4v12M13 4v12',
  play: 'M6 4l10 6-10 6Z',
  mirror: 'M10 3v14M7 6 3 14h4ZM13 6l4 8h-4Z',
  picture: 'M3 4h14v12H3ZM3 13l4-4 4 4 2-2 4 4M13.500 7.500v.1',
  link: 'M8.500 11.500a3 3 0 0 0 4.200 0l3-3a3 3 0 0 0-4.200-4.200l-1 1M11.500 8.500a3 3 0 0 0-4.200 0l-3 3a3 3 0 0 0 4.200 4.200l1-1',
  code: 'M7 6l-4 4 4 4M13 6l4 4-4 4',
  camera: 'M3 6.500h3l1.500-2h5l1.500 2h3v9H3ZM10 8a2.800 2.800 0 1 0 0 5.600A2.800 2.800 0 0 0 10 8Z',
  off: 'M3 3l14 14M8 4.500h4.500l1.500 2h3v8M14 15.500H3v-9h3',
  upload: 'M10 13V4M6.500 7.500 10 4l3.500 3.500M4 13v3h12v-3',
  close: 'M5 5l10 10M15 5 5 15',
  more: 'M10 4v12M4 10h12',
  gauge: 'M3 14a7 7 0 1 1 14 0M10 14l3.500-4.500',
  record: 'M10 5a5 5 0 1 0 0 10 5 5 0 0 0 0-10Z',
  stop: 'M6 6h8v8H6Z',
  before: 'M12 5l-5 5 5 5',
  after: 'M8 5l5 5-5 5',
  download: 'M10 4v9M6.500 9.500 10 13l3.500-3.500M4 15v1.500h12V15',
};

export const Icon = ({ name }) => html`<svg class="drawing" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
