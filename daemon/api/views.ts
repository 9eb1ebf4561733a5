import type { ProtocolSource } from '../model/protocols.js';
import type { ReadinessText } from '../model/readiness.js';
import type { Memory, Protocol } from '../model/spec.js';
import type { Bytes } from '../shared/bytes.js';
import type { Ms } from '../shared/span.js';
import type { Advice } from './advice.js';

export interface PortView {
  readonly hostIp: string;
  readonly host: number;
  readonly container: number;
  readonly protocol: 'tcp' | 'udp';
}

/** A service as `ps` shows it (`ps --json`). */
export interface ServiceView {
  readonly project: string;
  readonly name: string;
  readonly profile: string;
  /** As its profile says, such as node or llm; null: it does not. */
  readonly runtime: string | null;
  readonly state: 'asleep' | 'starting' | 'running' | 'frozen' | 'stopping' | 'stopped' | 'failed';
  readonly health: 'healthy' | 'unhealthy' | 'starting' | 'none';
  /** Whether it was asked; null: it does not run. */
  readonly ready: ReadinessText | null;
  /** Where people connect: the ports of its file, at which the daemon or the engine listens. */
  readonly ports: readonly PortView[];
  /** Where the daemon reaches it, when that is a port of the engine's choice: not to be used, it changes with each start. */
  readonly enginePorts: readonly PortView[];
  /** What each of its TCP ports speaks, and how that is known. */
  readonly speaks: readonly { readonly port: number; readonly protocol: Protocol; readonly source: ProtocolSource }[];
  readonly memory: {
    readonly standard: Bytes;
    readonly grant: Bytes;
    readonly maximum: Bytes;
    readonly workingSet: Bytes | null;
    /** No file names standard and maximum: they grow while the budget has room. */
    readonly guessed?: boolean | undefined;
  };
  readonly stopsIn: Ms | null;
  /** One sentence: why it is in this state. */
  readonly why: string;
  readonly container: string | null;
  readonly dependsOn: readonly string[];
  /** A model that it is loading; `share`: 0 to 1. */
  readonly loading: { readonly model: string; readonly share: number } | null;
  readonly crashes: number;
  readonly ooms: number;
}

/** A lease as clients see it. */
export interface LeaseView {
  readonly id: string;
  readonly project: string;
  readonly services: readonly string[];
  readonly holder: 'pin' | 'client';
  readonly note: string;
  /** ms; null: until it is released. */
  readonly remaining: Ms | null;
}

/** The budget and what holds it. */
export interface BudgetView {
  readonly budget: Bytes;
  readonly granted: Bytes;
  readonly standard: Bytes;
  readonly workingSet: Bytes;
  readonly hostTotal: Bytes;
  readonly hostAvailable: Bytes;
  readonly holders: readonly Holder[];
}
export interface Holder {
  readonly project: string;
  readonly service: string;
  readonly state: ServiceView['state'];
  readonly standard: Bytes;
  readonly grant: Bytes;
  readonly maximum: Bytes;
  readonly workingSet: Bytes | null;
}

/** What a service should have by what it used, beside what it has now. */
export interface AdviceView extends Advice {
  readonly project: string;
  readonly service: string;
  readonly current: Pick<Memory, 'standard' | 'maximum'>;
  /** With less measured than this, the advice is a guess. */
  readonly needed: Ms;
}
