import type { CommonDetails, FailureDetails } from './failure-details.js';

/**
 * The catalogue of everything that can go wrong on purpose. Each entry: HTTP status, exit code of the CLI (1 bug,
 * 2 usage, 3 bad configuration, 4 daemon or engine unavailable, 5 over budget, 6 port taken, 7 unhealthy or timed out,
 * 8 not trusted, 130 cancelled) and what is generally to be done. docs/errors.md has one entry a code; a test ties them.
 */
export const CATALOGUE = {
  internal: {
    status: 500,
    exit: 1,
    help: 'This is a bug in laptop-dev. Please report it: laptop-dev bug-report collects what is needed.',
  },
  usage: { status: 400, exit: 2, help: 'laptop-dev help lists the verbs, laptop-dev help VERB the arguments and options of one.' },
  'request-refused': {
    status: 403,
    exit: 2,
    help: 'The daemon answers its own clients only: Host laptop-dev, no Origin, no Referer, plain paths. Use laptop-dev or the client library.',
  },
  unauthorized: { status: 401, exit: 4, help: 'laptop-dev dashboard --web prints a new link to the web view.' },
  'media-type': { status: 415, exit: 2, help: 'Send the request as application/json with a JSON body, {} when there is nothing to send.' },
  'too-large': { status: 413, exit: 2, help: 'A request is at most 64 KiB, an up with its project 1 MiB: shorten what is sent.' },
  'too-busy': { status: 429, exit: 4, help: 'Close sessions or streams that are not needed any more, then try again.' },
  'not-found': { status: 404, exit: 2, help: 'laptop-dev ps --all shows what there is.' },
  'config-invalid': {
    status: 422,
    exit: 3,
    help: 'Correct the places named; laptop-dev config validate checks without starting anything.',
  },
  'config-missing': { status: 404, exit: 3, help: 'Name an existing file or profile; laptop-dev profiles lists them.' },
  'not-written': {
    status: 507,
    exit: 4,
    help: 'Free space, or make the place writable; what was there before is unchanged. The same command works then.',
  },
  'file-refused': {
    status: 500,
    exit: 4,
    help: 'ls -l shows its kind, owner and mode. laptop-dev reads its own files only where no other user can have written them.',
  },
  cycle: { status: 422, exit: 3, help: 'Remove one of the depends_on entries named.' },
  'daemon-unavailable': { status: 503, exit: 4, help: 'laptop-dev daemon start starts it; laptop-dev daemon logs shows why it ended.' },
  'daemon-running': { status: 409, exit: 4, help: 'Only one daemon runs for a user. laptop-dev daemon stop ends it.' },
  'engine-unavailable': {
    status: 503,
    exit: 4,
    help: 'scripts/engine.sh start starts the installed engine; laptop-dev doctor looks for the cause.',
  },
  'engine-error': {
    status: 502,
    exit: 4,
    help: 'The engine refused; the message has its answer. laptop-dev daemon logs has the call.',
  },
  'engine-timeout': {
    status: 504,
    exit: 4,
    help: 'The engine did not answer in time. The state was inspected and is shown by laptop-dev ps.',
  },
  'over-budget': { status: 507, exit: 5, help: 'Stop a holder, lower a maximum in the profile, or raise the budget (LAPTOP_DEV_BUDGET).' },
  'host-memory': {
    status: 507,
    exit: 5,
    help: 'Close what uses much memory on this machine, or stop services: laptop-dev ps shows what they use.',
  },
  'kernel-path': {
    status: 502,
    exit: 4,
    help: 'Connections are carried by the daemon meanwhile, which costs CPU time only. path: splice in the profile asks for no rules.',
  },
  'port-taken': { status: 409, exit: 6, help: 'Stop the owner, or give the service another host port.' },
  'name-taken': { status: 409, exit: 6, help: 'Rename or remove the other container; it is not ours, so it is left alone.' },
  'network-clash': { status: 409, exit: 6, help: 'Give the network another subnet, or remove the one that overlaps.' },
  'volume-clash': { status: 409, exit: 6, help: 'Declare the volume external, or give it another name.' },
  'limit-not-applied': {
    status: 502,
    exit: 4,
    help: 'The engine accepted the container without its memory limit; the cgroup memory controller is probably off.',
  },
  'gpu-unavailable': {
    status: 424,
    exit: 7,
    help: 'Install the NVIDIA Container Toolkit (nvidia-ctk runtime configure), or take gpus, devices or runtime out of the Compose file.',
  },
  'image-missing': { status: 424, exit: 7, help: 'Build or import the image, or reach a registry; then start again.' },
  'image-build-failed': { status: 424, exit: 7, help: 'The last lines of the build are in the message.' },
  unhealthy: { status: 504, exit: 7, help: 'laptop-dev logs SERVICE shows why; raise start_timeout if it only needs longer.' },
  exited: { status: 502, exit: 7, help: 'laptop-dev logs SERVICE shows its last lines.' },
  'crash-loop': { status: 503, exit: 7, help: 'It is not tried again by itself. laptop-dev start SERVICE tries once more.' },
  'out-of-memory': { status: 503, exit: 7, help: 'Raise memory.maximum of the service in its profile, or let it need less.' },
  'dependency-failed': { status: 424, exit: 7, help: 'Mend the dependency named; its dependants start by themselves with the next up.' },
  timeout: { status: 504, exit: 7, help: 'It goes on in the background; laptop-dev ps shows how far it is. --wait-timeout waits longer.' },
  'model-refused': {
    status: 422,
    exit: 3,
    help: 'Take another file: a GGUF model of its publisher, complete; --sha256 checks that it is.',
  },
  'model-too-large': {
    status: 507,
    exit: 5,
    help: "Use a smaller model or a stronger quantisation, or raise the service's memory maximum in the profile.",
  },
  'download-failed': {
    status: 424,
    exit: 7,
    help: 'Check the address; the same command goes on where it stopped. Or download the file in another way, and add that.',
  },
  'not-wsl': {
    status: 501,
    exit: 4,
    help: 'laptop-dev wsl is for a distribution of WSL2; --wslconfig FILE looks at a file anywhere.',
  },
  'preset-too-small': { status: 507, exit: 5, help: 'laptop-dev wsl presets shows what each preset gives and what the profile needs.' },
  'wsl-pending': { status: 409, exit: 7, help: 'wsl --shutdown in PowerShell, then laptop-dev wsl verify again.' },
  'not-trusted': { status: 403, exit: 8, help: 'Read the points named; --trust accepts this exact content from now on.' },
  'path-changed': {
    status: 403,
    exit: 8,
    help: 'A path that the project names leads elsewhere than when it came up. laptop-dev up in its folder judges it again.',
  },
  cancelled: { status: 499, exit: 130, help: 'What was started goes on; laptop-dev down stops it.' },
} as const satisfies { readonly [Code in keyof FailureDetails]: { status: number; exit: number; help: string } };

