/** The text format of Prometheus, and what two readings of it tell. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Reading {
  readonly at: number;
  readonly samples: readonly Sample[];
}

const LINE = /^([A-Za-z_:][A-Za-z0-9_:]*)(?:\{(.*)\})? ([^ ]+)/;
const LABEL = /([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split("\n")) {
    const match = line.startsWith("#") ? null : LINE.exec(line);
    if (match === null) continue;
    const labels: Record<string, string> = {};
    for (const [, name = "", value = ""] of (match[2] ?? "").matchAll(LABEL)) labels[name] = value.replaceAll(/\\(.)/g, "$1");
    samples.push({ name: match[1] ?? "", labels, value: Number(match[3]) });
  }
  return samples;
}

export type Labels = Readonly<Record<string, string>>;

function fits(sample: Sample, name: string, labels: Labels): boolean {
  return sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value);
}

/** The sum of all series of a name that have these labels. */
export function total(reading: Reading, name: string, labels: Labels = {}): number {
  return reading.samples.reduce((sum, sample) => (fits(sample, name, labels) ? sum + sample.value : sum), 0);
}

/** How much a counter grew a second; undefined after a restart, when it began anew. */
export function rate(before: Reading, after: Reading, name: string, labels: Labels = {}): number | undefined {
  const seconds = (after.at - before.at) / 1_000;
  const grown = total(after, name, labels) - total(before, name, labels);
  return seconds <= 0 || grown < 0 ? undefined : grown / seconds;
}

/** A quantile of what a histogram counted between two readings, in its own unit. */
export function quantile(before: Reading, after: Reading, name: string, q: number, labels: Labels = {}): number | undefined {
  const bounds = new Map<number, number>();
  const take = (reading: Reading, sign: number): void => {
    for (const sample of reading.samples) {
      if (!fits(sample, `${name}_bucket`, labels)) continue;
      const bound = Number(sample.labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : sample.labels["le"]);
      bounds.set(bound, (bounds.get(bound) ?? 0) + sign * sample.value);
    }
  };
  take(after, 1);
  take(before, -1);
  const buckets = [...bounds].sort(([a], [b]) => a - b);
  const all = buckets.at(-1)?.[1] ?? 0;
  if (all <= 0) return undefined;
  const wanted = all * q;
  let [lower, below] = [0, 0];
  for (const [bound, cumulative] of buckets) {
    if (cumulative >= wanted) {
      if (bound === Number.POSITIVE_INFINITY) return lower;
      return lower + ((bound - lower) * (wanted - below)) / Math.max(cumulative - below, 1e-9);
    }
    [lower, below] = [bound, cumulative];
  }
  return lower;
}
