import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type Dockerode from 'dockerode';
import OpenAI from 'openai';
import type { ServiceView } from '../../../daemon/api/views.js';
import { ENGINE, openEngine } from '../../on-engine/support/open-engine.js';
import { type Home, home } from './home.js';
import { stackPorts } from './stack.js';
import { idsOf } from './tiny.js';
import { patience } from './until.js';

export const engine = openEngine(ENGINE);

/** The built-in stack with the LLM Advisor, everything asleep. */
export interface Advised {
  readonly own: Home;
  readonly folder: string;
  readonly ports: { readonly api: number; readonly postgres: number; readonly llm: number };
  /** OpenAI's own client, that does not try again. */
  readonly client: OpenAI;
  /** Another profile, up. */
  become(profile: string): Promise<void>;
  view(name: string): Promise<ServiceView>;
  container(name: string): Promise<Dockerode.Container>;
}

export async function advised(profile: string, env: Readonly<Record<string, string>>): Promise<Advised> {
  const own = await home();
  const [api = 0, postgres = 0, , llm = 0] = await stackPorts(own, 'LLM_PORT');
  Object.assign(own.env, env);
  const folder = await own.project('advised', { 'laptop-dev.yaml': profile });
  const become = async (next: string): Promise<void> => {
    await own.project('advised', { 'laptop-dev.yaml': next });
    await own.ask(['up'], { cwd: folder, timeout: patience(900_000) });
  };
  // The images are made here, so that no client waits for them.
  await own.ask(['up', 'api', 'llm-advisor'], { cwd: folder, timeout: patience(900_000) });
  await own.ask(['stop'], { cwd: folder });
  await become(profile);
  return {
    own,
    folder,
    ports: { api, postgres, llm },
    client: new OpenAI({ baseURL: `http://127.0.0.1:${llm}/v1`, apiKey: 'none', maxRetries: 0, timeout: patience(240_000) }),
    become,
    view: async name => {
      const view = (await own.services(folder)).find(each => each.name === name);
      if (!view) throw new Error(`ps does not show ${name}`);
      return view;
    },
    container: async name => engine.getContainer((await idsOf(own, own.name))[name] ?? ''),
  };
}

/** Puts files into the models' volume past every check, as somebody with the engine's own tools might. */
export async function plant({ own }: Advised, folder: string, names: readonly string[]): Promise<void> {
  const container = await engine.createContainer({
    Image: 'laptop-dev/llm-advisor',
    Entrypoint: ['true'],
    HostConfig: { Binds: [`${own.name}_llm-models:/models`] },
  });
  try {
    const tar = spawn('tar', ['-c', '-C', folder, ...names], { stdio: ['ignore', 'pipe', 'inherit'] });
    await container.putArchive(tar.stdout, { path: '/models' });
    if (tar.exitCode === null) await once(tar, 'exit');
  } finally {
    await container.remove({ force: true, v: true });
  }
}

/**
 * The highest resident size of any of its processes since that began, or was counted anew by a load; bytes. File cache is not in it: the kernel fills a
 * limit with that.
 */
export async function peakOf(container: Dockerode.Container): Promise<number> {
  const { State } = await container.inspect();
  const peaks = treeOf(State.Pid).map(pid => {
    const [, kib = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kib) * 1024;
  });
  return Math.max(...peaks);
}

/** It and all that descend from it; children are told by the thread that began them. */
function treeOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  const children = threads.flatMap(thread => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean));
  return [pid, ...children.flatMap(child => treeOf(Number(child)))];
}

/** Its log, whole. */
export async function logOf(container: Dockerode.Container): Promise<string> {
  return (await container.logs({ stdout: true, stderr: true })).toString('utf8');
}
