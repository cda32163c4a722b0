// Ballots a minute as stacked bars. A file of its own, loaded by the board after its figures: the library is large.
import { BarChart } from "echarts/charts";
import { AriaComponent, GridComponent, MarkAreaComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

export interface Series {
  name: string;
  color: string;
  hatched: boolean;
  /** null: no data. */
  values: (number | null)[];
}

export interface Picture {
  times: string[];
  series: Series[];
  gaps: [string, string][];
  noData: string;
  said: string;
}

declare global {
  interface Window {
    minutesChart?: (place: HTMLElement) => (picture: Picture) => void;
  }
}

use([BarChart, GridComponent, TooltipComponent, AriaComponent, MarkAreaComponent, CanvasRenderer]);

const HATCHING = { symbol: "rect", color: "#8a5300", rotation: Math.PI / 4, dashArrayX: [1, 0], dashArrayY: [2, 4] };
const LABEL = { color: "#465249", fontSize: 13 };

/** Draws into a place and returns how to draw again. */
window.minutesChart = (place) => {
  const chart = init(place, undefined, { renderer: "canvas" });
  new ResizeObserver(() => chart.resize()).observe(place);
  return (picture) => {
    place.setAttribute("aria-label", picture.said);
    chart.setOption(
      {
        animation: false,
        // Before the decals can be set, they must be on; only held ballots have one.
        aria: { enabled: true, label: { description: picture.said }, decal: { show: true, decals: [{ symbol: "none" }] } },
        grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
        tooltip: { trigger: "axis", renderMode: "richText", backgroundColor: "#fff", borderColor: "#dde4e0", textStyle: { color: "#14211b", fontSize: 13 } },
        xAxis: { type: "category", data: picture.times, axisLine: { lineStyle: { color: "#78857e" } }, axisTick: { show: false }, axisLabel: { ...LABEL, interval: 14 } },
        yAxis: { type: "value", splitNumber: 4, minInterval: 1, splitLine: { lineStyle: { color: "#dde4e0" } }, axisLabel: LABEL },
        series: picture.series.map((each, index) => ({
          type: "bar",
          name: each.name,
          stack: "ballots",
          barCategoryGap: "15%",
          data: each.values,
          itemStyle: { color: each.color, ...(each.hatched ? { decal: HATCHING } : {}) },
          markArea: index ? undefined : {
            silent: true,
            itemStyle: { color: "#e6ebe8" },
            label: { ...LABEL, position: "insideTop" },
            data: picture.gaps.map(([from, to]) => [{ name: picture.noData, xAxis: from }, { xAxis: to }]),
          },
        })),
      },
      { replaceMerge: ["series"] },
    );
  };
};
