// Carries the stack's images from one engine to another, so that a host under test need not build them again. They keep their
// content hash and their ids, so the daemon there finds them current. Plain HTTP, no packages: it runs in the guest too.
//   images.mjs save SOCKET FILE     images.mjs load SOCKET FILE
import { createReadStream, createWriteStream } from 'node:fs';
import { request } from 'node:http';
import { json, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

const [verb, socket = '', file = ''] = process.argv.slice(2);
const socketPath = socket.replace(/^unix:\/\//, '');

if (verb === 'save') await save();
else if (verb === 'load') await load();
else throw new Error('images.mjs save|load SOCKET FILE');

async function save() {
  const names = (await json(await call('GET', '/images/json')))
    .flatMap(image => image.RepoTags ?? [])
    // 270 MB that no test there uses.
    .filter(name => /^(localhost\/)?laptop-dev\/(?!llm-advisor)/.test(name));
  if (names.length === 0)
    throw new Error(`the engine at ${socketPath} has none of the stack's images: run the end-to-end tests there first`);
  const query = names.map(name => `names=${encodeURIComponent(name)}`).join('&');
  await pipeline(await call('GET', `/images/get?${query}`), createWriteStream(file));
  console.log(`saved ${names.join(', ')}`);
}

async function load() {
  const answer = await text(await call('POST', '/images/load?quiet=1', createReadStream(file)));
  if (/"error"/.test(answer)) throw new Error(answer);
  console.log('loaded the images');
}

/** The answer's stream; throws on a status of 400 or more. */
async function call(method, path, body) {
  const response = await new Promise((resolve, reject) => {
    const headers = { host: 'engine', ...(body && { 'content-type': 'application/x-tar' }) };
    const outgoing = request({ socketPath, method, path, headers, agent: false });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    if (body) pipeline(body, outgoing).catch(reject);
    else outgoing.end();
  });
  if (response.statusCode >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${await text(response)}`);
  return response;
}
