import Docker from 'dockerode';
import { type EngineAddress, engineAddress } from './endpoint.js';

/** An engine as the child process uses it. */
export interface Engine {
  readonly docker: Docker;
  readonly address: EngineAddress;
}

export function openEngine(endpoint: string): Engine {
  const address = engineAddress(endpoint, process.env);
  return { address, docker: new Docker({ ...address }) };
}

/** One line of what the engine says while it pulls, builds or imports. */
export interface EngineLine {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
}

/** Hears a pull, build or import to its end. Resolves to the engine's error, or null when it went well. */
export function followBuild(docker: Docker, stream: NodeJS.ReadableStream, hear: (line: EngineLine) => void): Promise<string | null> {
  return new Promise(resolve => {
    let error: string | null = null;
    const decoding = docker as Docker & { followProgress: Docker['modem']['followProgress'] };
    // Not modem's own: this one decodes BuildKit's messages too. Its types have not heard of it yet.
    decoding.followProgress(
      stream,
      (failed: Error | null) => resolve(error ?? (failed ? failed.message : null)),
      (line: EngineLine) => {
        if (line.error !== undefined) error = line.error;
        hear(line);
      },
    );
  });
}
