import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
const sha = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;

/** A registry on loopback with one image, `thing:1`, of one empty layer; every other name is unknown to it. Resolves to its host:port. */
export async function miniRegistry(): Promise<string> {
  const plain = Buffer.alloc(1024);
  const layer = gzipSync(plain);
  const config = Buffer.from(
    JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [sha(plain)] } }),
  );
  const part = (data: Buffer, mediaType: string) => ({ mediaType, size: data.length, digest: sha(data) });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: part(config, 'application/vnd.docker.container.image.v1+json'),
      layers: [part(layer, 'application/vnd.docker.image.rootfs.diff.tar.gzip')],
    }),
  );
  const blobs = new Map([layer, config].map(data => [`/v2/thing/blobs/${sha(data)}`, data]));
  const server = createServer((request, response) => {
    const url = request.url ?? '';
    if (url === '/v2/') return send(response, Buffer.from('{}'), 'application/json');
    if (url === '/v2/thing/manifests/1' || url === `/v2/thing/manifests/${sha(manifest)}`) return send(response, manifest, MANIFEST);
    const blob = blobs.get(url);
    if (blob) return send(response, blob, 'application/octet-stream');
    response
      .writeHead(404, { 'content-type': 'application/json' })
      .end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
  });
  return listen(server);
}

function send(response: ServerResponse, data: Buffer, type: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': data.length, 'docker-content-digest': sha(data) }).end(data);
}

/** Accepts connections and never says a word. */
export function silentRegistry(): Promise<string> {
  return listen(createTcpServer(socket => socket.on('error', () => undefined)));
}

function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  onTestFinished(() => void server.close());
  return new Promise(resolve => {
    server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}
