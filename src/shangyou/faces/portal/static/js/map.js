// The map: own base, sections as discs with the letter of their class, a slider through time, a legend that filters.
import * as maplibregl from "../vendor/maplibre-gl.mjs";
import { colour, onTurn, text } from "./colours.js";
import { groundLayers, groundNames, groundSources, ink, keep, picture } from "./ground.js";
import { drawSigns, plumeLayers, plumeSources, startPlume } from "./plume.js";
import { filterOf, startWays } from "./waters.js";

const atlas = document.querySelector(".atlas");
const letters = JSON.parse(atlas.dataset.letters);
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const STEP = 700; // ms between steps of the play
const CODES = "0123456..abcdef"; // as the node writes them: letters where the sample is stale

const state = { data: null, at: 0, hidden: new Set(), newest: true };
let map;

async function get(address) {
  const answer = await fetch(address, { headers: { accept: "application/json", "HX-Request": "true" } });
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  return answer.json();
}

function style() {
  return {
    version: 8,
    sources: { ...groundSources(), ...plumeSources(), sections: { type: "geojson", data: features() } },
    layers: [
      ...groundLayers(),
      { id: "way", type: "line", source: "network", filter: filterOf(), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("accent"), "line-width": ["+", ["get", "wide"], 2] } },
      ...groundNames(),
      { id: "discs", type: "symbol", source: "sections", layout: { "icon-image": ["get", "disc"], "icon-size": ["interpolate", ["linear"], ["zoom"], 3, 0.6, 5, 0.85, 8, 1.1], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["get", "class"] } },
      { id: "names", type: "symbol", source: "sections", minzoom: 6.5, layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 12, "text-anchor": "top", "text-offset": [0, 1.1] }, paint: { ...ink(), "text-color": colour("ink-2") } },
      ...plumeLayers(),
    ],
  };
}

