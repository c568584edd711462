// A release on its way down: the plume with its band at the hour in view, what stands there, what was measured, and when it comes where.
import { colour } from "./colours.js";
import { ink, keep, none, picture } from "./ground.js";

const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const STEP = 400; // ms between steps of the play
const AGAIN = 2000; // ms until the next question while the node computes
const RARE = 5000; // ms between questions because something changed at the node

const plume = { found: null, at: 0, address: "" };

// ---- on the map ----

function where(metres) {
  const { metres: m, line } = plume.found;
  let i = m.findIndex((each) => each >= metres);
  if (i < 0) return line.at(-1);
  if (i === 0) return line[0];
  const share = (metres - m[i - 1]) / (m[i] - m[i - 1] || 1);
  return [0, 1].map((k) => line[i - 1][k] + share * (line[i][k] - line[i - 1][k]));
}

function stretch([low, high]) {
  const { metres, line } = plume.found;
  return [where(low), ...line.filter((_, i) => metres[i] > low && metres[i] < high), where(high)];
}

const collection = (features) => ({ type: "FeatureCollection", features });
const spot = (place, properties) => ({ type: "Feature", geometry: { type: "Point", coordinates: place }, properties });

function moving() {
  const { found, at } = plume;
  if (!found?.times.length || found.line.length < 2) return none;
  const features = ["wide", "body"].filter((part) => found[part][at]).map((part) => ({ type: "Feature", geometry: { type: "LineString", coordinates: stretch(found[part][at]) }, properties: { part } }));
  if (found.peak[at] !== null) features.push(spot(where(found.peak[at]), { part: "peak" }));
  return collection(features);
}

function standing() {
  const { found } = plume;
  if (!found) return none;
  const features = found.stands.filter((each) => each.place).map((each) => spot(each.place, { sign: `stand-${each.kind}`, name: each.name }));
  if (found.release) features.push(spot(found.release, { sign: "stand-release", name: "" }));
  return collection(features);
}

function measured() {
  const { found, at } = plume;
  if (!found) return none;
  return collection(found.seen.map((each) => spot(each.place, { sign: `seen-${each.told[at] ? (each.above[at] === "1" ? "above" : "told") : "none"}`, said: each.told[at] ? `${each.name}\n${each.told[at]}` : each.name })));
}

export const plumeSources = () => ({ plume: { type: "geojson", data: moving() }, stands: { type: "geojson", data: standing() }, seen: { type: "geojson", data: measured() } });

