// What every page can do with a script: keys, dialogs, copying, the clock and the live mark. Nothing here is needed for reading.

const wide = (selector, act) => document.querySelectorAll(selector).forEach(act);
const inField = (target) => target.closest("input, select, textarea, [contenteditable]") !== null;

// keys
const PLACES = { b: "/basin", m: "/map", s: "/sections", i: "/intake", e: "/exports", c: "/contracts", t: "/transfers" };
let going = 0; // until when a second key may follow g
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return wide("details.menu[open]", (menu) => (menu.open = false));
  if (inField(event.target)) return;
  if (event.key === "/") {
    const fields = [...document.querySelectorAll("input[data-key='/'], main input[name='q']")];
    const field = fields.find((f) => f.offsetParent !== null);
    if (field) { event.preventDefault(); field.focus(); field.select(); }
  } else if (event.key === "?") {
    document.getElementById("help")?.showModal();
  } else if (event.key === "g") {
    going = Date.now() + 1500;
  } else if (Date.now() < going && PLACES[event.key]) {
    location.assign(PLACES[event.key]);
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    moveInTable(event);
  }
});

// arrows go from the first link of a row to that of the next one
function moveInTable(event) {
  const row = event.target.closest("tbody tr");
  const first = (r) => r?.querySelector("a, button");
  let next;
  if (row) {
    next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
  } else if (event.target === document.body || event.target.id === "content") {
    next = [...document.querySelectorAll("main tbody tr")].find(first);
  }
  if (first(next)) { event.preventDefault(); first(next).focus(); first(next).scrollIntoView({ block: "nearest" }); }
}

// one listener for all buttons, those of parts that came later too
document.addEventListener("click", async (event) => {
  const on = (selector) => event.target.closest(selector);
  if (on("[data-help]")) document.getElementById("help").showModal();
  else if (on("[data-close]")) on("dialog")?.close();
  else if (event.target.nodeName === "DIALOG") event.target.close(); // beside it
  else if (on("[data-copy]")) await copy(on("[data-copy]"));
  else if (on("a[data-aside]") && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    await openAside(on("a[data-aside]").href);
  }
  wide("details.menu[open]", (menu) => { if (!menu.contains(event.target)) menu.open = false; });
});

async function copy(button) {
  await navigator.clipboard?.writeText(button.dataset.copy);
  const word = button.textContent;
  button.textContent = button.dataset.done;
  setTimeout(() => (button.textContent = word), 1500);
}

// a page beside the page: "why", "how computed", raw packets; without a script the link leads to the page itself
export async function openAside(address) {
  const aside = document.getElementById("aside");
  const answer = await fetch(address, { headers: { "HX-Request": "true" } });
  if (answer.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect"));
  aside.innerHTML = await answer.text();
  window.htmx?.process(aside);
  if (!aside.open) aside.showModal();
}

// choices that act at once: a select in a form with data-now sends it
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-now]");
  if (form) form.requestSubmit();
});

// the clock of the top bar goes by the node's time, not by the computer's
const clock = document.querySelector(".clock[data-now]");
if (clock) {
  const shift = Number(clock.dataset.now) - Date.now();
  const shown = clock.querySelector("time");
  setInterval(() => {
    const legal = new Date(Date.now() + shift + 8 * 3600e3).toISOString(); // UTC+8
    shown.textContent = `${legal.slice(5, 10)} ${legal.slice(11, 16)}`;
  }, 10_000);
}

// links that change the language keep the present address, also after a script has changed it
wide("[data-language]", (link) => link.addEventListener("click", () => {
  const address = new URL(location.href);
  address.searchParams.set("lang", link.hreflang);
  link.href = address;
}));

// live parts: the node says that something changed, and the parts that show it ask for themselves
const mark = document.querySelector(".live[data-state]");
if (mark && document.querySelector("[data-live-part]")) {
  let source = null;
  const say = (state) => { mark.dataset.state = state; mark.querySelector(".word").textContent = mark.dataset[state]; mark.setAttribute("aria-pressed", String(state === "paused")); };
  const listen = () => {
    source = new EventSource(`/live?seen=${mark.dataset.seen}`);
    source.onopen = () => say("live");
    source.onerror = () => say("lost"); // the browser tries again by itself
    source.addEventListener("change", () => document.body.dispatchEvent(new Event("live-change")));
  };
  const pause = () => { source?.close(); source = null; say("paused"); };
  mark.hidden = false;
  mark.addEventListener("click", () => (source ? pause() : listen()));
  addEventListener("pagehide", () => source?.close());
  listen();
}
