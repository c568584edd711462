// Clocks that count down, and up again when their time is over. They go by the node's time, not by the computer's.
const clock = document.querySelector(".clock[data-now]");
const shift = clock ? Number(clock.dataset.now) - Date.now() : 0;

function shown(ms) {
  const s = Math.floor(Math.abs(ms) / 1000);
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

function tick() {
  for (const each of document.querySelectorAll("[data-due]")) {
    const left = Number(each.dataset.due) - Date.now() - shift;
    each.classList.toggle("over", left < 0);
    each.textContent = `${left < 0 ? each.dataset.over : each.dataset.left} ${shown(left)}`;
  }
}

tick();
setInterval(tick, 1000);
document.body.addEventListener("htmx:afterSettle", tick);
