// One network on a canvas, a panel a recording of it. State is kept on the element, so that new data do not reset the week.
const SHAPES = ["circle", "triangle", "cross", "square"], FAILED = 2, BAND = 22, EDGE = 12; // pixels: a heading, and what is left free beside the outermost firms

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
    this.week = 0; this.part_week = 0; this.playing = false; this.zoom = 1; this.shift = [0, 0]; this.picked = -1; this.layout = "";
    this.calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.listen();
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.canvas);
    // the theme of the page may change without new data
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTimeout(() => this.draw(), 100));
  }
  part(name) { return this.root.querySelector(name); }

  take(data, send) {
    const last = !data.replay && (!this.data || this.week >= this.data.weeks); // who watches a game sees the newest week
    this.data = data; this.send = send;
    this.panels = data.panels.map((p) => ({ ...p, states: bytes(p.states), overdue: bytes(p.overdue) }));
    this.firms = data.size.length; this.links = data.buyer.length;
    this.marked = new Set(data.marked);
    this.rank = new Int32Array(this.firms); data.order.forEach((firm, place) => { this.rank[firm] = place; });
    this.week = data.labels && last ? data.weeks : Math.min(this.week, data.weeks);
    this.root.classList.toggle("watch", !!data.labels);
    this.canvas.style.height = data.height ? data.height + "px" : "";
    if (this.picked >= this.firms) this.picked = -1;
    if (!data.layouts.some((one) => one.id === this.layout)) this.layout = data.layouts[0].id;
    this.spell(data.words);
    this.put();
    this.draw();
    if (data.labels && !this.calm && !this.flowing) { this.flowing = true; requestAnimationFrame((t) => this.flow(t)); }
  }
  flow(time) { // arrows of arrears move while somebody watches
    if (!this.root.isConnected) { this.flowing = false; return; }
    if (time - (this.flowed || 0) > 50) { this.flowed = time; if (this.panels[0].overdue.some((o) => o)) this.draw(); }
    requestAnimationFrame((t) => this.flow(t));
  }
  spell(words) {
    const named = { week: words.week, speed: words.speed, step: words.step, back: words.back, in: words.zoom_in, out: words.zoom_out };
    for (const [name, word] of Object.entries(named)) this.part("." + name).ariaLabel = word;
    this.part(".week").max = this.data.weeks;
    this.part(".speed-word").textContent = words.speed; this.part(".layout-word").textContent = words.layout;
    this.part(".reset").textContent = words.reset;
    for (const act of ["fail", "rescue", "protect"]) { this.part("." + act).textContent = words[act]; this.part("." + act).title = words[act + "_help"]; }
    this.part(".layout").replaceChildren(...this.data.layouts.map((one) => new Option(one.name, one.id, false, one.id === this.layout)));
    this.part(".legend").replaceChildren(...this.data.names.map((name, place) => this.key(name, place)));
    this.lang = new Intl.NumberFormat(this.data.lang);
  }
  put() { const chosen = this.data.layouts.find((one) => one.id === this.layout); this.px = chosen.x; this.py = chosen.y; }
  key(name, place) {
    const item = document.createElement("span"), mark = document.createElement("canvas");
    mark.width = mark.height = 32; mark.style.cssText = "width:16px;height:16px;border:0"; mark.ariaHidden = "true";
    this.mark(mark.getContext("2d"), place, 16, 16, 10);
    const label = document.createElement("span"); label.className = "n" + place; label.textContent = name;
    item.append(mark, label);
    return item;
  }
  mark(pen, state, x, y, r) {
    shape(pen, SHAPES[state], x, y, r);
    if (state === FAILED) { // dark red on a dark page needs a light edge
      if (this.dark) { pen.lineWidth = Math.max(2, r * 0.55) + 2; pen.strokeStyle = "rgba(255,214,214,.85)"; pen.stroke(); }
      pen.lineWidth = Math.max(2, r * 0.55); pen.strokeStyle = this.data.colours[state]; pen.stroke();
      return;
    }
    pen.fillStyle = this.data.colours[state]; pen.fill();
    pen.lineWidth = 1; pen.strokeStyle = this.dark ? "rgba(230,235,240,.75)" : "rgba(70,80,90,.8)"; pen.stroke();
  }

  listen() {
    const on = (name, what, act) => this.part(name).addEventListener(what, act);
    on(".play", "click", () => this.toggle());
    on(".step", "click", () => this.go(this.week + 1));
    on(".back", "click", () => this.go(this.week - 1));
    on(".in", "click", () => this.scale(1.3));
    on(".out", "click", () => this.scale(1 / 1.3));
    on(".week", "input", (e) => this.go(+e.target.value));
    on(".layout", "change", (e) => { this.layout = e.target.value; this.put(); this.draw(); });
    on(".reset", "click", () => { this.zoom = 1; this.shift = [0, 0]; this.draw(); });
    for (const act of ["fail", "rescue", "protect"]) on("." + act, "click", () => this.act(act));
    this.canvas.addEventListener("keydown", (e) => this.pressed(e));
    this.canvas.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.shiftKey && this.root.getRootNode().activeElement !== this.canvas) return; // pages must scroll
      e.preventDefault(); this.scale(e.deltaY < 0 ? 1.15 : 1 / 1.15);
    }, { passive: false });
    this.drag();
  }
  drag() {
    let from = null, moved = false;
    this.canvas.addEventListener("pointerdown", (e) => { from = [e.clientX, e.clientY]; moved = false; });
    this.canvas.addEventListener("pointermove", (e) => {
      if (from && e.buttons) {
        const dx = e.clientX - from[0], dy = e.clientY - from[1];
        if (moved || Math.hypot(dx, dy) > 4) { moved = true; this.shift[0] += dx; this.shift[1] += dy; from = [e.clientX, e.clientY]; this.draw(); }
      } else this.hover(e);
    });
    this.canvas.addEventListener("pointerup", (e) => { if (!moved) { this.picked = this.at(e)[0]; this.draw(); } from = null; });
    this.canvas.addEventListener("pointerleave", () => { this.part(".tip").hidden = true; from = null; });
  }
  pressed(e) {
    const keys = {
      " ": () => this.toggle(), ArrowRight: () => this.go(this.week + 1), ArrowLeft: () => this.go(this.week - 1),
      Home: () => this.go(0), End: () => this.go(this.data.weeks), "+": () => this.scale(1.15), "-": () => this.scale(1 / 1.15),
      ArrowDown: () => this.next(1), ArrowUp: () => this.next(-1), Escape: () => { this.picked = -1; this.draw(); },
      f: () => this.act("fail"), r: () => this.act("rescue"), v: () => this.act("protect"),
    };
    if (keys[e.key] && !e.ctrlKey && !e.metaKey && !e.altKey) { e.preventDefault(); keys[e.key](); }
  }
  next(step) { // the best connected first
    const place = this.picked < 0 ? (step > 0 ? 0 : this.firms - 1) : (this.rank[this.picked] + step + this.firms) % this.firms;
    this.picked = this.data.order[place]; this.draw();
  }
  scale(by) { this.zoom = Math.min(12, Math.max(0.5, this.zoom * by)); this.draw(); }
  toggle() {
    if (!this.playing && this.week >= this.data.weeks) this.week = 0;
    this.playing = !this.playing; this.last = 0; this.part_week = 0; this.frames = 0; this.began = 0;
    if (this.playing) requestAnimationFrame((t) => this.tick(t));
    this.draw();
  }
  tick(time) {
    if (!this.playing || !this.root.isConnected) return;
    this.began ||= time; this.last ||= time;
    const pace = this.part(".speed").value * (this.calm ? 0.5 : 2) / 1000; // weeks a millisecond
    this.part_week += Math.min(1, (time - this.last) * pace); this.last = time;
    const whole = Math.floor(this.part_week); this.part_week -= whole;
    this.week = Math.min(this.data.weeks, this.week + whole);
    this.frames++;
    if (time > this.began) this.rate = this.frames / ((time - this.began) / 1000);
    if (this.week >= this.data.weeks) { this.playing = false; this.part_week = 0; this.draw(); return; }
    if (whole || !this.calm) this.draw();
    requestAnimationFrame((t) => this.tick(t));
  }
  go(week) {
    this.week = Math.min(this.data.weeks, Math.max(0, week)); this.part_week = 0;
    this.playing = false;
    this.draw();
  }
  act(action) { if (this.picked >= 0 && !this.part("." + action).disabled) this.send({ action, week: this.week, firm: this.picked }); }

  // panels stand side by side where there is room, else one above the other
  frame(p) {
    const count = this.panels.length, wide = this.w > 620;
    const w = wide ? this.w / count : this.w, h = wide ? this.h : this.h / count, top = count > 1 ? BAND : 0;
    return [wide ? p * w : 0, (wide ? 0 : p * h) + top, w, h - top];
  }
  place(i, f) {
    return [
      (this.px[i] - 0.5) * (f[2] - 2 * EDGE) * this.zoom + f[0] + f[2] / 2 + this.shift[0],
      (this.py[i] - 0.5) * (f[3] - 2 * EDGE) * this.zoom + f[1] + f[3] / 2 + this.shift[1],
    ];
  }
  at(e) {
    const box = this.canvas.getBoundingClientRect(), px = e.clientX - box.left, py = e.clientY - box.top;
    let best = -1, panel = 0, near = 14;
    for (let p = 0; p < this.panels.length; p++) {
      const f = this.frame(p);
      if (px < f[0] || px > f[0] + f[2] || py < f[1] || py > f[1] + f[3]) continue;
      for (let i = 0; i < this.firms; i++) {
        const [x, y] = this.place(i, f), d = Math.hypot(px - x, py - y) - this.data.size[i] * 0.5;
        if (d < near) { near = d; best = i; panel = p; }
      }
    }
    return [best, panel];
  }
  state(i, p = 0) { return this.panels[p].states[this.week * this.firms + i]; }
  told(i, p = 0) {
    const d = this.data;
    if (d.labels) return `${d.labels[i]} · ${d.names[this.state(i, p)]}`;
    return `#${i} · ${d.sectors[d.sector[i]]} · ${d.names[this.state(i, p)]}`;
  }
  hover(e) {
    const [i, p] = this.at(e), tip = this.part(".tip"), box = this.canvas.getBoundingClientRect();
    tip.hidden = i < 0;
    if (i < 0) return;
    tip.textContent = this.told(i, p);
    tip.style.left = Math.max(0, Math.min(e.clientX - box.left + 12, this.w - 200)) + "px"; tip.style.top = e.clientY - box.top + 12 + "px";
  }

  draw() {
    if (!this.data) return;
    const ratio = devicePixelRatio || 1, c = this.canvas, pen = this.pen;
    this.w = c.clientWidth; this.h = c.clientHeight;
    if (c.width !== Math.round(this.w * ratio) || c.height !== Math.round(this.h * ratio)) { c.width = Math.round(this.w * ratio); c.height = Math.round(this.h * ratio); }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, this.w, this.h);
    const ink = getComputedStyle(this.root).color, level = (ink.match(/\d+/g) || [0]).slice(0, 3).reduce((a, b) => a + +b, 0);
    this.dark = level > 380;
    this.counts = this.panels.map((panel, p) => this.drawPanel(pen, panel, p, ink));
    this.tell();
  }
  drawPanel(pen, panel, p, ink) {
    const f = this.frame(p), counts = [0, 0, 0, 0], row = this.week * this.firms, after = Math.min(this.data.weeks, this.week + 1) * this.firms;
    pen.save();
    pen.beginPath(); pen.rect(f[0], f[1], f[2], f[3]); pen.clip();
    this.drawLinks(pen, panel, f);
    for (let i = 0; i < this.firms; i++) {
      const state = panel.states[row + i], [x, y] = this.place(i, f), r = this.data.size[i] * Math.sqrt(this.zoom);
      counts[state]++;
      this.mark(pen, state, x, y, r);
      if (this.part_week && state !== FAILED && panel.states[after + i] === FAILED) { // about to fail: a ring that grows
        pen.beginPath(); pen.arc(x, y, r + 3 + 14 * this.part_week, 0, 7); pen.lineWidth = 2;
        pen.strokeStyle = `rgba(214,60,50,${1 - this.part_week})`; pen.stroke();
      }
      if (i === this.picked || this.marked.has(i)) {
        pen.beginPath(); pen.arc(x, y, r + 5, 0, 7); pen.lineWidth = i === this.picked ? 3 : 1.5;
        pen.strokeStyle = i === this.picked ? "#D55E00" : "#0072B2"; pen.stroke();
      }
    }
    if (this.data.labels) this.drawLabels(pen, f);
    pen.restore();
    if (this.panels.length > 1) {
      pen.font = "600 13px sans-serif"; pen.fillStyle = ink; pen.textBaseline = "middle";
      pen.fillText(panel.heading, f[0] + 10, f[1] - BAND / 2 + 1, f[2] - 90);
      if (p) { pen.strokeStyle = "rgba(128,128,128,.5)"; pen.lineWidth = 1; pen.beginPath(); f[0] ? pen.moveTo(f[0], 0) : pen.moveTo(0, f[1] - BAND); f[0] ? pen.lineTo(f[0], this.h) : pen.lineTo(this.w, f[1] - BAND); pen.stroke(); }
    }
    return counts;
  }
  drawLabels(pen, f) {
    const style = getComputedStyle(this.root), size = Math.max(11, Math.min(19, this.w / 60));
    pen.font = `600 ${size}px ${style.fontFamily}`; pen.textBaseline = "middle"; pen.fillStyle = style.color;
    for (let i = 0; i < this.firms; i++) { // names stand away from the middle, where the arrows are
      const [x, y] = this.place(i, f), far = this.data.size[i] + 6, side = this.data.outward ? [x - f[0] - f[2] / 2, (y - f[1] - f[3] / 2) * f[2] / f[3]] : [0, 1];
      const long = Math.hypot(...side) || 1, beside = Math.abs(side[0]) / long > 0.42;
      pen.textAlign = !beside ? "center" : side[0] < 0 ? "right" : "left";
      pen.fillText(this.data.labels[i], beside ? x + Math.sign(side[0]) * far : x, beside ? y : y + Math.sign(side[1]) * (far + size * 0.6));
    }
  }
  drawOwed(pen, panel, f) { // from who owes to who waits, wider the more; a stroke each, as there are few
    const d = this.data, row = this.week * this.links, beat = this.calm ? 0 : (this.flowed || 0) / 60;
    for (let k = 0; k < this.links; k++) {
      const o = panel.overdue[row + k];
      if (!o) continue;
      const [x, y] = this.place(d.buyer[k], f), [u, v] = this.place(d.supplier[k], f), long = Math.hypot(u - x, v - y) || 1;
      const r = d.size[d.supplier[k]] + 6, a = [(u - x) / long, (v - y) / long], end = [u - a[0] * r, v - a[1] * r], head = 6 + 9 * o / 255;
      pen.strokeStyle = pen.fillStyle = `rgba(${this.dark ? "240,110,60" : "200,70,20"},${0.5 + 0.45 * o / 255})`; pen.lineWidth = 1.5 + 6 * o / 255;
      pen.setLineDash([10, 6]); pen.lineDashOffset = -beat; pen.beginPath(); pen.moveTo(x, y); pen.lineTo(end[0] - a[0] * head * 0.8, end[1] - a[1] * head * 0.8); pen.stroke(); pen.setLineDash([]);
      pen.beginPath(); pen.moveTo(end[0], end[1]); pen.lineTo(end[0] - head * (a[0] + 0.6 * a[1]), end[1] - head * (a[1] - 0.6 * a[0]));
      pen.lineTo(end[0] - head * (a[0] - 0.6 * a[1]), end[1] - head * (a[1] + 0.6 * a[0])); pen.closePath(); pen.fill();
    }
  }
  drawLinks(pen, panel, f) {
    const d = this.data, row = this.week * this.links, after = Math.min(d.weeks, this.week + 1) * this.links, t = this.part_week;
    const crowd = Math.min(1, Math.sqrt(600 / (this.links || 1))), owed = panel.overdue;
    const levels = [[], [], [], []]; // four widths: one path each is much faster than one a link
    pen.lineWidth = 0.6; pen.strokeStyle = `rgba(128,128,128,${(this.dark ? 0.4 : 0.26) * Math.max(0.3, crowd)})`; pen.beginPath();
    for (let k = 0; k < this.links; k++) {
      const o = owed[row + k] * (1 - t) + owed[after + k] * t; // arrears grow between two weeks
      if (o > 0) levels[Math.min(3, o >> 6)].push(k); else this.line(pen, k, f);
    }
    pen.stroke();
    if (d.labels) { this.drawOwed(pen, panel, f); return; }
    levels.forEach((links, level) => {
      pen.lineWidth = (0.8 + 1.3 * level) * (0.4 + 0.6 * crowd);
      pen.strokeStyle = `rgba(${this.dark ? "240,110,60" : "200,70,20"},${(0.3 + 0.16 * level) * (0.5 + 0.5 * crowd)})`;
      pen.beginPath();
      for (const k of links) this.line(pen, k, f);
      pen.stroke();
    });
  }
  line(pen, k, f) { const [x, y] = this.place(this.data.buyer[k], f), [u, v] = this.place(this.data.supplier[k], f); pen.moveTo(x, y); pen.lineTo(u, v); }

  newly() { // the firms that failed in the shown week
    const found = [], row = this.week * this.firms, states = this.panels[0].states;
    if (this.week) for (const i of this.data.order) if (states[row + i] === FAILED && states[row - this.firms + i] !== FAILED) found.push(i);
    return found;
  }
  tell() {
    const d = this.data, words = d.words, counts = this.counts[0], state = this.picked < 0 ? -1 : this.state(this.picked);
    this.part(".play").textContent = this.playing ? words.pause : words.play;
    this.part(".week").value = this.week; this.part(".now").textContent = `${words.week} ${this.week}`;
    this.part(".who").textContent = this.picked < 0 ? words.pick : this.told(this.picked);
    for (const act of ["fail", "rescue", "protect"]) this.part("." + act).disabled = this.picked < 0 || state === FAILED;
    d.names.forEach((name, i) => { this.part(".n" + i).textContent = `${name} ${this.counts.map((one) => one[i]).join(" | ")}`; });
    Object.assign(this.root.dataset, {
      week: this.week, playing: this.playing, picked: this.picked, firms: this.firms, state, layout: this.layout, panels: this.panels.length,
      healthy: counts[0], strained: counts[1], failed: counts[2], protected: counts[3],
      twinFailed: this.panels.length > 1 ? this.counts[1][2] : "", fps: this.rate ? this.rate.toFixed(1) : "", owed: this.panels[0].owed[this.week],
    });
    if (!this.playing) this.summary(); // a screen reader need not hear every week of a film
  }
  summary() {
    const d = this.data, words = d.words, fallen = this.newly();
    const lines = this.panels.map((panel, p) =>
      (this.panels.length > 1 ? panel.heading + ": " : "") + d.names.map((name, i) => `${name} ${this.counts[p][i]}`).join(", ") + `; ${words.owed} ${this.lang.format(panel.owed[this.week])}`);
    const names = fallen.slice(0, 8).map((i) => `#${i} (${d.sectors[d.sector[i]]})`).join(", ") + (fallen.length > 8 ? " …" : "");
    const told = `${words.week} ${this.week}. ${lines.join(". ")}.` + (fallen.length ? ` ${words.newly} ${names}.` : "");
    if (this.part(".told").textContent !== told) this.part(".told").textContent = told;
    this.canvas.ariaLabel = `${words.canvas}. ${told}`;
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