export function plumeLayers() {
  const part = (name) => ["==", ["get", "part"], name], round = { "line-cap": "round", "line-join": "round" };
  const said = { "text-font": ["sans-serif"], "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.9], "text-optional": true };
  return [
    { id: "plume-wide", type: "line", source: "plume", filter: part("wide"), layout: round, paint: { "line-color": colour("danger"), "line-width": 13, "line-opacity": 0.28 } },
    { id: "plume-body", type: "line", source: "plume", filter: part("body"), layout: round, paint: { "line-color": colour("danger"), "line-width": 6, "line-opacity": 0.8 } },
    { id: "stands", type: "symbol", source: "stands", layout: { "icon-image": ["get", "sign"], "icon-allow-overlap": true, "icon-ignore-placement": true, ...said, "text-field": ["step", ["zoom"], "", 7.5, ["get", "name"]] }, paint: ink() },
    { id: "plume-peak", type: "circle", source: "plume", filter: part("peak"), paint: { "circle-radius": 6, "circle-color": colour("danger"), "circle-stroke-color": colour("surface"), "circle-stroke-width": 2 } },
    { id: "seen", type: "symbol", source: "seen", layout: { "icon-image": ["get", "sign"], "icon-allow-overlap": true, "icon-ignore-placement": true, ...said, "text-field": ["get", "said"] }, paint: { ...ink(), "text-color": colour("ink") } },
  ];
}

// a shape for each kind, so that no colour speaks alone; the legend names them
const SIGNS = {
  release: ["danger", "danger", (p, c) => { p.moveTo(c, c - 7); p.lineTo(c + 7, c); p.lineTo(c, c + 7); p.lineTo(c - 7, c); p.closePath(); }],
  control: ["success", "surface", (p, c) => p.rect(c - 5, c - 5, 10, 10)],
  dam: ["success", "success", (p, c) => p.rect(c - 7, c - 2.5, 14, 5)],
  gate: ["success", "surface", (p, c) => p.rect(c - 7, c - 2.5, 14, 5)],
  intake: ["accent", "surface", (p, c) => { p.moveTo(c, c - 7); p.quadraticCurveTo(c + 8, c + 5, c, c + 6); p.quadraticCurveTo(c - 8, c + 5, c, c - 7); }],
  border: ["ink-2", "ink-2", (p, c) => { p.moveTo(c, c - 7); p.lineTo(c, c + 7); }],
};
const MEASURED = { none: ["ink-3", "surface"], told: ["success", "success"], above: ["danger", "danger"] };

export function drawSigns(map) {
  const sign = (line, fill, path) => picture(20, (pen, middle) => {
    pen.beginPath();
    path(pen, middle);
    pen.fillStyle = colour(fill);
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = colour(line);
    pen.stroke();
  });
  for (const [name, [line, fill, path]] of Object.entries(SIGNS)) keep(map, `stand-${name}`, sign(line, fill, path));
  for (const [name, [line, fill]] of Object.entries(MEASURED))
    keep(map, `seen-${name}`, sign(line, fill, (p, c) => { p.rect(c - 5, c - 5, 10, 10); if (name === "above") { p.moveTo(c - 8, c + 8); p.lineTo(c + 8, c - 8); } }));
}

// ---- beside the map ----

export function startPlume(map, root, { shown = () => {}, fit = true } = {}) {
  const panel = root.querySelector(".plume"), bar = root.querySelector(".plume-time");
  const play = bar.querySelector("[data-play]"), slider = bar.querySelector("input"), said = bar.querySelector("output");
  const part = (name) => panel.querySelector(`[data-${name}]`);
  let playing = null, again = null, last = 0;

  function draw() {
    for (const [name, source] of Object.entries(plumeSources())) map.getSource(name)?.setData(source.data);
  }

  function step(at) {
    const { found } = plume;
    plume.at = Math.max(0, Math.min(at, found.times.length - 1));
    slider.value = plume.at;
    said.value = found.labels[plume.at] ?? "";
    slider.setAttribute("aria-valuetext", [said.value, found.said[plume.at]].filter(Boolean).join(" "));
    part("size").textContent = found.said[plume.at] ?? "";
    const now = found.times[plume.at];
    panel.querySelectorAll("tbody tr").forEach((row, i) => {
      const { from, until } = found.places[i];
      const state = from === null || now < from ? "" : until !== null && now > until ? "passed" : "passing";
      row.className = state;
      row.querySelector("[data-state]").textContent = state ? panel.dataset[state] : "";
    });
    root.dataset.step = plume.at;
    draw();
  }

  function pause() {
    clearInterval(playing);
    playing = null;
    play.textContent = play.dataset.playWord;
  }
  function toggle() {
    if (playing) return pause();
    if (plume.at >= plume.found.times.length - 1) step(0);
    play.textContent = play.dataset.stopWord;
    playing = setInterval(() => { step(plume.at + 1); if (plume.at >= plume.found.times.length - 1) pause(); }, STEP);
  }

  function made(tag, text, name = "") {
    const found = document.createElement(tag);
    found.textContent = text;
    if (name) found.className = name;
    return found;
  }

  function row(place, limit) {
    const found = document.createElement("tr"), head = made("th", place.name), times = made("dl", "", "times"), body = document.createElement("td");
    const state = made("span", "", "state");
    head.scope = "row";
    state.dataset.state = "";
    head.append(" ", made("span", `${place.km} km`, "fine"), " ", state);
    const told = [["first", place.first, place.first_band], ["peak", [place.peak, place.size].filter(Boolean).join(" · "), place.peak_band], [limit ? "above" : "over", place.over, place.over_band]];
    for (const [name, text, band] of told) {
      if (!text) continue;
      const line = made("dd", text);
      if (band) line.append(" ", made("span", band, "fine"));
      times.append(made("dt", panel.dataset[name]), line);
    }
    body.append(times.children.length ? times : "—");
    found.append(head, body);
    return found;
  }

  function tell(found) {
    part("title").textContent = found.title;
    part("supposed").hidden = !found.supposed;
    const form = part("suppose");
    if (form) form.hidden = !found.supposed;
    if (form && found.supposed) for (const name of ["kg", "hours"]) form.elements[name].value = found[name];
    part("simulated").hidden = !found.simulated;
    part("wait").hidden = true;
    part("notes").replaceChildren(...found.notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })));
    part("band").hidden = !found.banded;
    part("seen").hidden = !found.seen.length;
    panel.querySelector("tbody").replaceChildren(...found.places.map((each) => row(each, found.limit)));
    part("means").textContent = found.limit ? panel.dataset.aboveMeans.replace("{limit}", found.limit) : panel.dataset.overMeans;
    part("arrivals").hidden = !found.places.length;
    panel.hidden = false;
    bar.hidden = !found.times.length;
    slider.max = Math.max(found.times.length - 1, 0);
  }

  function frame(found) {
    const places = [...found.line.filter((_, i) => found.metres[i] >= 0), ...[found.release].filter(Boolean), ...found.seen.map((each) => each.place)];
    if (!fit || !places.length) return;
    const [x, y] = [0, 1].map((k) => places.map((p) => p[k]));
    map.fitBounds([[Math.min(...x), Math.min(...y)], [Math.max(...x), Math.max(...y)]], { padding: 48, maxZoom: 8, animate: !still && !!plume.found });
  }

  async function open(address, anew = true) {
    clearTimeout(again);
    last = Date.now();
    plume.address = address;
    if (anew) {
      part("title").textContent = "";
      part("wait").hidden = false;
      part("wait").textContent = panel.dataset.wait;
      panel.hidden = false;
    }
    const answer = await fetch(address, { headers: { accept: "application/json", "HX-Request": "true" } });
    if (plume.address !== address) return; // closed, or another was opened meanwhile
    if (!answer.ok) {
      if (anew) { close(); part("wait").hidden = false; part("wait").textContent = panel.dataset.failed; part("title").textContent = ""; panel.hidden = false; }
      return;
    }
    const found = await answer.json(), before = anew ? null : plume.found?.times[plume.at];
    plume.found = found;
    tell(found);
    if (anew) frame(found);
    const kept = before ? found.times.findLastIndex((t) => t <= before) : -1;
    step(kept >= 0 ? kept : found.at);
    shown(true);
    root.dataset.plume = found.pending ? "pending" : "drawn";
    if (found.pending) again = setTimeout(() => open(address, false), AGAIN);
  }

  function close() {
    clearTimeout(again);
    pause();
    plume.found = null;
    plume.address = "";
    panel.hidden = bar.hidden = true;
    delete root.dataset.plume;
    draw();
    shown(false);
  }

  play.addEventListener("click", toggle);
  bar.addEventListener("submit", (event) => event.preventDefault());
  slider.addEventListener("input", () => { pause(); step(Number(slider.value)); });
  document.addEventListener("keydown", (event) => {
    if (!plume.found?.times.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("select, textarea, input:not([type=range])");
    if (event.key === " " && !typing && !event.target.closest("button, a, summary")) { event.preventDefault(); toggle(); }
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by && !typing && !event.target.matches("input, canvas")) { event.preventDefault(); pause(); step(plume.at + by); }
  });
  document.body.addEventListener("live-change", () => {
    if (plume.found && /[?&](warning|incident)=/.test(plume.address) && Date.now() - last > RARE) open(plume.address, false);
  });
  return { open, close };
}
