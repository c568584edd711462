// The quiet base of every map here: provinces, lakes, rivers, and the lines of the river network.
import { colour } from "./colours.js";

const zh = document.documentElement.lang.startsWith("zh");
const round = { "line-cap": "round", "line-join": "round" };
export const label = { "text-field": ["get", zh ? "name_zh" : "name_en"], "text-font": ["sans-serif"], "text-size": 12 };
export const ink = () => ({ "text-color": colour("map-label"), "text-halo-color": colour("map-ground"), "text-halo-width": 1.5 });
export const none = { type: "FeatureCollection", features: [] };

export const groundSources = () => ({ base: { type: "geojson", data: "/map/base" }, network: { type: "geojson", data: "/map/network" } });

export function groundLayers() {
  const kind = (name) => ["==", ["get", "kind"], name];
  return [
    { id: "ground", type: "background", paint: { "background-color": colour("map-ground") } },
    { id: "lakes", type: "fill", source: "base", filter: kind("lake"), paint: { "fill-color": colour("map-river"), "fill-opacity": 0.6 } },
    { id: "provinces", type: "line", source: "base", filter: kind("province"), paint: { "line-color": colour("map-line"), "line-width": 1 } },
    { id: "rivers", type: "line", source: "base", filter: kind("river"), layout: round, paint: { "line-color": colour("map-river"), "line-width": ["match", ["get", "order"], 1, 2.5, 2, 1.6, 1] } },
    { id: "network", type: "line", source: "network", layout: round, paint: { "line-color": colour("map-river"), "line-width": ["get", "wide"] } },
  ];
}

export function groundNames() {
  const kind = (name) => ["==", ["get", "kind"], name];
  return [
    { id: "river-names", type: "symbol", source: "base", filter: kind("river"), minzoom: 4.5, layout: { ...label, "symbol-placement": "line", "symbol-spacing": 400 }, paint: ink() },
    { id: "province-names", type: "symbol", source: "base", filter: kind("province"), layout: { ...label, "text-size": 14, "text-letter-spacing": 0.1 }, paint: ink() },
  ];
}

// a small picture for a symbol layer, drawn in a box of so many pixels
const RATIO = 2;
export function picture(box, draw) {
  const pen = Object.assign(document.createElement("canvas"), { width: box * RATIO, height: box * RATIO }).getContext("2d");
  pen.scale(RATIO, RATIO);
  draw(pen, box / 2);
  return pen.getImageData(0, 0, box * RATIO, box * RATIO);
}
export function keep(map, name, image) {
  if (map.hasImage(name)) map.removeImage(name);
  map.addImage(name, image, { pixelRatio: RATIO });
}