export type FailureCode = keyof FailureDetails;

/** A failure of one code. */
export interface FailureOf<Code extends FailureCode> {
  readonly code: Code;
  readonly message: string;
  readonly details: DetailsOf<Code>;
  /** What to do next, most useful first; never empty. */
  readonly remedies: readonly string[];
}

export type DetailsOf<Code extends FailureCode> = FailureDetails[Code] & CommonDetails;

/** An expected failure, as a value: what happened with its numbers, machine-readable details (by its code), and what to do next. */
export type Failure = { readonly [Code in FailureCode]: FailureOf<Code> }[FailureCode];

/** Details may be left out where none are in every case of the code. */
type Given<Code extends FailureCode> =
  CommonDetails extends DetailsOf<Code>
    ? [details?: DetailsOf<Code>, remedies?: readonly string[]]
    : [details: DetailsOf<Code>, remedies?: readonly string[]];

/** Without remedies, or with none: the catalogue's. */
export function failure<Code extends FailureCode>(code: Code, message: string, ...given: Given<Code>): FailureOf<Code>;
export function failure(code: FailureCode, message: string, details: object = {}, remedies: readonly string[] = []): object {
  return { code, message, details, remedies: remedies.length > 0 ? remedies : [CATALOGUE[code].help] };
}

/** The engine has said nothing: the outcome of the call is unknown. */
export function isSilence({ code }: Failure): boolean {
  return code === 'engine-unavailable' || code === 'engine-timeout';
}

/** Carries a Failure through code that throws; anything else thrown is a bug. */
export class FailureError extends Error {
  readonly failure: Failure;
  constructor(value: Failure) {
    super(value.message);
    this.name = 'FailureError';
    this.failure = value;
  }
}
