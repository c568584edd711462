// What charts over time share: legal time on the axis, a scale that holds the next limit, limits as labelled lines.
const ZONE = 8 * 3600e3; // legal time, UTC+8
const pad = (n) => String(n).padStart(2, "0");

export function moment(ms, withYear = true) {
  const d = new Date(ms + ZONE);
  const day = `${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())} ${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}`;
  return withYear ? `${d.getUTCFullYear()}-${day}` : day;
}

// The axis counts legal time as if it were UTC, so that its ticks fall on legal midnights.
export const onAxis = (ms) => ms + ZONE;
export const offAxis = (at) => at - ZONE;

// an axis label: the day at midnight, else the hour
export function tick(at) {
  const d = new Date(at);
  const day = `${pad(d.getUTCMonth() + 1)}-${pad(d.getUTCDate())}`;
  return d.getUTCHours() || d.getUTCMinutes() ? `${pad(d.getUTCHours())}:${pad(d.getUTCMinutes())}` : day;
}

// the axis holds all values and the next limit beyond them, so that the reader sees how far it is
export function scaled(values, limits, floor, log = false) {
  const top = Math.max(...values), bottom = Math.min(...values);
  if (!values.length) return { type: "value", min: 0, max: 1 };
  const bounds = limits.map((l) => l.value).sort((a, b) => a - b);
  const above = bounds.find((b) => b >= top) ?? top;
  const below = bounds.findLast((b) => b <= bottom) ?? bottom;
  const high = floor ? top : above, low = floor || bounds.length < 3 ? below : Math.min(bottom, below);
  if (log && bottom > 0) return { type: "log", min: Math.min(low, bottom) * 0.8, max: Math.max(high, top) * 1.25 };
  const room = 0.08 * (Math.max(high, top) - Math.min(low, bottom) || Math.abs(top) || 1);
  const least = Math.min(low, bottom) - room;
  const round = (v) => Number(v.toPrecision(3));
  return { type: "value", min: round(bottom >= 0 ? Math.max(0, least) : least), max: round(Math.max(high, top) + room), scale: true };
}

export function limitLines(limits, axis, colour) {
  const lines = limits.filter((l) => l.value >= axis.min && l.value <= axis.max);
  return {
    silent: true, symbol: "none", animation: false,
    data: lines.map((l) => ({ yAxis: l.value, lineStyle: { color: colour(`class-${l.class}`), type: [6, 4], width: 1.5 }, label: { formatter: l.name, position: "end", color: colour("ink-2"), fontSize: 11 } })),
  };
}
