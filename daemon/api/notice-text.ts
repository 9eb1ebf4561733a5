import type { ImageProgress } from '../model/image-progress.js';
import { readinessText } from '../model/readiness.js';
import { formatBytes } from '../shared/bytes.js';
import { formatSpan, formatTime } from '../shared/span.js';
import type { ExitFacts, Notice, NoticeData, PressureEvidence, PressureSignal } from './notice.js';

/**
 * The sentence of a notice. All sentences are in this file; only people read them. Most begin with a verb: the name of the service precedes
 * them wherever they are shown.
 */
export function noticeText({ service, project, ...notice }: Notice): string {
  const { kind, data } = notice;
  switch (kind) {
    case 'planned':
      switch (data.reason) {
        case 'start':
          return `will start with a limit of ${formatBytes(data.limit)}`;
        case 'hours-begin':
          return 'comes up: its running hours begin';
      }
      break;
    case 'image':
      return imageProgressText(data);
    case 'starting':
      return 'starts';
    case 'started':
      switch (data.reason) {
        case 'launched':
          return `runs with a limit of ${formatBytes(data.limit)}`;
        case 'by-hand':
          return 'was started through the engine: laptop-dev keeps it up from now on';
        case 'restarted-by-hand':
          return 'was restarted through the engine';
      }
      break;
    case 'running':
      return `runs after ${formatTime(data.after)}; ${readinessText(data.readiness) ?? ''}`;
    case 'heard':
      return `port ${data.port} speaks ${data.protocol}, not ${data.inferred} as guessed`;
    case 'ready':
      switch (data.reason) {
        case 'probed': {
          const silent = data.silent.length === 0 ? '' : `; nothing listens on ${data.silent.join(', ')} yet`;
          return `is ready after ${formatTime(data.after)}${silent}`;
        }
        case 'healthy-again':
          return 'its health check passes again';
      }
      break;
    case 'woken':
      return 'is woken: a client connects';
    case 'frozen':
      switch (data.reason) {
        case 'idle':
          return `is paused: unused for ${formatSpan(data.unused)}`;
        case 'pause-failed':
          return `could not be paused: ${data.cause.message}`;
        case 'resume-failed':
          return `could not be resumed: ${data.cause.message}`;
      }
      break;
    case 'resized':
      switch (data.reason) {
        case 'needs-more':
          return `its limit is raised from ${formatBytes(data.from)} to ${formatBytes(data.to)}: it needs more`;
        case 'others-need-it':
          return `its limit is lowered from ${formatBytes(data.from)} to ${formatBytes(data.to)}: others need the memory`;
        case 'not-applied':
          return `its limit stays at ${formatBytes(data.limit)}: ${data.why}`;
        case 'changed-by-hand':
          return `its limit was changed to ${formatBytes(data.found)} through the engine and is set back to ${formatBytes(data.restored)}; memory in its profile changes it for good`;
      }
      break;
    case 'pressure':
      return `${PRESSURE[data.evidence?.level ?? 'none']} (${pressureText(data.evidence)}).`;
    case 'reclaimed':
      switch (data.reason) {
        case 'cache':
          return `Gave ${formatBytes(data.bytes)} of file cache back to ${data.to === 'windows' ? 'Windows' : 'the host'} (MemFree was ${formatBytes(data.freeBefore)}, is ${formatBytes(data.freeAfter)}).`;
        case 'incomplete':
          return `Not all file cache could be reclaimed: ${data.why}.`;
      }
      break;
    case 'unhealthy':
      return 'its health check fails';
    case 'stopping':
      return stoppingText(data);
    case 'stopped':
      switch (data.reason) {
        case 'stopped':
          return `has stopped and frees ${formatBytes(data.frees)}`;
        case 'by-hand':
          return 'was stopped through the engine; it stays stopped until it is started again';
      }
      break;
    case 'completed':
      return 'has finished (exit 0)';
    case 'crashed':
      return `${exitText(service ?? project, data.exit)} Starts again in ${data.restartsIn / 1000} s.`;
    case 'oom':
      switch (data.reason) {
        case 'exited':
          return `${exitText(service ?? project, data.exit)} Starts again in ${data.restartsIn / 1000} s.`;
        case 'process-killed': {
          const next =
            data.limit < data.maximum
              ? 'its limit is raised while the budget has room'
              : `raise memory.maximum (${formatBytes(data.maximum)}) or reduce what it needs`;
          return `one of its processes was killed at the ${formatBytes(data.limit)} limit; ${next}`;
        }
        case 'limit-inferred':
          return `was killed at ${formatBytes(data.limit)}, a limit that nobody set: it starts again with ${formatBytes(data.next)}`;
      }
      break;
    case 'failed':
      switch (data.reason) {
        case 'failure':
          return data.cause.message;
        case 'log-tail':
          return `its last log line: ${data.line}`;
      }
      break;
    case 'adopted':
      switch (data.reason) {
        case 'running':
          return `is already running, with a limit of ${formatBytes(data.limit)}`;
        case 'folder-moved':
          return `the folder of the project was ${data.from} and is ${data.to} now; its name, volumes and pins stay`;
      }
      break;
    case 'removed':
      switch (data.reason) {
        case 'container':
          return 'its container is removed';
        case 'volume-lost':
          return `its volume ${data.volume} was removed through the engine (docker volume prune?), and its data is lost; an empty one was created`;
        case 'refused':
          return `its container could not be removed; laptop-dev clean removes it: ${data.cause.message}`;
        case 'project-not-cleared':
          return data.cause.message;
      }
      break;
    case 'refused':
      switch (data.reason) {
        case 'wake':
        case 'memory-request':
          return data.cause.message;
        case 'running-hours':
          return `was not brought up by its running hours: ${data.cause.message}`;
      }
      break;
    case 'engine':
      return `other containers cannot wake it: ${data.why}. It starts, and stays up, with the services that depend on it (depends_on)`;
  }
}

