import { Writable } from 'node:stream';
import type Dockerode from 'dockerode';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a client out of one of the stack's images on the host's network, as a developer's psql or redis-cli would run there. */
export async function runClient(engine: Dockerode, image: string, ...command: string[]): Promise<Outcome> {
  const container = await engine.createContainer({
    Image: image,
    Entrypoint: ['timeout', '60'],
    Cmd: command,
    Env: ['PGPASSWORD=x', 'PGCONNECT_TIMEOUT=20'],
    Labels: { 'ldt-act': 'client' },
    HostConfig: { NetworkMode: 'host', Memory: 256 * 1024 * 1024 },
  });
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const [stdout, stderr] = [sink(), sink()];
    container.modem.demuxStream(stream, stdout.stream, stderr.stream);
    const ended = new Promise(resolve => stream.once('end', resolve));
    await container.start();
    const { StatusCode } = (await container.wait()) as { StatusCode: number };
    await ended;
    return { code: StatusCode, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    // The images have volumes for their data: without a name, they would outlast the client.
    await container.remove({ force: true, v: true });
  }
}

function sink(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
