// What lies up- or downstream of the section or the point of a river in view: on the network's lines, and as a table with hours.
const way = { ids: [], to: "" };

// the parameters of the address that tell a release; away with all of them when it is closed
const TOLD = ["kg", "least", "most", "hours", "began", "substance"];
const forgotten = Object.fromEntries([...TOLD, "warning", "incident"].map((name) => [name, null]));

export const filterOf = () => ["in", ["get", "id"], ["literal", way.ids]];

// the part of the address that names what is in view; null while nothing is
export function inView() {
  const address = new URL(location.href).searchParams;
  const names = address.get("section") ? ["section"] : address.get("reach") ? ["reach", "at"] : [];
  return names.length ? new URLSearchParams(names.map((name) => [name, address.get(name) ?? ""])).toString() : null;
}

export function startWays(map, atlas, { open, remember, plume, drawer }) {
  const panel = atlas.querySelector("#way"), rows = panel.querySelector("tbody"), table = panel.querySelector("table"), title = panel.querySelector("h2");
  const buttons = [...atlas.querySelectorAll(".zoom [data-look]")];

  function draw() {
    if (map.getLayer("way")) map.setFilter("way", filterOf());
    buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.look === way.to)));
  }

  function say(text) {
    title.textContent = text;
    rows.replaceChildren();
    table.hidden = true;
    panel.hidden = false;
  }

  function row(place) {
    const made = document.createElement("tr"), head = document.createElement("th"), name = document.createElement(place.id ? "a" : "span"), fine = document.createElement("span");
    head.scope = "row";
    name.textContent = place.name;
    fine.className = "fine";
    fine.textContent = place.kind;
    if (place.id) {
      name.href = `/map?section=${encodeURIComponent(place.id)}`;
      name.addEventListener("click", (event) => { event.preventDefault(); open(place.id); });
    }
    head.append(name, " ", fine);
    made.append(head, ...[place.km, place.hours].map((text) => Object.assign(document.createElement("td"), { textContent: text, className: "number" })));
    return made;
  }

  function clear() {
    way.ids = [];
    way.to = "";
    panel.hidden = true;
    draw();
  }

  async function look(to, note = true) {
    const what = inView();
    if (!what) return say(panel.dataset.none);
    const answer = await fetch(`/map/way?to=${to}&${what}`, { headers: { accept: "application/json", "HX-Request": "true" } });
    if (!answer.ok) return say(panel.dataset.lost);
    const found = await answer.json();
    plume.close();
    way.ids = found.reaches;
    way.to = to;
    say(`${found.title}: ${found.count}`);
    rows.append(...found.places.map(row));
    table.hidden = !found.places.length;
    draw();
    if (note) remember({ ...forgotten, to }, false);
    panel.scrollIntoView({ block: "nearest" });
  }

  function suppose(note = true) {
    const what = inView();
    if (!what) return say(panel.dataset.none);
    clear();
    way.to = "plume";
    draw();
    const address = new URL(location.href).searchParams;
    if (note) {
      const kept = { kg: address.get("kg") ?? "1000", hours: address.get("hours") }; // of a release somewhere else no more is kept
      remember({ ...forgotten, to: null, ...kept }, false);
      return suppose(false);
    }
    const more = TOLD.filter((name) => address.get(name)).map((name) => `&${name}=${encodeURIComponent(address.get(name))}`);
    drawer.hidden = true; // it would lie over the plume
    plume.open(`/map/plume?${what}${more.join("")}`);
  }

  function close() {
    clear();
    remember({ to: null }, false);
  }

  function press(to) {
    if (way.to !== to) return to === "plume" ? suppose() : look(to);
    if (to !== "plume") return close();
    plume.close();
    forget();
  }
  function forget() {
    clear();
    remember(forgotten, false);
    drawer.hidden = !inView();
  }

  atlas.addEventListener("click", (event) => {
    const button = event.target.closest("[data-look]");
    if (button) press(button.dataset.look);
  });
  panel.querySelector("[data-way-close]").addEventListener("click", close);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    const to = { u: "up", d: "down", p: "plume" }[event.key];
    if (to && way.to !== to) press(to);
  });

  const form = atlas.querySelector("[data-suppose]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const { kg, hours } = Object.fromEntries(new FormData(form));
    remember({ kg, hours: Number(hours) > 0 ? hours : null, least: null, most: null }, false);
    suppose(false);
  });

  // what the address asks for
  const address = new URL(location.href).searchParams;
  const told = ["warning", "incident"].find((name) => address.get(name));
  if (told) plume.open(`/map/plume?${told}=${encodeURIComponent(address.get(told))}`);
  else if (address.get("kg")) suppose(false);
  else if (["up", "down"].includes(address.get("to"))) look(address.get("to"), false);

  return { forget, release: () => { way.to = way.to === "plume" ? "" : way.to; draw(); } };
}
