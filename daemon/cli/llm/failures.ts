import { formatBytes } from '../../shared/bytes.js';
import { CATALOGUE, type Failure, type FailureCode, failure } from '../../shared/failure.js';
import { parseFailure } from '../../shared/parse-failure.js';

/** The line in which the service's program reports a failure. */
export interface FailedLine {
  readonly kind: 'failed';
  readonly problem: string;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const CODES: Readonly<Record<string, FailureCode>> = {
  malformed: 'model-refused',
  engine: 'model-refused',
  checksum: 'model-refused',
  'never-fits': 'model-too-large',
  'no-space': 'model-too-large',
  exists: 'name-taken',
  'taken-over': 'name-taken',
  'not-found': 'not-found',
  usage: 'usage',
  cut: 'timeout',
};

const REMEDIES: Readonly<Record<string, readonly string[]>> = {
  'no-space': ['laptop-dev llm models rm removes a model that is not needed.'],
  exists: ['--replace replaces it; --name stores this one under another name.'],
  'taken-over': ['Wait until the other one is done, then laptop-dev llm models ls.'],
  checksum: ['Download it again: the data was not kept.'],
  'not-found': ['laptop-dev llm models ls lists them.'],
  cut: ['The same command resumes where it stopped.'],
};

export function transferFailureOf({ problem, message, details }: FailedLine): Failure {
  const own = textsIn(details['remedies']);
  const text = problem === 'malformed' ? `This model cannot be loaded: ${message}.` : message;
  const code = CODES[problem] ?? 'internal';
  const remedies = own.length > 0 ? own : (REMEDIES[problem] ?? [CATALOGUE[code].help]);
  return parseFailure({ code, message: spaceIn(problem, details) ?? text, details, remedies });
}

/** A model that is refused before anything is sent. */
export function tooLarge(what: string, need: number, maximum: number, service: string): Failure {
  return failure(
    'model-too-large',
    `${what} can never be loaded: it needs more than ${formatBytes(need)}, and ${service} may have ${formatBytes(maximum)}.`,
    {
      need,
      maximum,
    },
  );
}

function spaceIn(problem: string, { free, need }: FailedLine['details']): string | null {
  if (problem !== 'no-space' || typeof free !== 'number' || typeof need !== 'number') return null;
  return `The volume of the models has ${formatBytes(free)} left; ${formatBytes(need)} are needed.`;
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(text => typeof text === 'string') : [];
}
