import { describe, expect, it } from 'vitest';
import { brief, load, webFile } from './files.js';

async function warningsOf(lines: string): Promise<string[]> {
  const { problems, warnings } = await load({ 'compose.yaml': webFile(lines) });
  expect(problems).toEqual([]);
  return brief(warnings);
}

describe('what is understood but not done is said', () => {
  it.each([
    ['memswap_limit: 1g', '4:5 : without effect here, and not missed: memswap_limit'],
    [
      'container_name: db',
      '4:5 services.web.container_name: is not used as the name of the container, which would keep other worktrees from running; it is a network alias',
    ],
    ['scale: 3', '4:5 services.web.scale: laptop-dev runs one container of each service, not 3'],
    ['deploy: {replicas: 2}', '4:14 services.web.deploy.replicas: laptop-dev runs one container of each service, not 2'],
    ['deploy: {placement: {}}', '4:14 : without effect here, and not missed: placement'],
    ['volumes_from: ["container:db"]', '4:5 services.web.volumes_from: is not done: nothing is mounted. Name the volumes under volumes'],
    ['build: {context: ., cache_from: [x]}', '4:25 : without effect here, and not missed: cache_from'],
    ['ports: ["8000-8010:80"]', '4:13 services.web.ports[0]: one free port of 8000-8010 cannot be chosen; 8000 is used'],
    ['ports: ["80:80/sctp"]', '4:13 services.web.ports[0]: the protocol sctp is not supported; the port is not published'],
    ['volumes: ["./a:/a:z"]', '4:15 : without effect here, and not missed: z'],
    [
      'command: a && b',
      '4:5 services.web.command: there is no shell here: everything from "&" on is ignored, as in Compose; write ["sh", "-c", "…"]',
    ],
    ['pull_policy: daily', '4:5 services.web.pull_policy: "daily" is not supported; the image is pulled when it is missing'],
    ['hostname: $NOPE', '4:15 services.web.hostname: the variable NOPE is not set; an empty text is used'],
  ])('%s', async (lines, expected) => {
    expect(await warningsOf(lines)).toEqual([expected]);
  });

  it('names the nearest variable', async () => {
    const { warnings } = await load({ 'compose.yaml': webFile('hostname: $HOST_NMAE') }, { environment: { HOST_NAME: 'h' } });
    expect(warnings).toMatchObject([{ nearest: 'HOST_NAME' }]);
  });

  it('has no word for version:, nor for what is supported', async () => {
    const { warnings } = await load({ 'compose.yaml': `version: "3.8"\n${webFile('restart: always')}` });
    expect(brief(warnings)).toEqual([]);
  });
});
