// How an answer of the basin went: one line of steps for each place, told apart by colour, dash and mark; gaps open.
import { colour, onTurn, text } from "./colours.js";
import { limitLines, moment, offAxis, onAxis, scaled, tick } from "./axis.js";

const MARKS = ["circle", "rect", "triangle", "diamond"];

class Courses {
  constructor(figure) {
    this.figure = figure;
    this.data = JSON.parse(figure.dataset.lines);
    figure.replaceChildren();
    this.chart = window.echarts.init(figure, null, { renderer: "canvas", locale: "EN" });
    this.chart.on("finished", () => (figure.dataset.drawn = "yes"));
    this.draw();
    new ResizeObserver(() => { this.chart.resize(); this.draw(); }).observe(figure);
    onTurn(() => this.draw());
    this.button();
  }

  draw() {
    const { lines, limits, floor } = this.data;
    const known = lines.flatMap((l) => l.points.map((p) => p[1])).filter((v) => v !== null);
    const axis = scaled(known, limits, floor);
    const narrow = this.figure.clientWidth < 480;
    const series = lines.map((l, i) => ({
      name: l.name, type: "line", step: "end", connectNulls: false, animation: false, symbol: MARKS[i % 4],
      showSymbol: l.points.length < 120, symbolSize: 5, data: l.points.map(([t, v, end]) => (end ? { value: [onAxis(t), v], symbol: "none" } : [onAxis(t), v])),
      lineStyle: { width: 1.5, type: i < 4 ? "solid" : "dashed", color: colour(`series-${1 + (i % 4)}`) },
      itemStyle: { color: colour(`series-${1 + (i % 4)}`) },
      markLine: i === 0 ? limitLines(limits, axis, colour) : undefined,
    }));
    this.chart.setOption({
      textStyle: { fontFamily: text("sans") },
      grid: { left: 8, right: limits.length ? 76 : 16, top: narrow ? 52 : 36, bottom: 48, containLabel: true },
      aria: { enabled: false },
      legend: { type: "scroll", top: 0, left: 0, icon: undefined, textStyle: { color: colour("ink-2") }, pageTextStyle: { color: colour("ink-3") }, pageIconColor: colour("accent"), inactiveColor: colour("ghost") },
      xAxis: { type: "time", useUTC: true, axisLabel: { formatter: tick, color: colour("ink-3"), hideOverlap: true }, axisLine: { lineStyle: { color: colour("line-strong") } }, splitLine: { show: false } },
      yAxis: { ...axis, axisLabel: { color: colour("ink-3"), showMinLabel: false, showMaxLabel: false }, splitLine: { lineStyle: { color: colour("line") } } },
      tooltip: { trigger: "axis", confine: true, axisPointer: { type: "line", lineStyle: { color: colour("line-strong") } }, formatter: (marks) => this.tip(marks), backgroundColor: "transparent", borderWidth: 0, padding: 0, extraCssText: "box-shadow:none" },
      dataZoom: [
        { type: "inside", filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: true },
        { type: "slider", filterMode: "none", height: 16, bottom: 8, borderColor: colour("line"), fillerColor: colour("accent-soft"), handleStyle: { color: colour("accent") }, showDataShadow: false, labelFormatter: (v) => moment(offAxis(v), false), textStyle: { color: colour("ink-3") }, brushSelect: false },
      ],
      series,
    });
  }

  tip(marks) {
    const box = Object.assign(document.createElement("div"), { className: "tip" });
    const add = (tag, content, name = "") => box.append(Object.assign(document.createElement(tag), { textContent: content, className: name }));
    add("span", moment(offAxis(marks[0]?.axisValue)), "fine");
    for (const mark of marks) {
      const value = mark.value?.[1];
      if (value !== null && value !== undefined) add("span", `${mark.seriesName}  ${Number(value.toPrecision(4))} ${this.data.unit}`);
    }
    return box.childElementCount > 1 ? box : "";
  }

  button() {
    const picture = this.figure.closest(".panel").querySelector("[data-picture]");
    picture.hidden = false;
    picture.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = this.chart.getDataURL({ pixelRatio: 2, backgroundColor: colour("surface") });
      link.download = `${this.data.name}.png`;
      link.click();
    });
  }
}

for (const figure of document.querySelectorAll("figure.chart[data-lines]")) new Courses(figure);
