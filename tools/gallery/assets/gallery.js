// The scripts of all pages: theme, index (sort, filter, search), interactive plot, copy buttons.
// Without it every page still says all that it says. No network, no storage but the theme's choice.
"use strict";

(function () {
  const $ = (selector, within) => (within || document).querySelector(selector);
  const $$ = (selector, within) => Array.from((within || document).querySelectorAll(selector));

  // ------------------------------------------------------------------ theme

  // Where storage is forbidden (some browsers do so for file:), the choice lasts for the page.
  const memory = {
    get(key) { try { return localStorage.getItem(key); } catch (error) { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch (error) { /* forgotten */ } },
  };

  function setUpTheme() {
    const button = $("#theme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const is_dark = () => (document.documentElement.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
    const show = () => {
      button.setAttribute("aria-pressed", String(is_dark()));
      button.hidden = false;
    };
    button.addEventListener("click", () => {
      const theme = is_dark() ? "light" : "dark";
      document.documentElement.dataset.theme = theme;
      memory.set("actc-theme", theme);
      show();
    });
    system.addEventListener("change", show);
    show();
  }

  const chosen = memory.get("actc-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;

  // ------------------------------------------------------------------ index

  // Numbers of an entry, as its attributes have them; what is missing sorts last.
  function numberOf(item, key) {
    const text = item.getAttribute("data-" + key);
    if (text === null || text === "") return null;
    return text === "inf" ? Infinity : text === "-inf" ? -Infinity : Number(text);
  }

  function setUpIndex() {
    const list = $("#entries");
    if (!list) return;
    const items = $$("li", list);
    const position = new Map(items.map((item, k) => [item, k]));
    const search = $("#search"), sort = $("#sort"), reverse = $("#reverse"), count = $("#count");
    const kind = $("#kind"), filters = $$("input[data-filter]"), empty = $("#nothing");
    $("#tools").hidden = false;

    function matches(item) {
      const words = search.value.toLowerCase().split(/\s+/).filter((word) => word !== "");
      const text = item.dataset.text;
      if (!words.every((word) => text.includes(word))) return false;
      if (kind.value !== "" && !item.dataset.kinds.split(" ").includes(kind.value)) return false;
      const properties = item.dataset.properties.split(" ");
      return filters.every((box) => !box.checked || properties.includes(box.dataset.filter));
    }

    function compare(a, b) {
      const key = sort.value;
      let order = 0;
      if (key === "name") order = a.dataset.name.localeCompare(b.dataset.name, "en");
      if (key !== "name" && key !== "library") {
        const u = numberOf(a, key), v = numberOf(b, key);
        if (u === null || v === null) {
          if (u !== v) return u === null ? 1 : -1;  // the unknown stays last in either direction
        } else {
          order = u < v ? -1 : u > v ? 1 : 0;
        }
      }
      if (order === 0) order = position.get(a) - position.get(b);
      return reverse.getAttribute("aria-pressed") === "true" ? -order : order;
    }

    function update() {
      const shown = items.filter(matches);
      const visible = new Set(shown);
      for (const item of items) item.hidden = !visible.has(item);
      list.append(...items.slice().sort(compare));
      list.dataset.sorted = sort.value;
      for (const item of items) {
        const label = $(".sorted", item);
        const text = item.getAttribute("data-" + sort.value + "-text");
        label.textContent = text === null ? "" : sort.selectedOptions[0].textContent.trim() + " " + text;
        label.hidden = text === null;
      }
      count.textContent = shown.length === items.length
        ? items.length + " definitions" : shown.length + " of " + items.length + " definitions";
      empty.hidden = shown.length !== 0;
    }

    search.addEventListener("input", update);
    for (const control of [sort, kind, ...filters]) control.addEventListener("change", update);
    reverse.addEventListener("click", () => {
      reverse.setAttribute("aria-pressed", String(reverse.getAttribute("aria-pressed") !== "true"));
      update();
    });
    $("#tools").addEventListener("submit", (event) => event.preventDefault());
    $("#tools").addEventListener("reset", () => {
      reverse.setAttribute("aria-pressed", "false");
      setTimeout(update, 0);
    });
    document.addEventListener("keydown", (event) => {
      const typing = event.target instanceof HTMLInputElement;
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        search.focus();
      }
    });
    update();
  }

  // ------------------------------------------------------------------ curves

  const svg_namespace = "http://www.w3.org/2000/svg";

  function element(name, attributes, text) {
    const node = document.createElementNS(svg_namespace, name);
    for (const key of Object.keys(attributes)) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // 1, 2 or 5 times a power of ten apart.
  function ticks(from, to, most) {
    const least = (to - from) / most;
    const power = Math.pow(10, Math.floor(Math.log10(least)));
    const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= least * 0.999999);
    const decimals = Math.max(0, Math.min(12, -Math.floor(Math.log10(step) + 1e-9)));
    const result = [];
    for (let k = Math.ceil(from / step - 1e-9); k * step <= to + 1e-9 * step; ++k) {
      const value = k * step;
      const text = Math.abs(value) >= 1e6 ? value.toExponential() : value.toFixed(decimals);
      result.push({ at: value, text: text.replace("-", "\u2212") });
    }
    return result;
  }

  // A number of few digits between two that are close, if there is one: what a jump's place was
  // meant to be.
  function shortest(a, b) {
    for (let digits = 0; digits <= 9; ++digits) {
      const value = Number(((a + b) / 2).toFixed(digits));
      if (value >= a && value <= b) return value;
    }
    return null;
  }

  // The curve as pieces without a gap, and the dots at its jumps. Between two samples that are far
  // apart it is looked closer; what is still apart at the smallest step is a jump or a pole, and no
  // line is drawn across it.
  function follow(f, x, y) {
    const steps = 480, pieces = [], dots = [];
    const tall = y.to - y.from, close = tall / 400;
    let piece = [];
    const end = () => { if (piece.length > 0) pieces.push(piece); piece = []; };
    const add = (u, v) => { if (Number.isFinite(v)) piece.push([u, v]); else end(); };
    function between(a, fa, b, fb, depth) {
      const far = Math.abs(fb - fa) > close || Number.isFinite(fa) !== Number.isFinite(fb);
      const outside = Math.min(fa, fb) > y.to + tall || Math.max(fa, fb) < y.from - tall;
      if (!far || outside) return;
      if (depth === 0) {
        if (b - a > 1e-9 * (x.to - x.from)) return;
        const place = shortest(a, b);
        if (place !== null) {
          const value = f(place);
          for (const limit of [fa, fb]) {
            if (Number.isFinite(limit) && Math.abs(limit - value) > close / 10) dots.push([place, limit, false]);
          }
          if (Number.isFinite(value)) dots.push([place, value, true]);
        }
        end();
        return;
      }
      const m = a + (b - a) / 2, fm = f(m);
      // One half is followed to the end, the other only where it is far as well: 40 values a jump.
      between(a, fa, m, fm, depth - 1);
      add(m, fm);
      between(m, fm, b, fb, depth - 1);
    }
    let a = x.from, fa = f(a);
    add(a, fa);
    for (let k = 1; k <= steps; ++k) {
      const b = x.from + (x.to - x.from) * k / steps, fb = f(b);
      between(a, fa, b, fb, 44);
      add(b, fb);
      a = b;
      fa = fb;
    }
    end();
    return { pieces, dots };
  }

  // ------------------------------------------------------------------ page of a definition

  const readable = (v) => {
    if (v === undefined || Number.isNaN(v)) return "no number";
    if (!Number.isFinite(v)) return v > 0 ? "\u221e" : "\u2212\u221e";
    if (v === 0) return Object.is(v, -0) ? "\u22120" : "0";
    const size = Math.abs(v);
    const text = size >= 1e6 || size < 1e-4 ? v.toExponential(5) : String(Number(v.toPrecision(7)));
    return text.replace(/\.?0+e/, "e").replace(/-/g, "\u2212");
  };

  function setUpPlot() {
    const holder = $("#plot"), code = window.actc_definition;
    if (!holder || !code) return;
    const data = JSON.parse($("#definition").textContent);
    const inputs = data.inputs.map((input) => Number(input.value));
    const parameters = data.parameters.map((parameter) => parameter.value);
    let axis = data.axis;
    let x = { from: data.x[0], to: data.x[1] }, y = { from: data.y[0], to: data.y[1] };
    let at = data.at;

    const call = (which, value) => {
      const args = inputs.slice();
      args[axis] = value;
      return Number(which(...args, ...parameters));
    };
    const value = (u) => call(code.value, u);
    const slope = (u) => call(code.gradients[axis], u);

    // The picture's own units are the page's, so that its words are legible at any size.
    let width = 0, height = 0, frame = {};
    function measure() {
      const wide = Math.round(Math.min(1000, Math.max(280, holder.clientWidth)));
      if (wide === width) return false;
      width = wide;
      height = Math.round(Math.max(260, 0.575 * wide));
      frame = { left: 46, right: width - 16, top: 16, bottom: height - 38 };
      picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
      for (const [key, value] of [["x", frame.left], ["y", frame.top - 2],
        ["width", frame.right - frame.left], ["height", frame.bottom - frame.top + 4]]) hole.setAttribute(key, value);
      return true;
    }
    const px = (u) => frame.left + (u - x.from) / (x.to - x.from) * (frame.right - frame.left);
    const py = (v) => frame.bottom - (v - y.from) / (y.to - y.from) * (frame.bottom - frame.top);

    const picture = element("svg", { class: "actc-plot", "aria-hidden": "true" });
    const clip = element("clipPath", { id: "frame" });
    const hole = element("rect", {});
    clip.append(hole);
    const background = element("g", {}), curves = element("g", { "clip-path": "url(#frame)" });
    const pointer = element("g", { class: "pointer", "clip-path": "url(#frame)" });
    picture.append(clip, background, curves, pointer);
    holder.replaceChildren(picture);
    holder.tabIndex = 0;
    holder.setAttribute("role", "slider");
    holder.setAttribute("aria-orientation", "horizontal");
    holder.setAttribute("aria-describedby", "plot-help");

    const at_field = $("#at"), value_field = $("#value"), slope_field = $("#slope");
    const with_slope = $("#with-slope");

    function drawBackground() {
      background.replaceChildren();
      const across = ticks(x.from, x.to, width / 70), up = ticks(y.from, y.to, height / 48);
      const grid = across.map((t) => `M${px(t.at).toFixed(1)} ${frame.top}V${frame.bottom}`)
        .concat(up.map((t) => `M${frame.left} ${py(t.at).toFixed(1)}H${frame.right}`)).join("");
      background.append(element("path", { class: "grid", d: grid }));
      let axes = "";
      if (y.from <= 0 && y.to >= 0) axes += `M${frame.left} ${py(0).toFixed(1)}H${frame.right}`;
      if (x.from <= 0 && x.to >= 0) axes += `M${px(0).toFixed(1)} ${frame.top}V${frame.bottom}`;
      background.append(element("path", { class: "axis", d: axes }));
      for (const t of across) background.append(element("text", { class: "tick", "text-anchor": "middle", x: px(t.at), y: frame.bottom + 19 }, t.text));
      for (const t of up) background.append(element("text", { class: "tick", "text-anchor": "end", x: frame.left - 8, y: py(t.at) + 4 }, t.text));
      background.append(element("text", { class: "name", "text-anchor": "end", x: frame.right, y: height - 2 }, data.inputs[axis].name));
    }

    function drawCurve(f, line, colour) {
      const { pieces, dots } = follow(f, x, y);
      const low = y.from - 9 * (y.to - y.from), high = y.to + 9 * (y.to - y.from);
      const path = pieces.map((piece) => "M" + piece.map(([u, v]) =>
        px(u).toFixed(2) + " " + py(Math.min(high, Math.max(low, v))).toFixed(2)).join("L")).join("");
      curves.append(element("path", { class: `curve ${line} c${colour}`, d: path, "data-curve": line }));
      for (const [u, v, closed] of dots) {
        curves.append(element("circle", { class: `dot d${colour}` + (closed ? "" : " hollow"), cx: px(u), cy: py(v), r: 4 }));
      }
    }

    function drawPointer() {
      pointer.replaceChildren();
      const v = value(at), s = slope(at);
      pointer.append(element("path", { d: `M${px(at).toFixed(1)} ${frame.top}V${frame.bottom}` }));
      if (Number.isFinite(v)) pointer.append(element("circle", { class: "dot d0", cx: px(at), cy: py(v), r: 5 }));
      if (Number.isFinite(s) && with_slope.checked) pointer.append(element("circle", { class: "dot d1", cx: px(at), cy: py(s), r: 4 }));
      value_field.textContent = readable(v);
      value_field.dataset.value = String(v);
      slope_field.textContent = readable(s);
      slope_field.dataset.value = String(s);
      if (document.activeElement !== at_field) at_field.value = String(Number(at.toPrecision(6)));
      holder.setAttribute("aria-valuemin", String(x.from));
      holder.setAttribute("aria-valuemax", String(x.to));
      holder.setAttribute("aria-valuenow", String(at));
      holder.setAttribute("aria-valuetext", `${data.inputs[axis].name} = ${readable(at)}: value ${readable(v)}, slope ${readable(s)}`);
    }

    function drawCurves() {
      curves.replaceChildren();
      drawCurve(value, "solid", 0);
      if (with_slope.checked) drawCurve(slope, "dashed", 1);
      drawPointer();
    }

    let waiting = false;
    function redraw() {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        drawBackground();
        drawCurves();
      });
    }

    // What there is to see of the curves over the range, at most as far as the range is wide.
    function fit() {
      const values = [0];
      for (let k = 0; k <= 200; ++k) {
        const u = x.from + (x.to - x.from) * k / 200;
        values.push(value(u));
        if (with_slope.checked) values.push(slope(u));
      }
      const most = x.to - x.from;
      const seen = values.filter((v) => Math.abs(v) <= most);
      const low = Math.min(...seen), high = Math.max(...seen), room = 0.06 * (high - low) || 1;
      y = { from: low - room, to: high + room };
    }

    function zoom(factor) {
      const middle = (x.from + x.to) / 2, half = (x.to - x.from) / 2 * factor;
      if (half < 1e-3 || half > 1e6) return;
      x = { from: middle - half, to: middle + half };
      at = Math.min(x.to, Math.max(x.from, at));
      fit();
      redraw();
    }

    $("#zoom-in").addEventListener("click", () => zoom(0.5));
    $("#zoom-out").addEventListener("click", () => zoom(2));
    $("#fit").addEventListener("click", () => { fit(); redraw(); });
    with_slope.addEventListener("change", redraw);
    at_field.addEventListener("input", () => {
      const typed = Number(at_field.value);
      if (at_field.value !== "" && Number.isFinite(typed)) {
        at = typed;
        drawPointer();
      }
    });
    holder.addEventListener("keydown", (event) => {
      const step = (x.to - x.from) / (event.shiftKey ? 20 : 100);
      const moves = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: 10 * step, PageDown: -10 * step };
      let target = null;
      if (event.key in moves) target = at + moves[event.key];
      if (event.key === "Home") target = x.from;
      if (event.key === "End") target = x.to;
      if (target === null) return;
      event.preventDefault();
      // Steps meet the numbers of few digits, 0 among them.
      const grain = Math.pow(10, Math.floor(Math.log10(step / 5)));
      at = Math.min(x.to, Math.max(x.from, Math.round(target / grain) * grain));
      drawPointer();
    });
    function follow_pointer(event) {
      const box = picture.getBoundingClientRect();
      const u = (event.clientX - box.left) / box.width * width;
      const part = Math.min(1, Math.max(0, (u - frame.left) / (frame.right - frame.left)));
      at = x.from + part * (x.to - x.from);
      drawPointer();
    }
    holder.addEventListener("pointermove", follow_pointer);
    holder.addEventListener("pointerdown", follow_pointer);

    // A slider and a field for each parameter and each other input: they show the same number.
    function connect(control, initial, set) {
      const slider = $("input[type=range]", control), field = $("input[type=number]", control);
      const grain = Math.pow(10, Math.floor(Math.log10((slider.max - slider.min) / 200)));
      const neat = (v) => Number((Math.round(v / grain) * grain).toPrecision(10));
      slider.addEventListener("input", () => {
        const v = neat(Number(slider.value));
        field.value = String(v);
        set(v);
        redraw();
      });
      field.addEventListener("input", () => {
        const v = Number(field.value);
        if (field.value === "" || !Number.isFinite(v)) return;
        slider.value = String(v);
        set(v);
        redraw();
      });
      return () => {
        slider.value = String(initial);
        field.value = String(Number(initial.toPrecision(6)));
        set(initial);
      };
    }
    const resets = [];
    $$(".control[data-parameter]").forEach((control, k) =>
      resets.push(connect(control, data.parameters[k].value, (v) => { parameters[k] = v; })));
    $$(".control[data-input]").forEach((control, k) =>
      resets.push(connect(control, data.inputs[k].value, (v) => { inputs[k] = v; })));
    const choose = $("#axis");
    if (choose) {
      const show = () => {
        axis = Number(choose.value);
        $$(".control[data-input]").forEach((control, k) => { control.hidden = k === axis; });
        for (const label of $$(".axis-name")) label.textContent = data.inputs[axis].name;
      };
      choose.addEventListener("change", () => { show(); fit(); redraw(); });
      show();
    }
    $("#reset").addEventListener("click", () => {
      for (const reset of resets) reset();
      if (choose) {
        choose.value = String(data.axis);
        choose.dispatchEvent(new Event("change"));
      }
      x = { from: data.x[0], to: data.x[1] };
      y = { from: data.y[0], to: data.y[1] };
      at = data.at;
      redraw();
    });
    for (const reset of resets) reset();
    for (const part of $$("[data-needs-script]")) part.hidden = false;
    measure();
    drawBackground();
    drawCurves();
    new ResizeObserver(() => { if (measure()) redraw(); }).observe(holder);
  }

  // ------------------------------------------------------------------ copying

  // file: pages have no clipboard of their own in every browser; a selection can always be copied.
  function setUpCopying() {
    for (const button of $$("button.copy")) {
      const code = $("code", button.closest(".code"));
      const idle = button.textContent;
      button.hidden = false;
      button.addEventListener("click", () => {
        const selection = getSelection(), range = document.createRange();
        range.selectNodeContents(code);
        selection.removeAllRanges();
        selection.addRange(range);
        const done = document.execCommand("copy");
        if (done) selection.removeAllRanges();
        button.textContent = done ? "Copied" : "Press Ctrl+C";
        setTimeout(() => { button.textContent = idle; }, 1600);
      });
    }
  }

  function start() {
    setUpTheme();
    setUpIndex();
    setUpPlot();
    setUpCopying();
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
