// What lies up- or downstream of the section in view: on the network's lines, and as a list with hours.
const way = { ids: [], to: "" };

export const filterOf = () => ["in", ["get", "id"], ["literal", way.ids]];

const plume = { found: null, at: 0 };

export function plumeFeatures() {
  if (!plume.found) return { type: "FeatureCollection", features: [] };
  const step = plume.found.steps[plume.at];
  const line = (part) => ({ type: "Feature", geometry: { type: "LineString", coordinates: step[part] }, properties: { part } });
  return { type: "FeatureCollection", features: [line("wide"), line("core"), { type: "Feature", geometry: { type: "Point", coordinates: step.peak }, properties: { part: "peak" } }] };
}

export function startWays(map, atlas, open) {
  const panel = atlas.querySelector("#way"), list = panel.querySelector("ol"), title = panel.querySelector("h2");
  const buttons = [...atlas.querySelectorAll("[data-way]")];

  const slider = panel.querySelector("input"), said = panel.querySelector("output");

  function draw() {
    map.getSource("plume")?.setData(plumeFeatures());
    if (map.getLayer("way")) map.setFilter("way", filterOf());
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.way === way.to)));
  }

  function forWhat(name) {
    panel.querySelectorAll("[data-for]").forEach((part) => (part.hidden = part.dataset.for !== name));
  }

  function say(text) {
    forWhat("way");
    title.textContent = text;
    list.replaceChildren();
    panel.hidden = false;
  }

  function row(place) {
    const item = document.createElement("li");
    const name = document.createElement(place.id ? "a" : "span");
    name.textContent = place.name;
    if (place.id) {
      name.href = `/map?section=${encodeURIComponent(place.id)}`;
      name.addEventListener("click", (event) => { event.preventDefault(); open(place.id); });
    }
    const fine = document.createElement("span");
    fine.className = "fine figures";
    fine.textContent = place.said ?? `${place.kind} · ${place.km} km · ${place.hours}`;
    item.append(name, " ", fine);
    return item;
  }

  async function look(to) {
    const section = new URL(location.href).searchParams.get("section");
    if (!section) return say(panel.dataset.none);
    const answer = await fetch(`/map/way?to=${to}&section=${encodeURIComponent(section)}`, { headers: { accept: "application/json", "HX-Request": "true" } });
    if (!answer.ok) return say(panel.dataset.lost);
    const found = await answer.json();
    plume.found = null;
    way.ids = found.reaches;
    way.to = to;
    say(`${found.title}: ${found.count}`);
    list.append(...found.places.map(row));
    draw();
  }

  function step(at) {
    plume.at = at;
    slider.value = at;
    said.value = plume.found.labels[at];
    slider.setAttribute("aria-valuetext", said.value);
    draw();
  }

  async function suppose() {
    const section = new URL(location.href).searchParams.get("section");
    if (!section) return say(panel.dataset.none);
    say(panel.dataset.wait);
    const answer = await fetch(`/map/plume?section=${encodeURIComponent(section)}`, { headers: { accept: "application/json", "HX-Request": "true" } });
    if (!answer.ok) return say(panel.dataset.failed);
    plume.found = await answer.json();
    way.ids = [];
    way.to = "plume";
    say(plume.found.title);
    forWhat("plume");
    list.append(...plume.found.places.map(row));
    slider.max = plume.found.steps.length - 1;
    step(Math.round(plume.found.steps.length / 4));
  }

  function close() {
    plume.found = null;
    way.ids = [];
    way.to = "";
    panel.hidden = true;
    draw();
  }

  buttons.forEach((b) => b.addEventListener("click", () => (way.to === b.dataset.way ? close() : b.dataset.way === "plume" ? suppose() : look(b.dataset.way))));
  panel.querySelector("[data-way-close]").addEventListener("click", close);
  slider.addEventListener("input", () => step(Number(slider.value)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "u") look("up");
    if (event.key === "d") look("down");
    if (event.key === "p") suppose();
  });
}
