/**
 * The text format of Prometheus, 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). Ours, as prom-client would add 3.7 MB to the
 * daemon (RssAnon after loading it and one gauge of 20 services, Node 20: 3.9 MB against 0.1), and its registry of live counters is of no
 * use where all figures are already in one snapshot.
 */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;

/** One value of a family; null: not known, and left out. */
export interface MetricSample {
  readonly labels: Labels;
  readonly value: number | null;
}

export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/** A family without a known value has its HELP and TYPE alone. */
export function exposition(families: readonly Family[]): string {
  return families.map(familyText).join('');
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.flatMap(({ labels, value }) => (value === null ? [] : [`${name}${labelText(labels)} ${numberText(value)}\n`]));
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
