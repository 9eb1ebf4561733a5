import type { ProjectSpec } from '../../../daemon/model/spec.js';
import type { ContainerFact, Facts } from './facts.js';
import type { Intent } from './intent.js';
import { NAMES, type Name, NEEDS, ONE_SHOT, type Variant } from './project.js';

export interface Expected {
  readonly specs: Readonly<Record<Variant, ProjectSpec>>;
  /** The volume was made once, and nobody asked for its removal. */
  readonly volume: boolean;
}

/** Where the facts depart from an intent: something lost, duplicated or orphaned, or not there yet. Empty: all is as wanted. */
export function faults(facts: Facts, intent: Intent, { specs, volume }: Expected): string[] {
  const found = NAMES.flatMap(name => ofService(name, facts, intent, specs[intent.variants[name]]));
  const strangers = facts.containers.filter(each => !NAMES.some(name => name === each.service));
  if (strangers.length > 0) found.push(`containers of no service: ${strangers.map(each => each.id.slice(0, 12)).join(', ')}`);
  if (facts.stateFault !== null) found.push(`state file: ${facts.stateFault}`);
  return [...found, ...ofResources(facts, intent, volume)];
}

/** What must not be so at any moment, whatever is going on. */
export function breaches({ containers }: Facts, budget: number): string[] {
  const running = containers.filter(each => each.running);
  const limits = running.reduce((sum, each) => sum + each.limit, 0);
  const twice = NAMES.filter(name => running.filter(each => each.service === name).length > 1);
  return [
    ...(limits > budget ? [`limits of ${limits} bytes exceed the budget of ${budget}`] : []),
    ...twice.map(name => `two containers of ${name} run`),
  ];
}

function ofResources(facts: Facts, { wants }: Intent, volume: boolean): string[] {
  const gone = NAMES.every(name => wants[name] === 'gone');
  const up = NAMES.some(name => wants[name] === 'up');
  const found: string[] = [];
  if (facts.networks.length > 1 || (gone && facts.networks.length > 0)) found.push(`networks: ${facts.networks.join(', ')}`);
  // One that waits for what the user has stopped has no container, and then the project may need no network yet.
  if (up && facts.containers.length > 0 && facts.networks.length === 0) found.push('its network is missing');
  if (facts.volumes.length > 1 || (volume && facts.volumes.length === 0)) found.push(`volumes: ${facts.volumes.join(', ') || 'none'}`);
  if (gone && facts.services.length > 0) found.push(`the daemon still knows ${facts.services.map(view => view.name).join(', ')}`);
  return found;
}

function ofService(name: Name, facts: Facts, intent: Intent, spec: ProjectSpec): string[] {
  const mine = facts.containers.filter(each => each.service === name);
  const [container, ...more] = mine;
  if (more.length > 0) return [`${mine.length} containers of ${name}`];
  const view = facts.services.find(each => each.name === name);
  if (view?.state === 'starting' || view?.state === 'stopping') return [`${name} is ${view.state}: ${view.why}`];
  const want = intent.wants[name];
  if (want === 'gone') return container ? [`${name} is unwanted, and a container of it is there`] : [];
  if (want === 'down') return container?.running ? [`${name} runs unwanted`] : [];
  // What needs something that is stopped goes on if it runs, and need not start.
  if (NEEDS[name].some(need => intent.wants[need] !== 'up')) return [];
  const hash = spec.services.find(each => each.name === name)?.configHash;
  return [...ofWanted(name, container, hash), ...ofAge(name, container, intent)].map(fault => `${fault} (${view?.state}: ${view?.why})`);
}

/** An accepted restart, or a new container that was asked for, is not forgotten. */
function ofAge(name: Name, container: ContainerFact | undefined, { started, made }: Intent): string[] {
  if (!container) return [];
  return [
    ...(container.startedAt < started[name] ? [`${name} was not restarted`] : []),
    ...(container.madeAt < made[name] ? [`${name} was not made anew`] : []),
  ];
}

function ofWanted(name: Name, container: ContainerFact | undefined, hash: string | undefined): string[] {
  if (!container) return [`${name} is wanted, and there is no container of it`];
  if (container.hash !== hash) return [`${name} has the other definition`];
  if (name === ONE_SHOT) return container.running || container.exitCode !== 0 ? [`${name} has not completed`] : [];
  return container.running ? [] : [`${name} is wanted, and its container does not run`];
}
