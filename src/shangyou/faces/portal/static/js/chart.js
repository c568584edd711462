// Series charts: limits as labelled lines, flagged points hollow, gaps open, superseded versions as ghosts.
// The node thins long series; zooming in asks it for the finer part.
import { colour, onTurn, text } from "./colours.js";
import { limitLines, moment, offAxis, onAxis, scaled, tick } from "./axis.js";

export class Chart {
  constructor(figure) {
    this.figure = figure;
    this.words = JSON.parse(figure.dataset.words);
    this.log = false;
    this.pan = figure.closest(".panel");
  }

  async start() {
    this.whole = await this.fetch(this.figure.dataset.address);
    if (!this.whole) return;
    this.figure.replaceChildren();
    this.chart = window.echarts.init(this.figure, null, { renderer: "canvas", locale: "EN" });
    this.chart.on("finished", () => (this.figure.dataset.drawn = "yes"));
    this.draw(this.whole);
    new ResizeObserver(() => this.chart.resize()).observe(this.figure);
    onTurn(() => this.draw(this.shown));
    this.chart.on("datazoom", () => { clearTimeout(this.soon); this.soon = setTimeout(() => this.refine(), 300); });
    this.buttons();
  }

  async fetch(address) {
    try {
      const answer = await fetch(address, { headers: { accept: "application/json", "HX-Request": "true" } });
      if (!answer.ok) throw new Error(String(answer.status));
      return await answer.json();
    } catch {
      this.figure.replaceChildren(Object.assign(document.createElement("p"), { className: "empty", textContent: this.words.lost }));
      return null;
    }
  }

  // after zooming into a thinned series: ask for what lies in view
  async refine() {
    if (this.whole.time.length === this.whole.total) return;
    const { startValue, endValue } = this.chart.getOption().dataZoom[0];
    const whole = endValue - startValue >= 0.98 * (this.whole.stop - this.whole.start);
    const address = new URL(this.figure.dataset.address, location.href);
    address.searchParams.set("start", Math.floor(offAxis(startValue)));
    address.searchParams.set("stop", Math.ceil(offAxis(endValue)) + 1);
    const part = whole ? this.whole : await this.fetch(address);
    if (part) this.draw(part, false);
  }

