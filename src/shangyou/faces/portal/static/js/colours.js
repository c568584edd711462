// Colours of the tokens, as the page shows them now (light or dark), for what draws on a canvas.
const probe = document.createElement("span");
probe.hidden = true;
document.body.append(probe);

export function colour(token) {
  probe.style.color = `var(--${token})`;
  return getComputedStyle(probe).color;
}

export function text(token) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${token}`).trim();
}

// call back when the system turns from light to dark or back
export function onTurn(act) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", act);
}