function stoppingText(data: NoticeData['stopping']): string {
  switch (data.reason) {
    case 'idle':
      return `falls asleep: unused for ${formatSpan(data.unused)}`;
    case 'preempted':
      return `falls asleep: makes room for ${data.by.join(', ')}`;
    case 'host-pressure':
      return `falls asleep: the host is short of memory: ${pressureText(data.evidence)}`;
    case 'not-wanted':
      return 'stops';
    case 'restart':
      return 'stops in order to restart';
    case 'definition-changed':
      return 'stops in order to restart with its new definition';
    case 'namespace-restarted':
      return `stops in order to restart: it shares the network or the processes of ${data.owner}`;
    case 'no-room':
      return 'was started through the engine, and is stopped again: there is no room for it';
    case 'hours-end':
      return 'goes down: its running hours are over; services that are held or in use follow later';
    case 'stop-failed':
      return `could not be stopped; laptop-dev tries again: ${data.cause.message}`;
    case 'removal-failed':
      return `its container could not be removed; laptop-dev tries again: ${data.cause.message}`;
  }
}

/** How far an image is, in one short line: also what `scripts/build.sh` prints. */
export function imageProgressText(progress: ImageProgress): string {
  switch (progress.step) {
    case 'pull':
      return `pulling ${progress.reference}${progress.layers === null ? '' : ` ${progress.layers.done}/${progress.layers.of}`}`;
    case 'pull-base':
      return `pulling ${progress.reference} for ${progress.image}`;
    case 'build':
      return `building ${progress.image} ${progress.at}`;
    case 'base-waits':
      return 'waiting for another laptop-dev that builds the base image';
    case 'base-begins':
      return `${progress.why}; building the base image from Debian's packages (about a minute)`;
    case 'base-packages':
      return `building the base image: ${progress.phase} packages`;
    case 'base-installs-debootstrap':
      return 'installing debootstrap';
  }
}

const PRESSURE = {
  none: 'The host has memory again',
  soft: 'The host is short of memory: no further service starts, limits go back to what is used, idle services are stopped',
  hard: 'The host is about to stall: services are stopped, one at a time',
};

/** What a level rests on: `MemAvailable 3 % (480 MB of 16 GB) for 2 s`. Also in failures and in `why`. */
export function pressureText(evidence: PressureEvidence): string {
  if (evidence === null) return 'not measured yet';
  const { level, available, total, psi, signal, lasts } = evidence;
  const memory = `MemAvailable ${Math.round((100 * available) / total)} % (${formatBytes(available)} of ${formatBytes(total)})`;
  if (level === 'none') return memory;
  const words: Record<PressureSignal, string> = {
    hardAvailable: memory,
    hardFull: `PSI full avg10 ${Math.round(psi?.full10 ?? 0)} %`,
    softAvailable: memory,
    softSome: `PSI some avg10 ${Math.round(psi?.some10 ?? 0)} %`,
    swapIn: 'pages come back from swap',
    refaults: 'file pages that were dropped are read again',
  };
  if (signal !== null) return `${words[signal]} for ${formatSpan(lasts ?? 0)}`;
  return lasts === null ? `${memory}, not enough to spare yet` : `${memory}, without pressure for ${formatSpan(lasts)}`;
}

/** How a service ended, as a sentence with its name. Also the message of the failure that follows. */
export function exitText(service: string, { code, limit, model, isLoading }: ExitFacts): string {
  const during = model === null ? '' : isLoading ? ` while it loaded the model ${model}` : ` with the model ${model} loaded`;
  if (limit === null) return `${service} exited with ${code}${during}.`;
  return `${service} was killed at its ${formatBytes(limit)} limit${during} (exit ${code}).`;
}