  draw(data, fresh = true) {
    this.shown = data;
    const thinned = this.pan.querySelector("[data-thinned]");
    thinned.hidden = data.time.length === data.total;
    thinned.textContent = `${this.words.thinned} ${data.time.length.toLocaleString("en")} / ${data.total.toLocaleString("en")}`;
    const line = [];
    const broken = new Set(data.broken);
    const failed = new Set(data.flagged.filter((f) => f[2] === 4).map((f) => f[0]));
    data.time.forEach((time, i) => {
      line.push([onAxis(time), failed.has(i) ? null : data.value[i]]);
      if (broken.has(i)) line.push([onAxis(time) + 1, null]); // values that should have come did not: leave the line open
    });
    const flagged = data.flagged.filter((f) => data.value[f[0]] !== null).map(([i, note, flag]) => ({ value: [onAxis(data.time[i]), data.value[i]], note: data.notes[note], flag }));
    const [times, values, revisions, received] = data.ghosts;
    const ghosts = times.map((time, i) => ({ value: [onAxis(time), values[i]], note: `${this.words.ghost} ${revisions[i]} · ${this.words.received} ${moment(received[i])}` }));
    const known = data.value.filter((v) => v !== null);
    const series = [
      { id: "line", type: "line", data: line, showSymbol: known.length < 90, symbol: "circle", symbolSize: 4, connectNulls: false, animation: false, lineStyle: { width: 1.5, color: colour("series-1") }, itemStyle: { color: colour("series-1") }, markLine: this.limits(data, known), z: 3 },
      { id: "flagged", type: "scatter", data: flagged.map((f) => ({ ...f, itemStyle: { color: colour("surface"), borderColor: colour(f.flag === 4 ? "danger" : "warning"), borderWidth: 1.5 } })), symbol: "circle", symbolSize: 8, animation: false, z: 5 },
      { id: "ghosts", type: "scatter", data: ghosts, symbol: "diamond", symbolSize: 7, itemStyle: { color: "transparent", borderColor: colour("ghost"), borderWidth: 1 }, animation: false, z: 2 },
    ];
    const option = {
      textStyle: { fontFamily: text("sans") },
      grid: { left: 8, right: 76, top: 16, bottom: 56, containLabel: true },
      aria: { enabled: false },
      xAxis: { type: "time", min: onAxis(this.whole.start), max: onAxis(this.whole.stop), useUTC: true, axisLabel: { formatter: tick, color: colour("ink-3"), hideOverlap: true }, axisLine: { lineStyle: { color: colour("line-strong") } }, splitLine: { show: false } },
      yAxis: { ...this.scale(data, known), axisLabel: { color: colour("ink-3"), showMinLabel: false, showMaxLabel: false }, splitLine: { lineStyle: { color: colour("line") } } },
      tooltip: { trigger: "axis", confine: true, axisPointer: { type: "line", lineStyle: { color: colour("line-strong") } }, formatter: (marks) => this.tip(marks, data), backgroundColor: "transparent", borderWidth: 0, padding: 0, extraCssText: "box-shadow:none" },
      dataZoom: [
        { type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: true },
        { type: "slider", filterMode: "none", height: 20, bottom: 8, borderColor: colour("line"), fillerColor: colour("accent-soft"), handleStyle: { color: colour("accent") }, dataBackground: { lineStyle: { color: colour("ghost") }, areaStyle: { opacity: 0 } }, selectedDataBackground: { lineStyle: { color: colour("accent") }, areaStyle: { opacity: 0 } }, labelFormatter: (v) => moment(offAxis(v), false), textStyle: { color: colour("ink-3") }, brushSelect: false },
      ],
      series,
    };
    this.chart.setOption(option, { replaceMerge: fresh ? ["series", "dataZoom"] : ["series"] });
  }

  scale(data, known) {
    return scaled([...known, ...data.ghosts[1]], data.limits, data.floor, this.log);
  }

  limits(data, known) {
    return limitLines(data.limits, this.scale(data, known), colour);
  }

  tip(marks, data) {
    const box = Object.assign(document.createElement("div"), { className: "tip" });
    const add = (tag, content, name = "") => box.append(Object.assign(document.createElement(tag), { textContent: content, className: name }));
    const at = marks[0]?.axisValue;
    add("span", moment(offAxis(at)), "fine");
    for (const mark of marks) {
      const value = mark.value?.[1];
      if (value === null || value === undefined) continue;
      const place = data.time.indexOf(offAxis(mark.value[0]));
      const said = mark.seriesId === "ghosts" ? null : data.text[place];
      if (mark.seriesId !== "flagged") add("b", `${said ?? value} ${data.unit}`);
      if (mark.seriesId === "flagged" && !marks.some((m) => m.seriesId === "line" && m.value?.[1] != null)) add("b", `${said ?? value} ${data.unit}`);
      if (mark.data?.note) add("span", mark.data.note);
    }
    return box.childElementCount > 1 ? box : "";
  }

  buttons() {
    const scale = this.pan.querySelector("[data-scale]"), picture = this.pan.querySelector("[data-picture]");
    scale.hidden = !this.whole.value.every((v) => v === null || v > 0);
    picture.hidden = false;
    scale.addEventListener("click", () => { this.log = !this.log; scale.textContent = this.log ? this.words.linear : this.words.log; this.draw(this.shown, false); });
    picture.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = this.chart.getDataURL({ pixelRatio: 2, backgroundColor: colour("surface") });
      link.download = `${this.whole.section}-${this.whole.name}.png`;
      link.click();
    });
  }
}

for (const figure of document.querySelectorAll("figure.chart[data-address]")) new Chart(figure).start();
