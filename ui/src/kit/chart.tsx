import { useEffect, useRef, type JSX } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useIsDark } from "./theme";

export interface Series {
  readonly name: string;
  /** The role of its colour, as the tokens name it. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly dash?: boolean;
}

interface ChartProps {
  /** What it shows, and how it stands now, for those who do not see it. */
  readonly label: string;
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  /** The axis reaches at least so far: noise about nothing is not blown up. */
  readonly least: number;
}

const HEIGHT = 148;

/** Lines over time. */
export function Chart({ label, times, series, format, least }: ChartProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const isDark = useIsDark();
  const shape = series.map(({ name, colour }) => name + colour).join();
  const latest = useRef({ times, series, format });
  useEffect(() => {
    latest.current = { times, series, format };
    plot.current?.setData(dataOf(times, series));
  });
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const { series: lines } = latest.current;
    const made = new UPlot(options(element, lines, (value) => latest.current.format(value), least), dataOf(latest.current.times, lines), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape, isDark, least]);
  return <div ref={frame} role="img" aria-label={label} className="h-[148px] w-full" />;
}

function dataOf(times: readonly number[], series: readonly Series[]): UPlot.AlignedData {
  return [times.map((at) => at / 1_000), ...series.map(({ values }) => [...values])];
}

function options(element: HTMLElement, series: readonly Series[], format: (value: number) => string, least: number): UPlot.Options {
  const style = getComputedStyle(element);
  const resolve = (token: string): string => {
    // A token may hold both themes' colours: only the browser knows which one holds.
    const probe = document.createElement("span");
    probe.style.color = `var(${token})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const axis = { stroke: resolve("--text-faint"), font: `11px ${style.fontFamily}`, grid: { stroke: resolve("--border"), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth, height: HEIGHT, legend: { show: false }, padding: [8, 4, 0, 0],
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_, __, high) => [0, Math.max(high * 1.1, least)] } },
    axes: [
      { ...axis, space: 80, size: 24, values: [[3_600, "{HH}:{mm}", null, null, null, null, null, null, 1], [60, "{HH}:{mm}", null, null, null, null, null, null, 1], [1, "{HH}:{mm}:{ss}", null, null, null, null, null, null, 1]] },
      { ...axis, space: 36, size: 56, values: (_, splits) => splits.map(format) },
    ],
    series: [{}, ...series.map(({ name, colour, dash = false }): UPlot.Series => ({
      label: name, stroke: resolve(colour), width: 1.5, points: { show: false }, ...(dash ? { dash: [4, 4] } : {}),
    }))],
  };
}
