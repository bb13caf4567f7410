// What the Live room looks at: the webcam, in which way it can be missing, or a video or photo from a file.
import { signal } from '/static/vendor/preact.js';

export async function openCamera() {
  // Browsers hide cameras from pages that came over plain http from another machine.
  if (!navigator.mediaDevices?.getUserMedia) throw { kind: window.isSecureContext ? 'unsupported' : 'insecure' };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: 'user' }, audio: false });
  } catch (error) {
    const kinds = { NotAllowedError: 'denied', SecurityError: 'denied', NotFoundError: 'none', OverconstrainedError: 'none', NotReadableError: 'busy', AbortError: 'busy' };
    throw { kind: kinds[error.name] ?? 'unsupported' };
  }
}

export const release = (stream) => stream?.getTracks().forEach((track) => track.stop());

export class Source {
  constructor() {
    this.state = signal('asking'); // asking, on, away (nobody sees the page), or how the camera is missing
    this.file = signal(null);
    this.turn = 0;
  }

  // The camera runs only while the room is seen: it is let go of when the tab is hidden or left, and taken again.
  enter(video, image) {
    Object.assign(this, { video, image, left: false });
    const seen = () => {
      if (document.hidden) this.rest();
      else if (this.state.value === 'away') this.camera();
    };
    const gone = () => this.rest();
    addEventListener('pagehide', gone);
    addEventListener('pageshow', seen);
    document.addEventListener('visibilitychange', seen);
    if (document.hidden) this.state.value = 'away';
    else this.camera();
    return () => {
      removeEventListener('pagehide', gone);
      removeEventListener('pageshow', seen);
      document.removeEventListener('visibilitychange', seen);
      this.left = true;
      this.drop();
    };
  }

  rest() {
    if (this.file.value) return;
    const again = ['asking', 'on'].includes(this.state.value);
    this.drop();
    if (again) this.state.value = 'away';
  }

  // Let go of whatever is open, and of what is still being opened.
  drop() {
    this.turn += 1;
    release(this.stream);
    this.stream = null;
    if (this.video) { this.video.srcObject = null; this.video.removeAttribute('src'); }
    if (this.image) this.image.removeAttribute('src');
    if (this.address) URL.revokeObjectURL(this.address);
    this.address = null;
    this.file.value = null;
  }

  async camera() {
    this.drop();
    const mine = this.turn;
    this.state.value = 'asking';
    try {
      const stream = await openCamera();
      if (mine !== this.turn) { release(stream); return; }
      this.stream = stream;
      stream.getVideoTracks()[0].addEventListener('ended', () => { if (mine === this.turn) { this.drop(); this.state.value = 'ended'; } });
      this.video.srcObject = stream;
      await this.video.play();
      if (mine === this.turn) this.state.value = 'on';
    } catch (error) {
      if (mine !== this.turn) return;
      this.drop();
      this.state.value = error.kind ?? 'unsupported';
    }
  }

  // A video, which plays again and again, or a photo; what the browser cannot show is refused and changes nothing.
  async open(file) {
    const address = URL.createObjectURL(file);
    const still = file.type.startsWith('image/');
    try {
      await (still ? Object.assign(new Image(), { src: address }).decode() : playable(address));
    } catch {
      URL.revokeObjectURL(address);
      return false;
    }
    if (this.left) { URL.revokeObjectURL(address); return true; }
    this.drop();
    const mine = this.turn;
    this.address = address;
    const shown = still ? this.image : this.video;
    shown.src = address;
    await (still ? shown.decode() : shown.play()).catch(() => {});
    if (mine !== this.turn) return true;
    this.file.value = { file, still, name: file.name };
    this.state.value = 'on';
    return true;
  }

  get still() { return Boolean(this.file.value?.still); }
  get element() { return this.still ? this.image : this.video; }
  get width() { return this.still ? this.image.naturalWidth : this.video.videoWidth; }
  get height() { return this.still ? this.image.naturalHeight : this.video.videoHeight; }
  get ready() { return this.width > 0 && (this.still || this.video.readyState >= 2); }
}

function playable(address) {
  return new Promise((good, bad) => {
    const tried = Object.assign(document.createElement('video'), { muted: true, preload: 'auto', onloadeddata: () => (tried.videoWidth ? good() : bad()), onerror: bad });
    tried.src = address;
  });
}
