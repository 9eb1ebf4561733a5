import type { ObservedContainer } from '../../model/observed.js';
import type { ProjectSpec, ServiceId, ServiceSpec } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Failure } from '../../shared/failure.js';
import type { Ms } from '../../shared/span.js';
import type { Wiring } from './wiring.js';

/** What a step is handed. Each step ends in exactly one event (event.ts), named behind it; `persist`, `discard` and `answerMemoryRequest` in none. */
interface StepArgs {
  /** Keep the intent before anything that follows from it is done. */
  persist: object;
  /** → imageReady | startFailed */
  ensureImage: { readonly id: ServiceId; readonly attempt: number; readonly spec: ServiceSpec };
  /** Make a container run with this definition and grant, whatever is there now. → launched | gatewaysMissing | startFailed */
  launch: {
    readonly id: ServiceId;
    readonly attempt: number;
    readonly spec: ServiceSpec;
    readonly grant: Bytes;
    readonly project: ProjectSpec;
    /** The last container of the service, to be reused when its definition and grant are the same, else replaced. */
    readonly previous: string | null;
    /** Replace it in any case. */
    readonly recreate: boolean;
    /** Go on with `previous` although its image may have been built anew since. */
    readonly reuseContainer: boolean;
    readonly wiring: Wiring;
    /** Anonymous volumes of its last container, path → name, for where that was removed past us. */
    readonly carryOver: Readonly<Record<string, string>>;
  };
  /** Wait until it is ready; `seen`: as it was a moment ago. → ready | startFailed */
  probe: { readonly id: ServiceId; readonly attempt: number; readonly seen: ObservedContainer; readonly spec: ServiceSpec };
  /** Ends its connections first, for at most `drain`. → stopped | stopFailed */
  stop: { readonly id: ServiceId; readonly container: string; readonly timeout: Ms; readonly drain: Ms };
  /** Pause it, once its connections have ended; not at all when some are left after `drain`. → frozenChanged */
  freeze: { readonly id: ServiceId; readonly container: string; readonly drain: Ms };
  /** Let it go on. → frozenChanged */
  thaw: { readonly id: ServiceId; readonly container: string };
  /** Change the hard limit of a running container; downwards with care, never below `floor`. → resized */
  resize: { readonly id: ServiceId; readonly container: string; readonly from: Bytes; readonly to: Bytes; readonly floor: Bytes };
  /** Say what became of the limit that it has asked for; null: it has it. */
  answerMemoryRequest: { readonly id: ServiceId; readonly container: string; readonly bytes: Bytes; readonly refusal: Failure | null };
  /** Look whether it is used at all before it is frozen or stopped. → useChecked */
  checkUse: { readonly id: ServiceId; readonly container: string; readonly veto: readonly string[] | null };
  /** Listen where the project's services are to be reached, and nowhere else. → listenersOpened */
  openListeners: { readonly project: string; readonly serial: number };
  /** Also when it runs after all. → removed | removeFailed */
  remove: { readonly id: ServiceId; readonly container: string; readonly anonymousVolumes: boolean };
  /** Give back the file cache of these containers and, with `vm`, the page cache of WSL's whole VM. → reclaimed */
  reclaim: { readonly containers: readonly string[]; readonly vm: boolean };
  /** List all of our containers. → observed */
  list: object;
  /** A surplus container of ours: stop and remove it. */
  discard: { readonly container: string };
  /** Read its last log lines into the failure. → logTail */
  readLogTail: { readonly id: ServiceId; readonly container: string };
  /** → projectCleared */
  clearProject: { readonly project: string; readonly spec: ProjectSpec; readonly volumes: boolean };
}

export type Step = { [K in keyof StepArgs]: { readonly kind: K } & Readonly<StepArgs[K]> }[keyof StepArgs];
export type StepOf<K extends Step['kind']> = Extract<Step, { kind: K }>;
