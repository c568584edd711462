// The map: own base, sections as discs with the letter of their class, a slider through time, a legend that filters.
import * as maplibregl from "../vendor/maplibre-gl.mjs";
import { colour, onTurn, text } from "./colours.js";
import { filterOf, plumeFeatures, startWays } from "./waters.js";

const atlas = document.querySelector(".atlas");
const letters = JSON.parse(atlas.dataset.letters);
const zh = document.documentElement.lang.startsWith("zh");
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
  const label = { "text-field": ["get", zh ? "name_zh" : "name_en"], "text-font": ["sans-serif"], "text-size": 12 };
  const kind = (name) => ["==", ["get", "kind"], name];
  const paint = { "text-color": colour("map-label"), "text-halo-color": colour("map-ground"), "text-halo-width": 1.5 };
  return {
    version: 8,
    sources: {
      base: { type: "geojson", data: "/map/base" },
      network: { type: "geojson", data: "/map/network" },
      plume: { type: "geojson", data: plumeFeatures() },
      sections: { type: "geojson", data: features() },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
      { id: "lakes", type: "fill", source: "base", filter: kind("lake"), paint: { "fill-color": colour("map-river"), "fill-opacity": 0.6 } },
      { id: "provinces", type: "line", source: "base", filter: kind("province"), paint: { "line-color": colour("map-line"), "line-width": 1 } },
      { id: "rivers", type: "line", source: "base", filter: kind("river"), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("map-river"), "line-width": ["match", ["get", "order"], 1, 2.5, 2, 1.6, 1] } },
      { id: "network", type: "line", source: "network", layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("map-river"), "line-width": ["get", "wide"] } },
      { id: "way", type: "line", source: "network", filter: filterOf(), layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("accent"), "line-width": ["+", ["get", "wide"], 2] } },
      { id: "plume-wide", type: "line", source: "plume", filter: ["==", ["get", "part"], "wide"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("danger"), "line-width": 9, "line-opacity": 0.3 } },
      { id: "plume-core", type: "line", source: "plume", filter: ["==", ["get", "part"], "core"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour("danger"), "line-width": 9, "line-opacity": 0.6 } },
      { id: "plume-peak", type: "circle", source: "plume", filter: ["==", ["get", "part"], "peak"], paint: { "circle-radius": 5, "circle-color": colour("danger"), "circle-stroke-color": colour("surface"), "circle-stroke-width": 2 } },
      { id: "river-names", type: "symbol", source: "base", filter: kind("river"), minzoom: 4.5, layout: { ...label, "symbol-placement": "line", "symbol-spacing": 400 }, paint },
      { id: "province-names", type: "symbol", source: "base", filter: kind("province"), layout: { ...label, "text-size": 14, "text-letter-spacing": 0.1 }, paint },
      { id: "discs", type: "symbol", source: "sections", layout: { "icon-image": ["get", "disc"], "icon-size": ["interpolate", ["linear"], ["zoom"], 3, 0.6, 5, 0.85, 8, 1.1], "icon-allow-overlap": true, "icon-ignore-placement": true, "symbol-sort-key": ["get", "class"] } },
      { id: "names", type: "symbol", source: "sections", minzoom: 6.5, layout: { "text-field": ["get", "name"], "text-font": ["sans-serif"], "text-size": 12, "text-anchor": "top", "text-offset": [0, 1.1] }, paint: { ...paint, "text-color": colour("ink-2") } },
    ],
  };
}

// A disc with its letter, as one picture, so that in a crowd the letter never lies on another's disc.
const BOX = 32, RATIO = 2;
function disc(number, hollow, stale) {
  const pen = Object.assign(document.createElement("canvas"), { width: BOX * RATIO, height: BOX * RATIO }).getContext("2d");
  pen.scale(RATIO, RATIO);
  const ring = (radius, width, line, fill) => {
    pen.beginPath();
    pen.arc(BOX / 2, BOX / 2, radius, 0, 2 * Math.PI);
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
  pen.fillText(letters[number], BOX / 2, BOX / 2 + 0.5);
  return pen.getImageData(0, 0, BOX * RATIO, BOX * RATIO);
}
const discName = (number, hollow, stale) => `disc-${number}${hollow ? "-hollow" : ""}${stale ? "-stale" : ""}`;
function drawDiscs() {
  for (let number = 0; number <= 6; number++)
    for (const hollow of [false, true])
      for (const stale of [false, true]) {
        const name = discName(number, hollow, stale);
        if (map.hasImage(name)) map.removeImage(name);
        map.addImage(name, disc(number, hollow, stale), { pixelRatio: RATIO });
      }
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

const slider = atlas.querySelector(".time input"), said = atlas.querySelector(".time output"), play = atlas.querySelector("[data-play]");

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
async function open(id, push = true) {
  const time = new URL(location.href).searchParams.get("time");
  const answer = await fetch(`/map/sections/${encodeURIComponent(id)}${time ? `?time=${time}` : ""}`, { headers: { "HX-Request": "true" } });
  drawer.innerHTML = await answer.text();
  drawer.hidden = false;
  if (push) remember({ section: id }, true);
}
function close(push = true) {
  drawer.hidden = true;
  if (push) remember({ section: null }, true);
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
  address.get("section") ? open(address.get("section"), false) : close(false);
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
  atlas.querySelector(".time").hidden = false;
  seek();
  map = new maplibregl.Map({ container: "map", style: style(), bounds: bounds(), fitBoundsOptions: { padding: 40 }, attributionControl: false, dragRotate: false, pitchWithRotate: false, maxZoom: 11, minZoom: 2.5, locale: { "Map.Title": document.title } });
  map.touchZoomRotate.disableRotation();
  map.on("style.load", drawDiscs);
  startWays(map, atlas, open);
  map.once("idle", () => (atlas.dataset.drawn = "yes"));
  map.on("click", (event) => {
    const [hit] = map.queryRenderedFeatures([[event.point.x - 4, event.point.y - 4], [event.point.x + 4, event.point.y + 4]], { layers: ["discs"] });
    if (hit) open(hit.properties.id);
  });
  map.on("mousemove", "discs", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "discs", () => (map.getCanvas().style.cursor = ""));
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
