// Frame and map, side by side, as a film of at most ten seconds.
import { signal } from '/static/vendor/preact.js';

export const LONGEST = 10;
const GAP = 8;
const LINE = 36;

export class Recorder {
  constructor() {
    this.state = signal({ kind: 'idle' }); // idle; recording, seconds; ready, address, seconds, bytes; refused
    this.canvas = document.createElement('canvas');
    this.frame = document.createElement('canvas');
  }

  start() {
    this.forget();
    const type = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm', 'video/mp4'].find((one) => window.MediaRecorder?.isTypeSupported(one));
    if (!type) { this.state.value = { kind: 'refused' }; return; }
    this.type = type;
    this.state.value = { kind: 'recording', seconds: 0 };
  }

  // Add what is shown now: the frame's pixels, what lies over it, the pane beside it, and a line of words.
  add({ pixels, over, pane, mirrored, paneMirrored, words }) {
    if (this.state.value.kind !== 'recording') return;
    const { width: w, height: h } = pixels;
    const { canvas, frame } = this;
    if (!this.film) { canvas.width = even(2 * w + GAP); canvas.height = even(h + LINE); }
    frame.width = w; frame.height = h;
    frame.getContext('2d').putImageData(pixels, 0, 0);
    const context = canvas.getContext('2d', { alpha: false });
    context.fillStyle = '#0f1013';
    context.fillRect(0, 0, canvas.width, canvas.height);
    const height = canvas.height - LINE;
    const width = (canvas.width - GAP) / 2;
    const lay = (picture, left, turned) => {
      context.save();
      context.translate(turned ? left + width : left, 0);
      if (turned) context.scale(-1, 1);
      context.drawImage(picture, 0, 0, width, height);
      context.restore();
    };
    lay(frame, 0, mirrored);
    if (over) lay(over, 0, mirrored);
    if (pane?.width) lay(pane, width + GAP, paneMirrored);
    context.fillStyle = '#eceef3';
    context.font = '16px system-ui, sans-serif';
    context.textBaseline = 'middle';
    context.fillText(words, 10, height + LINE / 2, canvas.width - 20);
    if (!this.film) this.roll();
    this.stream.getVideoTracks()[0].requestFrame?.();
    const seconds = (performance.now() - this.began) / 1000;
    if (seconds >= LONGEST) this.stop();
    else if (Math.floor(10 * seconds) !== Math.floor(10 * this.state.value.seconds)) this.state.value = { kind: 'recording', seconds };
  }

  roll() {
    // Where the browser lets the page say when there is a frame, none is taken twice.
    const manual = 'requestFrame' in (window.CanvasCaptureMediaStreamTrack?.prototype ?? {});
    this.stream = this.canvas.captureStream(manual ? 0 : 30);
    this.began = performance.now();
    const film = new MediaRecorder(this.stream, { mimeType: this.type, videoBitsPerSecond: 4_000_000 });
    const parts = [];
    film.ondataavailable = ({ data }) => parts.push(data);
    film.onstop = () => {
      const blob = new Blob(parts, { type: this.type.split(';')[0] });
      this.state.value = this.film === film && blob.size
        ? { kind: 'ready', address: URL.createObjectURL(blob), bytes: blob.size, seconds: this.took, name: `cutaway-live.${blob.type.split('/')[1]}` }
        : this.state.value;
      this.film = null;
    };
    film.start(1000);
    this.film = film;
    clearTimeout(this.end);
    this.end = setTimeout(() => this.stop(), 1000 * LONGEST);
  }

  stop() {
    clearTimeout(this.end);
    if (this.state.value.kind !== 'recording') return;
    if (!this.film) { this.state.value = { kind: 'idle' }; return; }
    if (this.film.state === 'inactive') return;
    this.took = Math.min((performance.now() - this.began) / 1000, LONGEST);
    this.film.stop();
    this.stream.getTracks().forEach((track) => track.stop());
  }

  // Throw away what was recorded, also what is being recorded.
  forget() {
    clearTimeout(this.end);
    const film = this.film;
    this.film = null;
    if (film && film.state !== 'inactive') { film.stop(); this.stream.getTracks().forEach((track) => track.stop()); }
    if (this.state.value.address) URL.revokeObjectURL(this.state.value.address);
    this.state.value = { kind: 'idle' };
  }
}

const even = (size) => 2 * Math.round(size / 2);
