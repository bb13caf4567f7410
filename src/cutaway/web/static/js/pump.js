// Frames to the server and answers back, one in flight: the next goes out when the answer to the last is in.
import { encoded, packFrame, readReply } from '/static/js/wire.js';

// What the page draws on; the network gets its own size, a painter more of it.
const SHOWN = 400;
const PAINTED = 288;

export class Pump {
  // The settings of frames: {way, target, name, first}, as wire.js packs them; `hear` gets what was answered.
  constructor(source, side, hear) {
    Object.assign(this, { source, side, hear, number: 0, paused: false, settings: { way: 'cam' }, ended: false, refused: '', sent: '' });
    this.small = document.createElement('canvas');
    this.shown = document.createElement('canvas');
    this.times = [];
  }

  // Take the frame as it is now: a JPEG for the network (raw pixels were slower on their way), pixels for the page.
  grab() {
    const { width: w, height: h, element } = this.source;
    const drawn = (canvas, scale) => {
      const size = [Math.round(w * scale), Math.round(h * scale)];
      // Setting a size makes a canvas anew, so only where it differs.
      if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(element, 0, 0, canvas.width, canvas.height);
      return context;
    };
    const { settings } = this;
    drawn(this.small, settings.way === 'style' ? Math.min(PAINTED / Math.min(w, h), 1) : this.side / Math.min(w, h));
    const jpeg = encoded(this.small, 'image/jpeg', 0.85);
    const context = drawn(this.shown, Math.min(SHOWN / h, 1));
    const pixels = context.getImageData(0, 0, this.shown.width, this.shown.height);
    this.number += 1;
    this.sent = this.asked(settings);
    return { number: this.number, pixels, bytes: packFrame(settings, this.number, jpeg), settings };
  }

  connect(model) {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.socket = new WebSocket(`${scheme}://${location.host}/api/live?m=${encodeURIComponent(model)}`);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => { this.sent = ''; if (this.ended) this.socket.close(); else this.run(); };
    this.socket.onmessage = ({ data }) => this.answered?.(data);
    this.socket.onclose = () => {
      this.answered?.(null);
      if (!this.ended) { this.hear({ lost: true }); this.again = setTimeout(() => this.connect(model), 1000); }
    };
  }

  // Send a frame; gives the answer, or null where the connection went, and how long it took.
  send(frame) {
    const sent = performance.now();
    return new Promise((heard) => {
      this.answered = (data) => heard({ data, trip: performance.now() - sent });
      this.socket.send(frame.bytes);
    });
  }

  asked(settings) { return JSON.stringify([settings, this.source.turn]); }

  // A still is asked about once for each question; what was refused is not asked again.
  ready() {
    if (this.paused || document.hidden || !this.source.ready) return false;
    const asked = this.asked(this.settings);
    return asked !== this.refused && !(this.source.still && asked === this.sent);
  }

  async run() {
    const open = () => !this.ended && this.socket.readyState === WebSocket.OPEN;
    while (open()) {
      if (!this.ready()) {
        this.times.length = 0;
        await new Promise((wake) => { setTimeout(wake, 60); });
        continue;
      }
      let frame = this.grab();
      let answer = open() ? this.send(frame) : null;
      while (answer) {
        // While the server looks at this frame, make the next ready; it goes out before this one is drawn.
        const next = this.ready() ? this.grab() : null;
        const { data, trip } = await answer;
        answer = next && data && open() ? this.send(next) : null;
        if (data && !this.ended) await this.told(frame, data, trip);
        frame = next;
        await breath();
      }
    }
  }

  async told(frame, answer, trip) {
    if (typeof answer === 'string') {
      this.refused = this.asked(frame.settings);
      this.hear({ error: JSON.parse(answer).detail });
      return;
    }
    this.refused = '';
    const now = performance.now();
    const reply = readReply(answer);
    const painted = reply.jpeg && await createImageBitmap(new Blob([reply.jpeg], { type: 'image/jpeg' }));
    this.times.push({ now, trip, server: reply.server, network: reply.network });
    while (this.times[0].now < now - 2000) this.times.shift();
    const spent = this.times.length > 1 ? (now - this.times[0].now) / 1000 : 0;
    const fps = spent ? (this.times.length - 1) / spent : 0;
    const mean = (what) => this.times.reduce((sum, one) => sum + one[what], 0) / this.times.length;
    this.hear({ reply, painted, pixels: frame.pixels, settings: frame.settings, fps, trip: mean('trip'), server: mean('server'), network: mean('network') });
  }

  end() {
    this.ended = true;
    clearTimeout(this.again);
    // One that is still being opened is closed when it is open: else the browser complains.
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.close();
  }
}

// Lets the page draw and listen between two frames, without the milliseconds that a timer waits.
const channel = new MessageChannel();
const breath = () => new Promise((wake) => { channel.port1.onmessage = wake; channel.port2.postMessage(0); });
