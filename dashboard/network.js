// One canvas for a network in play. State is kept on the element, so that new data do not reset the week.
const SHAPES = ["circle", "triangle", "cross", "square"];

function bytes(text) {
  const raw = atob(text);
  const found = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) found[i] = raw.charCodeAt(i);
  return found;
}

function shape(pen, kind, x, y, r) {
  pen.beginPath();
  if (kind === "circle") pen.arc(x, y, r, 0, 7);
  else if (kind === "square") pen.rect(x - r, y - r, 2 * r, 2 * r);
  else if (kind === "triangle") { pen.moveTo(x, y - 1.25 * r); pen.lineTo(x + 1.15 * r, y + r); pen.lineTo(x - 1.15 * r, y + r); pen.closePath(); }
  else { pen.moveTo(x - r, y - r); pen.lineTo(x + r, y + r); pen.moveTo(x + r, y - r); pen.lineTo(x - r, y + r); }
}

class Network {
  constructor(root) {
    this.root = root.querySelector(".net");
    this.canvas = this.part("canvas");
    this.pen = this.canvas.getContext("2d");
    this.week = 0; this.playing = false; this.zoom = 1; this.shift = [0, 0]; this.picked = -1; this.last = 0;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.listen();
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.canvas);
  }
  part(name) { return this.root.querySelector(name); }

  take(data, send) {
    const last = !this.data || this.week >= this.data.weeks; // who watches a game sees the newest week
    this.data = data; this.send = send;
    this.states = bytes(data.states); this.overdue = bytes(data.overdue);
    this.firms = data.x.length; this.links = data.buyer.length;
    this.marked = new Set(data.marked);
    this.week = data.labels && last ? data.weeks : Math.min(this.week, data.weeks);
    this.root.classList.toggle("watch", !!data.labels);
    if (data.height) this.canvas.style.height = data.height + "px";
    if (this.picked >= this.firms) this.picked = -1;
    const words = data.words;
    this.part(".week").max = data.weeks; this.part(".week").ariaLabel = words.week;
    this.part(".speed").ariaLabel = words.speed; this.part(".speed-word").textContent = words.speed;
    this.part(".step").ariaLabel = words.step; this.part(".back").ariaLabel = words.back;
    this.part(".reset").textContent = words.reset;
    for (const act of ["fail", "rescue", "protect"]) this.part("." + act).textContent = words[act];
    this.part(".legend").replaceChildren(...data.names.map((name, place) => this.key(name, place)));
    this.draw();
    if (data.labels && !this.calm && !this.flowing) { this.flowing = true; requestAnimationFrame((t) => this.flow(t)); }
  }
  flow(time) { // arrows of arrears move while somebody watches
    if (!this.root.isConnected) { this.flowing = false; return; }
    if (time - (this.flowed || 0) > 50) { this.flowed = time; if (this.overdue.some((o) => o)) this.draw(); }
    requestAnimationFrame((t) => this.flow(t));
  }
  key(name, place) {
    const item = document.createElement("span"), mark = document.createElement("canvas");
    mark.width = mark.height = 32; mark.style.cssText = "width:16px;height:16px;border:0"; mark.ariaHidden = "true";
    this.mark(mark.getContext("2d"), place, 16, 16, 10);
    const label = document.createElement("b"); label.style.fontWeight = "400"; label.className = "n" + place;
    item.append(mark, label); label.textContent = name;
    return item;
  }
  mark(pen, state, x, y, r) {
    shape(pen, SHAPES[state], x, y, r);
    pen.lineWidth = state === 2 ? Math.max(2, r * 0.55) : 1;
    pen.fillStyle = pen.strokeStyle = this.data.colours[state];
    if (state !== 2) { pen.fill(); pen.strokeStyle = "rgba(90,90,90,.8)"; }
    pen.stroke();
  }

  listen() {
    const on = (name, what, act) => this.part(name).addEventListener(what, act);
    on(".play", "click", () => this.toggle());
    on(".step", "click", () => this.go(this.week + 1));
    on(".back", "click", () => this.go(this.week - 1));
    on(".week", "input", (e) => this.go(+e.target.value));
    on(".reset", "click", () => { this.zoom = 1; this.shift = [0, 0]; this.draw(); });
    for (const act of ["fail", "rescue", "protect"]) on("." + act, "click", () => this.act(act));
    this.canvas.addEventListener("keydown", (e) => this.pressed(e));
    this.canvas.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.shiftKey && this.root.getRootNode().activeElement !== this.canvas) return; // pages must scroll
      e.preventDefault(); this.scale(e.deltaY < 0 ? 1.15 : 1 / 1.15);
    }, { passive: false });
    let from = null, moved = false;
    this.canvas.addEventListener("pointerdown", (e) => { from = [e.clientX, e.clientY]; moved = false; });
    this.canvas.addEventListener("pointermove", (e) => {
      if (from && e.buttons) {
        const dx = e.clientX - from[0], dy = e.clientY - from[1];
        if (moved || Math.hypot(dx, dy) > 4) { moved = true; this.shift[0] += dx; this.shift[1] += dy; from = [e.clientX, e.clientY]; this.draw(); }
      } else this.hover(e);
    });
    this.canvas.addEventListener("pointerup", (e) => { if (!moved) { this.picked = this.at(e); this.draw(); } from = null; });
    this.canvas.addEventListener("pointerleave", () => { this.part(".tip").hidden = true; from = null; });
  }
  pressed(e) {
    const keys = {
      " ": () => this.toggle(), ArrowRight: () => this.go(this.week + 1), ArrowLeft: () => this.go(this.week - 1),
      Home: () => this.go(0), End: () => this.go(this.data.weeks), "+": () => this.scale(1.15), "-": () => this.scale(1 / 1.15),
      ArrowDown: () => this.next(1), ArrowUp: () => this.next(-1),
    };
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  }
  next(step) { this.picked = (this.picked + step + this.firms) % this.firms; this.draw(); }
  scale(by) { this.zoom = Math.min(12, Math.max(0.5, this.zoom * by)); this.draw(); }
  toggle() {
    if (!this.playing && this.week >= this.data.weeks) this.week = 0;
    this.playing = !this.playing; this.last = 0;
    if (this.playing) requestAnimationFrame((t) => this.tick(t));
    this.draw();
  }
  tick(time) {
    if (!this.playing || !this.root.isConnected) return;
    const wait = 1000 / (this.part(".speed").value * (this.calm ? 0.5 : 2));
    if (time - this.last >= wait) { this.last = time; this.go(this.week + 1, true); }
    if (this.week >= this.data.weeks) { this.playing = false; this.draw(); }
    else requestAnimationFrame((t) => this.tick(t));
  }
  go(week, playing = false) {
    this.week = Math.min(this.data.weeks, Math.max(0, week));
    if (!playing) this.playing = false;
    this.draw();
  }
  act(action) { if (this.picked >= 0) this.send({ action, week: this.week, firm: this.picked }); }

  place(i) {
    return [
      (this.data.x[i] - 0.5) * this.w * this.zoom + this.w / 2 + this.shift[0],
      (this.data.y[i] - 0.5) * this.h * this.zoom + this.h / 2 + this.shift[1],
    ];
  }
  at(e) {
    const box = this.canvas.getBoundingClientRect(), px = e.clientX - box.left, py = e.clientY - box.top;
    let best = -1, near = 14;
    for (let i = 0; i < this.firms; i++) {
      const [x, y] = this.place(i), d = Math.hypot(px - x, py - y) - this.data.size[i] * 0.5;
      if (d < near) { near = d; best = i; }
    }
    return best;
  }
  told(i) {
    const d = this.data;
    if (d.labels) return `${d.labels[i]} · ${d.names[this.states[this.week * this.firms + i]]}`;
    return `#${i} · ${d.sectors[d.sector[i]]} · ${d.names[this.states[this.week * this.firms + i]]}`;
  }
  hover(e) {
    const i = this.at(e), tip = this.part(".tip"), box = this.canvas.getBoundingClientRect();
    tip.hidden = i < 0;
    if (i < 0) return;
    tip.textContent = this.told(i);
    tip.style.left = Math.min(e.clientX - box.left + 12, this.w - 180) + "px"; tip.style.top = e.clientY - box.top + 12 + "px";
  }

  draw() {
    if (!this.data) return;
    const ratio = devicePixelRatio || 1, c = this.canvas, pen = this.pen;
    this.w = c.clientWidth; this.h = c.clientHeight;
    if (c.width !== Math.round(this.w * ratio) || c.height !== Math.round(this.h * ratio)) { c.width = Math.round(this.w * ratio); c.height = Math.round(this.h * ratio); }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.w, this.h);
    this.drawLinks(pen);
    const row = this.week * this.firms, counts = [0, 0, 0, 0];
    for (let i = 0; i < this.firms; i++) {
      const state = this.states[row + i], [x, y] = this.place(i), r = this.data.size[i] * Math.sqrt(this.zoom);
      counts[state]++;
      this.mark(pen, state, x, y, r);
      if (i === this.picked || this.marked.has(i)) {
        pen.beginPath(); pen.arc(x, y, r + 5, 0, 7); pen.lineWidth = i === this.picked ? 3 : 1.5;
        pen.strokeStyle = i === this.picked ? "#D55E00" : "#0072B2"; pen.stroke();
      }
    }
    if (this.data.labels) this.drawLabels(pen);
    this.tell(counts);
  }
  drawLabels(pen) {
    const style = getComputedStyle(this.root), size = Math.max(11, Math.min(19, this.w / 60));
    pen.font = `600 ${size}px ${style.fontFamily}`; pen.textAlign = "center"; pen.textBaseline = "top"; pen.fillStyle = style.color;
    for (let i = 0; i < this.firms; i++) {
      const [x, y] = this.place(i), half = pen.measureText(this.data.labels[i]).width / 2 + 3;
      pen.fillText(this.data.labels[i], Math.min(this.w - half, Math.max(half, x)), Math.min(this.h - size - 2, y + this.data.size[i] + 4));
    }
  }
  drawOwed(pen) { // from who owes to who waits, wider the more; a stroke each, as there are few
    const d = this.data, row = this.week * this.links, beat = this.calm ? 0 : (this.flowed || 0) / 60;
    for (let k = 0; k < this.links; k++) {
      const o = this.overdue[row + k];
      if (!o) continue;
      const [x, y] = this.place(d.buyer[k]), [u, v] = this.place(d.supplier[k]), long = Math.hypot(u - x, v - y) || 1;
      const r = d.size[d.supplier[k]] + 6, a = [(u - x) / long, (v - y) / long], end = [u - a[0] * r, v - a[1] * r], head = 6 + 9 * o / 255;
      pen.strokeStyle = pen.fillStyle = `rgba(200,70,20,${0.5 + 0.45 * o / 255})`; pen.lineWidth = 1.5 + 6 * o / 255;
      pen.setLineDash([10, 6]); pen.lineDashOffset = -beat; pen.beginPath(); pen.moveTo(x, y); pen.lineTo(end[0] - a[0] * head * 0.8, end[1] - a[1] * head * 0.8); pen.stroke(); pen.setLineDash([]);
      pen.beginPath(); pen.moveTo(end[0], end[1]); pen.lineTo(end[0] - head * (a[0] + 0.6 * a[1]), end[1] - head * (a[1] - 0.6 * a[0]));
      pen.lineTo(end[0] - head * (a[0] - 0.6 * a[1]), end[1] - head * (a[1] + 0.6 * a[0])); pen.closePath(); pen.fill();
    }
  }
  drawLinks(pen) {
    const d = this.data, row = this.week * this.links, crowd = Math.min(1, Math.sqrt(600 / (this.links || 1)));
    pen.lineWidth = 0.6; pen.strokeStyle = `rgba(128,128,128,${0.22 * crowd})`; pen.beginPath();
    for (let k = 0; k < this.links; k++) if (!this.overdue[row + k]) this.line(pen, d.buyer[k], d.supplier[k]);
    pen.stroke();
    if (d.labels) { this.drawOwed(pen); return; }
    for (let level = 0; level < 4; level++) { // four widths: one path each is much faster than one a link
      pen.lineWidth = (0.8 + 1.3 * level) * (0.4 + 0.6 * crowd); pen.strokeStyle = `rgba(200,70,20,${(0.25 + 0.16 * level) * (0.5 + 0.5 * crowd)})`; pen.beginPath();
      for (let k = 0; k < this.links; k++) { const o = this.overdue[row + k]; if (o && o >> 6 === level) this.line(pen, d.buyer[k], d.supplier[k]); }
      pen.stroke();
    }
  }
  line(pen, a, b) { const [x, y] = this.place(a), [u, v] = this.place(b); pen.moveTo(x, y); pen.lineTo(u, v); }
  tell(counts) {
    const d = this.data, words = d.words, state = this.picked < 0 ? -1 : this.states[this.week * this.firms + this.picked];
    this.part(".play").textContent = this.playing ? words.pause : words.play;
    this.part(".week").value = this.week; this.part(".now").textContent = `${words.week} ${this.week}`;
    this.part(".who").textContent = this.picked < 0 ? words.pick : this.told(this.picked);
    for (const act of ["fail", "rescue", "protect"]) this.part("." + act).disabled = this.picked < 0 || state === 2;
    d.names.forEach((name, i) => { this.part(".n" + i).textContent = `${name} ${counts[i]}`; });
    this.canvas.ariaLabel = `${words.canvas}. ${words.week} ${this.week}. ` + d.names.map((name, i) => `${name} ${counts[i]}`).join(", ");
    Object.assign(this.root.dataset, {
      week: this.week, playing: this.playing, picked: this.picked, firms: this.firms, state,
      healthy: counts[0], strained: counts[1], failed: counts[2], protected: counts[3],
    });
  }
}

const kept = new WeakMap();
export default function (component) {
  const { parentElement, data, setTriggerValue } = component;
  if (!data) return;
  const root = parentElement.querySelector(".net");
  if (!kept.has(root)) kept.set(root, new Network(parentElement));
  kept.get(root).take(data, (act) => setTriggerValue("act", act));
}
