// Clips as streams of pictures (src/clips/reel.rs has the format), and a player that reaches every frame exactly.

const END = 0xffffffff;
// Decoded pictures are dropped beyond this, oldest first, and decoded again when they are needed.
const DECODED_BYTES = 256 * 1024 * 1024;
// Pictures that are decoded ahead while a clip plays.
const AHEAD = 8;

// The frames of one clip, as they arrive.
export class Clip {
  constructor(key) {
    this.key = key;
    this.pictures = [];
    this.times = [];
    this.complete = false;
    this.note = "";
    this.error = null;
    this.decoded = new Map();
    this.decoding = new Map();
    this.aborted = new AbortController();
    this.changed = () => {};
  }

  // Fetches all frames; `request` is fetch with the session.
  async fetch(request, ahead) {
    try {
      const response = await request(`/api/frames/${this.key}${ahead ? "?ahead" : ""}`, { signal: this.aborted.signal });
      const reader = response.body.getReader();
      let bytes = new Uint8Array(0);
      while (!this.complete) {
        const { done, value } = await reader.read();
        if (done) throw new Error("The clip did not arrive whole.");
        const joined = new Uint8Array(bytes.length + value.length);
        joined.set(bytes);
        joined.set(value, bytes.length);
        bytes = this.take(joined);
        this.changed();
      }
    } catch (error) {
      if (!this.aborted.signal.aborted) {
        this.error = error;
        this.changed();
      }
    }
  }

  // Takes whole records off the front.
  take(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let at = 0;
    while (bytes.length >= at + 8) {
      const length = view.getUint32(at, true);
      const time = view.getUint32(at + 4, true);
      if (bytes.length < at + 8 + length) break;
      const body = bytes.slice(at + 8, at + 8 + length);
      at += 8 + length;
      if (time === END) {
        this.note = new TextDecoder().decode(body);
        this.complete = true;
        break;
      }
      this.pictures.push(new Blob([body], { type: body[0] === 0x89 ? "image/png" : "image/jpeg" }));
      this.times.push(time / 1000);
    }
    return bytes.slice(at);
  }

  get length() {
    return this.pictures.length;
  }

  // When the clip starts anew, ms: the last frame stays as long as the one before it.
  get duration() {
    const n = this.times.length;
    return n > 1 ? 2 * this.times[n - 1] - this.times[n - 2] : 100;
  }

  // The picture of a frame, where it is decoded; otherwise it will be, and `changed` is called.
  picture(index) {
    const picture = this.decoded.get(index);
    if (picture) {
      this.decoded.delete(index);
      this.decoded.set(index, picture);
    } else if (index < this.length && !this.decoding.has(index)) {
      this.decoding.set(index, this.decode(index));
    }
    return picture;
  }

  async decode(index) {
    try {
      const picture = await createImageBitmap(this.pictures[index]);
      if (this.aborted.signal.aborted) return picture.close();
      this.decoded.set(index, picture);
      const most = Math.max(2 * AHEAD, DECODED_BYTES / (4 * picture.width * picture.height));
      for (const [old, image] of this.decoded) {
        if (this.decoded.size <= most) break;
        image.close();
        this.decoded.delete(old);
      }
    } catch (error) {
      this.error = error;
    }
    this.decoding.delete(index);
    this.changed();
  }

  drop() {
    this.aborted.abort();
    this.changed = () => {};
    for (const picture of this.decoded.values()) picture.close();
    this.decoded.clear();
  }
}

// Shows a clip on a canvas, looped.
export class Player {
  constructor(canvas, report) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.report = report;
    this.clip = null;
    this.playing = true;
    this.speed = 1;
    this.index = 0;
    this.drawn = -1;
    this.time = 0;
    this.last = null;
    const tick = (now) => {
      this.tick(now);
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  show(clip) {
    this.clip = clip;
    this.playing = true;
    this.index = 0;
    this.drawn = -1;
    this.time = 0;
    this.last = null;
    this.canvas.dataset.shown = 0;
    delete this.canvas.dataset.frame;
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (clip) clip.changed = () => this.report();
    this.report();
  }

  tick(now) {
    const passed = this.last === null ? 0 : Math.min(now - this.last, 250);
    this.last = now;
    const clip = this.clip;
    if (!clip || clip.length === 0) return;
    // Time stands still while the picture is awaited.
    if (this.playing && this.drawn === this.index) {
      this.time += passed * this.speed;
      const end = clip.duration;
      if (this.time >= end && clip.complete) this.time %= end;
      let next = this.index;
      if (this.time < clip.times[next]) next = 0;
      while (next + 1 < clip.length && clip.times[next + 1] <= this.time) next += 1;
      if (!clip.complete) this.time = Math.min(this.time, clip.times[clip.length - 1] + 50);
      this.index = next;
    }
    this.draw();
  }

  draw() {
    const clip = this.clip;
    const picture = clip.picture(this.index);
    for (let k = 1; k <= AHEAD; k += 1) clip.picture((this.index + k) % clip.length);
    if (!picture || this.drawn === this.index) return;
    if (this.canvas.width !== picture.width || this.canvas.height !== picture.height) {
      this.canvas.width = picture.width;
      this.canvas.height = picture.height;
    }
    this.canvas.classList.toggle("small", picture.width <= 256);
    this.context.drawImage(picture, 0, 0);
    this.drawn = this.index;
    this.canvas.dataset.frame = this.index;
    this.canvas.dataset.shown = Number(this.canvas.dataset.shown) + 1;
    this.report();
  }

  // Stops at a frame.
  go(index) {
    if (!this.clip || this.clip.length === 0) return;
    this.playing = false;
    this.index = (index + this.clip.length) % this.clip.length;
    this.time = this.clip.times[this.index];
    this.report();
  }

  toggle() {
    this.playing = !this.playing;
    this.report();
  }

  faster() {
    this.speed = { 1: 0.5, 0.5: 0.25, 0.25: 1 }[this.speed];
    this.report();
  }
}
