// What lies up- or downstream of the section in view: on the network's lines, and as a list with hours.
const way = { ids: [], to: "" };

export const filterOf = () => ["in", ["get", "id"], ["literal", way.ids]];

export function startWays(map, atlas, open) {
  const panel = atlas.querySelector("#way"), list = panel.querySelector("ol"), title = panel.querySelector("h2");
  const buttons = [...atlas.querySelectorAll("[data-way]")];

  function draw() {
    if (map.getLayer("way")) map.setFilter("way", filterOf());
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.way === way.to)));
  }

  function say(text) {
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
    fine.textContent = `${place.kind} · ${place.km} km · ${place.hours}`;
    item.append(name, " ", fine);
    return item;
  }

  async function look(to) {
    const section = new URL(location.href).searchParams.get("section");
    if (!section) return say(panel.dataset.none);
    const answer = await fetch(`/map/way?to=${to}&section=${encodeURIComponent(section)}`, { headers: { accept: "application/json", "HX-Request": "true" } });
    if (!answer.ok) return say(panel.dataset.lost);
    const found = await answer.json();
    way.ids = found.reaches;
    way.to = to;
    say(`${found.title}: ${found.count}`);
    list.append(...found.places.map(row));
    draw();
  }

  function close() {
    way.ids = [];
    way.to = "";
    panel.hidden = true;
    draw();
  }

  buttons.forEach((b) => b.addEventListener("click", () => (way.to === b.dataset.way ? close() : look(b.dataset.way))));
  panel.querySelector("[data-way-close]").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    if (event.key === "u") look("up");
    if (event.key === "d") look("down");
  });
}
