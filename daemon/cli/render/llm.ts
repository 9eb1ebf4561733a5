import { type Bytes, formatBytes } from '../../shared/bytes.js';
import type { TableColumn } from './table.js';
import { table } from './table.js';

/** The answer of the service's program; see its manage.ts. */
export interface ModelList {
  readonly models: readonly {
    readonly name: string;
    readonly bytes: Bytes;
    readonly architecture: string | null;
    readonly quantisation: string | null;
    readonly contextLength: number | null;
    readonly sha256: string | null;
    readonly isDefault: boolean;
    readonly problem: string | null;
  }[];
  readonly parts: readonly { readonly name: string; readonly bytes: Bytes; readonly of: Bytes | null }[];
}
export type Added =
  | { readonly name: string; readonly added: false }
  | {
      readonly name: string;
      readonly added: true;
      readonly sha256: string;
      readonly bytes: Bytes;
      readonly architecture: string;
      readonly quantisation: string | null;
      readonly need: { readonly context: number; readonly bytes: Bytes };
    };
export interface Estimated {
  readonly name: string;
  readonly bytes: Bytes;
  readonly architecture: string;
  readonly contextLength: number;
  readonly needs: readonly { readonly context: number; readonly bytes: Bytes; readonly measured: boolean }[];
  /** The context that is loaded; null: none ever fits. */
  readonly context: number | null;
}

/** The room for a model now. `free`: of the budget, including what the service already holds. */
export interface ModelRoom {
  readonly standard: Bytes;
  readonly maximum: Bytes;
  readonly free: Bytes;
}

export function renderModels({ models, parts }: ModelList, width: number): string[] {
  if (models.length + parts.length === 0)
    return ['There is no model yet: laptop-dev llm models add FILE adds one, laptop-dev llm models make-tiny makes a toy.'];
  const columns: TableColumn[] = [
    { title: '' },
    { title: 'NAME', gives: true, least: 8 },
    { title: 'SIZE', align: 'right' },
    { title: 'KIND' },
    { title: 'CONTEXT', align: 'right' },
    { title: 'SHA-256', gives: true, least: 12 },
  ];
  const rows = [
    ...models.map(({ name, bytes, architecture, quantisation, contextLength, sha256, isDefault, problem }) => [
      isDefault ? '*' : '',
      name,
      formatBytes(bytes),
      problem === null ? [architecture, quantisation].filter(Boolean).join(' ') : 'damaged',
      contextLength === null ? '-' : String(contextLength),
      problem ?? sha256?.slice(0, 12) ?? '-',
    ]),
    ...parts.map(({ name, bytes, of }) => ['', name, formatBytes(bytes), 'part', '-', of === null ? '-' : `of ${formatBytes(of)}`]),
  ];
  return table(columns, rows, width);
}

export function renderAdded(added: Added): string {
  if (!added.added) return `${added.name} is there already, with the same content.`;
  const { name, bytes, architecture, quantisation, need, sha256 } = added;
  const kind = [architecture, quantisation].filter(Boolean).join(' ');
  return [
    `${name}: ${formatBytes(bytes)}, ${kind}; needs ${formatBytes(need.bytes)} with a context of ${need.context} tokens.`,
    `SHA-256 ${sha256}`,
  ].join('\n');
}

/** The limit within which a need fits. */
export function fitOf(bytes: Bytes, { standard, maximum }: ModelRoom): 'standard' | 'maximum' | 'never' {
  if (bytes <= standard) return 'standard';
  return bytes <= maximum ? 'maximum' : 'never';
}

/** Bytes that the budget lacks for a load now; null: no context ever fits. */
export function lackOf({ needs, context }: Estimated, { standard, free }: ModelRoom): Bytes | null {
  const chosen = needs.find(need => need.context === context);
  return chosen ? Math.max(0, Math.max(chosen.bytes, standard) - free) : null;
}

const FITS = { standard: 'in the standard limit', maximum: 'with a higher limit', never: 'never' } as const;

export function renderEstimate(found: Estimated, room: ModelRoom, width: number): string[] {
  const { name, bytes, architecture, contextLength, needs, context } = found;
  const rows = needs.map(need => [
    need.context === context ? '*' : '',
    String(need.context),
    formatBytes(need.bytes),
    need.measured ? 'measured' : 'estimated',
    FITS[fitOf(need.bytes, room)],
  ]);
  const columns: TableColumn[] = [
    { title: '' },
    { title: 'CONTEXT', align: 'right' },
    { title: 'NEEDS', align: 'right' },
    { title: '' },
    { title: 'FITS' },
  ];
  return [
    `${name}: ${formatBytes(bytes)}, ${architecture}, made for ${contextLength} tokens`,
    ...table(columns, rows, width),
    `The service has ${formatBytes(room.standard)} as its standard, ${formatBytes(room.maximum)} at most.`,
    roomText(lackOf(found, room), room),
  ];
}

function roomText(lack: Bytes | null, { free }: ModelRoom): string {
  if (lack === null) return 'It can never be loaded: use a smaller model, or raise memory.maximum in the profile.';
  if (lack === 0) return `There is room now: ${formatBytes(free)} of the budget.`;
  return `The budget lacks ${formatBytes(lack)} now: idle services would be stopped for it, or a smaller context would be used.`;
}