// A disc with its letter, as one picture, so that in a crowd the letter never lies on another's disc.
const BOX = 32;
function disc(number, hollow, stale) {
  return picture(BOX, (pen, middle) => {
    const ring = (radius, width, line, fill) => {
      pen.beginPath();
      pen.arc(middle, middle, radius, 0, 2 * Math.PI);
      if (fill) { pen.fillStyle = fill; pen.fill(); }
      if (width) { pen.lineWidth = width; pen.strokeStyle = line; pen.stroke(); }
    };
    if (stale) ring(14.5, 1.5, colour("ink-3"), colour("map-ground"));
    if (hollow) ring(9.5, 3.5, colour(`class-${number}`), colour("surface"));
    else ring(11, 1.5, colour("surface"), colour(`class-${number}`));
    pen.fillStyle = colour(hollow ? "ink" : `on-class-${number}`);
    pen.font = `600 ${letters[number].length > 1 ? 9.5 : 11}px ${text("sans")}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(letters[number], middle, middle + 0.5);
  });
}
const discName = (number, hollow, stale) => `disc-${number}${hollow ? "-hollow" : ""}${stale ? "-stale" : ""}`;
function drawDiscs() {
  for (let number = 0; number <= 6; number++)
    for (const hollow of [false, true])
      for (const stale of [false, true]) keep(map, discName(number, hollow, stale), disc(number, hollow, stale));
}

// what the node says of a section at the step in view
function now(section) {
  const code = CODES.indexOf(section.classes[state.at]);
  return { number: code % 8, stale: code > 8 };
}

function features() {
  const shown = state.data.sections.filter((s) => s.place && !state.hidden.has(now(s).number));
  return {
    type: "FeatureCollection",
    features: shown.map((s) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: s.place },
      properties: { id: s.id, name: s.name, class: now(s).number, disc: discName(now(s).number, s.hollow, now(s).stale) },
    })),
  };
}

function bounds() {
  const places = state.data.sections.map((s) => s.place).filter(Boolean);
  if (!places.length) return [[90, 21], [111, 37]]; // the six provinces
  const [x, y] = [0, 1].map((i) => places.map((p) => p[i]));
  return [[Math.min(...x) - 0.5, Math.min(...y) - 0.5], [Math.max(...x) + 0.5, Math.max(...y) + 0.5]];
}

const times = atlas.querySelector(".time:not(.plume-time)");
const slider = times.querySelector("input"), said = times.querySelector("output"), play = times.querySelector("[data-play]");

function show(step, note = true) {
  state.at = Math.max(0, Math.min(step, state.data.times.length - 1));
  state.newest = state.at === state.data.times.length - 1;
  slider.value = state.at;
  said.value = state.data.labels[state.at];
  slider.setAttribute("aria-valuetext", said.value);
  map?.getSource("sections")?.setData(features());
  const counts = [0, 0, 0, 0, 0, 0, 0];
  const byId = new Map(state.data.sections.map((s) => [s.id, now(s).number]));
  byId.forEach((n) => counts[n]++);
  atlas.querySelectorAll("[data-count]").forEach((b) => (b.textContent = counts[b.dataset.count]));
  atlas.querySelectorAll(".places li").forEach((li) => {
    const n = byId.get(li.dataset.id) ?? 0;
    const chip = li.querySelector(".class");
    chip.className = `class class-${n}`;
    chip.textContent = letters[n];
    li.hidden = state.hidden.has(n);
  });
  if (note) remember({ time: state.newest ? null : state.data.times[state.at] }, false);
}

// every state has an address
function remember(changes, push) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(changes)) value === null ? address.searchParams.delete(name) : address.searchParams.set(name, value);
  if (address.href === location.href) return;
  history[push ? "pushState" : "replaceState"]({}, "", address);
}

let playing = null;
function pause() {
  clearInterval(playing);
  playing = null;
  play.textContent = play.dataset.playWord;
}
play.addEventListener("click", () => {
  if (playing) return pause();
  if (state.newest) show(0);
  play.textContent = play.dataset.stopWord;
  playing = setInterval(() => { show(state.at + 1); if (state.newest) pause(); }, STEP);
});
slider.addEventListener("input", () => { pause(); show(Number(slider.value)); });

// drawer
const drawer = document.getElementById("drawer");
async function fill(address, changes, push) {
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  drawer.innerHTML = await answer.text();
  drawer.hidden = false;
  if (push) remember({ section: null, reach: null, at: null, to: null, ...changes }, true);
}
function open(id, push = true) {
  const time = new URL(location.href).searchParams.get("time");
  return fill(`/map/sections/${encodeURIComponent(id)}${time ? `?time=${time}` : ""}`, { section: id }, push);
}
function openWater(reach, at, push = true) {
  return fill(`/map/water?${new URLSearchParams({ reach, at })}`, { reach, at }, push);
}
function close(push = true) {
  drawer.hidden = true;
  if (push) remember({ section: null, reach: null, at: null }, true);
}

// what lies at a point of the window: a section's disc, else a line of the network
function pick(point, reach) {
  const box = (half) => [[point.x - half, point.y - half], [point.x + half, point.y + half]];
  const [hit] = map.queryRenderedFeatures(box(reach), { layers: ["discs"] });
  if (hit) return open(hit.properties.id);
  const [line] = map.queryRenderedFeatures(box(reach + 3), { layers: ["network"] });
  const { lng, lat } = map.unproject(point);
  return line && openWater(line.properties.id, `${lng.toFixed(4)},${lat.toFixed(4)}`);
}
atlas.addEventListener("click", (event) => {
  const link = event.target.closest(".places a");
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("[data-drawer-close]")) { event.preventDefault(); close(); }
  if (!link) return;
  event.preventDefault();
  const id = link.closest("li").dataset.id;
  open(id);
  const place = state.data?.sections.find((s) => s.id === id)?.place;
  if (place) map.easeTo({ center: place, zoom: Math.max(map.getZoom(), 6), offset: [-drawer.clientWidth / 2 || 0, 0], animate: !still });
});
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && !drawer.hidden) close(); });
addEventListener("popstate", () => {
  const address = new URL(location.href).searchParams;
  if (address.get("section")) open(address.get("section"), false);
  else if (address.get("reach")) openWater(address.get("reach"), address.get("at"), false);
  else close(false);
  seek();
});

// legend
atlas.querySelectorAll("[data-class]").forEach((box) => box.addEventListener("change", () => {
  state.hidden[box.checked ? "delete" : "add"](Number(box.dataset.class));
  remember({ hide: [...state.hidden].join("") || null }, false);
  show(state.at, false);
}));

// the step that the address names, or the newest
function seek() {
  const time = Number(new URL(location.href).searchParams.get("time"));
  const step = time ? state.data.times.findLastIndex((t) => t <= time) : -1;
  show(step >= 0 ? step : state.data.times.length - 1, false);
}

async function load() {
  state.data = await get(`/map/data?span=${atlas.dataset.span}`);
  slider.max = state.data.times.length - 1;
}

async function start() {
  await load();
  for (const n of new URL(location.href).searchParams.get("hide") ?? "") {
    state.hidden.add(Number(n));
    atlas.querySelector(`[data-class="${n}"]`).checked = false;
  }
  times.hidden = false;
  seek();
  map = new maplibregl.Map({ container: "map", hash: "view", style: style(), bounds: bounds(), fitBoundsOptions: { padding: 40 }, attributionControl: false, dragRotate: false, pitchWithRotate: false, maxZoom: 11, minZoom: 2.5, locale: { "Map.Title": document.title } });
  map.touchZoomRotate.disableRotation();
  map.on("style.load", () => { drawDiscs(); drawSigns(map); });
  const plume = startPlume(map, atlas, { shown: (on) => { times.hidden = on; if (!on) ways?.release(); } });
  const ways = startWays(map, atlas, { open, remember, plume, drawer });
  atlas.querySelector("[data-plume-close]").addEventListener("click", () => { plume.close(); ways.forget(); });
  map.once("idle", () => (atlas.dataset.drawn = "yes"));
  map.on("click", (event) => pick(event.point, 4));
  map.getCanvas().addEventListener("keydown", async (event) => { // the cross in the middle shows what Enter takes
    if (event.key !== "Enter") return;
    const { clientWidth, clientHeight } = map.getCanvas();
    await pick(new maplibregl.Point(clientWidth / 2, clientHeight / 2), 10);
    drawer.querySelector("[data-look]")?.focus();
  });
  for (const layer of ["discs", "network"]) {
    map.on("mousemove", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  atlas.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () => {
    const by = Number(button.dataset.zoom);
    by ? map.zoomTo(map.getZoom() + by, { animate: !still }) : map.fitBounds(bounds(), { padding: 40, animate: !still });
  }));
  onTurn(() => map.setStyle(style()));
  document.body.addEventListener("live-change", async () => {
    const time = state.data.times[state.at], follow = state.newest;
    await load();
    show(follow ? state.data.times.length - 1 : Math.max(0, state.data.times.findLastIndex((t) => t <= time)), false);
  });
}

start();
