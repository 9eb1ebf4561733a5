import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { ENGINE } from '../../on-engine/support/open-engine.js';

/** The engine through bare node:http: one kept-alive connection, no library, no checks. What a start costs at the least. */
export class Wire {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #socketPath = ENGINE.replace(/^unix:\/\//, '');

  /** Rejects on an answer of 400 or more. */
  async call<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const content = body === undefined ? '' : JSON.stringify(body);
    const headers = { host: 'engine', 'content-type': 'application/json', 'content-length': Buffer.byteLength(content) };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = request({ socketPath: this.#socketPath, agent: this.#agent, method, path, headers }, resolve);
      call.once('error', reject);
      call.end(content);
    });
    const answer = await text(response);
    if ((response.statusCode ?? 500) >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${answer}`);
    return (response.headers['content-type']?.startsWith('application/json') ? JSON.parse(answer) : answer) as T;
  }

  async create(name: string, body: object): Promise<string> {
    return (await this.call<{ Id: string }>('POST', `/containers/create?name=${name}`, body)).Id;
  }
  async start(id: string): Promise<void> {
    await this.call('POST', `/containers/${id}/start`);
  }
  /** Runs a command in a container and waits for its exit code. */
  async exec(id: string, command: readonly string[]): Promise<number> {
    const options = { Cmd: command, AttachStdout: true, AttachStderr: true };
    const exec = await this.call<{ Id: string }>('POST', `/containers/${id}/exec`, options);
    await this.call('POST', `/exec/${exec.Id}/start`, { Detach: false, Tty: false });
    for (;;) {
      const { Running, ExitCode } = await this.call<{ Running: boolean; ExitCode: number | null }>('GET', `/exec/${exec.Id}/json`);
      if (!Running && ExitCode !== null) return ExitCode;
    }
  }
  async remove(id: string): Promise<void> {
    await this.call('DELETE', `/containers/${id}?force=true&v=true`);
  }
  close(): void {
    this.#agent.destroy();
  }
}
