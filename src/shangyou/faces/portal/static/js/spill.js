// A release on a small map of its own, within a page; where nothing can be drawn the page's own line stays alone.
import * as maplibregl from "../vendor/maplibre-gl.mjs";
import { onTurn } from "./colours.js";
import { groundLayers, groundNames, groundSources } from "./ground.js";
import { drawSigns, plumeLayers, plumeSources, startPlume } from "./plume.js";

const root = document.querySelector(".spill-map");
if (root) {
  const style = () => ({ version: 8, sources: { ...groundSources(), ...plumeSources() }, layers: [...groundLayers(), ...groundNames(), ...plumeLayers()] });
  root.hidden = false;
  const map = new maplibregl.Map({ container: root.querySelector(".map > div"), style: style(), bounds: [[97, 24], [111, 34]], attributionControl: false, dragRotate: false, pitchWithRotate: false, maxZoom: 11, minZoom: 2.5, cooperativeGestures: false, locale: { "Map.Title": root.getAttribute("aria-label") } });
  map.touchZoomRotate.disableRotation();
  map.scrollZoom.disable(); // a page that is read is scrolled; the buttons zoom
  map.on("style.load", () => drawSigns(map));
  map.once("idle", () => (root.dataset.drawn = "yes"));
  onTurn(() => map.setStyle(style()));
  root.querySelectorAll("[data-zoom]").forEach((button) => button.addEventListener("click", () => map.zoomTo(map.getZoom() + Number(button.dataset.zoom))));
  startPlume(map, root).open(root.dataset.address);
}
