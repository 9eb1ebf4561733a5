import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCompose } from '../../../daemon/config/compose/load.js';
import { formatProblem } from '../../../daemon/shared/problem.js';

const CORPUS = join(import.meta.dirname, '../../corpus/compose');

/** Every file under test/corpus/compose that is wrong, or folder whose compose.yaml is, with all that is said about it. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'alias-bomb': ['5:7: e: more than 50000 values once the aliases are followed'],
  'alias-in-itself': ['4:13: services.web.labels: the alias *all contains itself'],
  'alias-unknown': ['3:12: services.web.image: the alias *nginx has no anchor before it'],
  'bad-address': ['6:23: services.web.networks.front.ipv4_address: "10.0.0.300" is not an address; expected an IPv4 address'],
  'bad-host': ['5:9: services.web.extra_hosts[0]: "somehost" names no address; expected NAME:ADDRESS or NAME=ADDRESS'],
  'bad-indent': ['4:1: not valid YAML: All mapping items must start at the same column'],
  'bad-project-name': [
    '1:7: name: "!!!" is not a project name; expected lower-case letters, digits, - and _, beginning with a letter or a digit, at most 63 characters',
  ],
  'bad-service-name': ['2:3: services.web server: is not a valid name; expected letters, digits, dots, dashes and underscores'],
  'bad-variable': [
    '3:12: services.web.image: "${TAG!x}" is not a variable; expected ${NAME}, ${NAME:-default}, ${NAME:?message}, ${NAME:+word}',
  ],
  'brace-not-closed': ['3:12: services.web.image: the brace of "${TAG" is not closed; expected }'],
  'build-remote': ['3:12: services.web.build.context: a build context is never fetched from elsewhere; expected a folder on this machine'],
  'build-two-dockerfiles': ['6:26: services.web.build.dockerfile_inline: dockerfile and dockerfile_inline exclude each other'],
  'command-mapping': ['4:14: services.web.command: is a mapping; expected text or a list'],
  'command-open-quote': ['4:14: services.web.command: a quotation mark, a bracket or a backslash is left open'],
  'cpus-word': ['4:11: services.web.cpus: "two" is not a number; expected a number of cores, as 1.5'],
  'cpuset-word': ['4:13: services.web.cpuset: "first" is not a set of CPUs; expected 0-3 or 0,2'],
  'depends-circle': ['4:18: services.a.depends_on.b: services depend on each other in a circle: a → b → c → a'],
  'depends-condition': [
    '6:20: services.web.depends_on.db.condition: is the text "service_helthy"; expected service_started, service_healthy, service_completed_successfully; did you mean service_healthy?',
  ],
  'depends-inactive': [
    '4:18: services.web.depends_on.debugger: the service debugger is only part of the profile debug, which is not active; expected an active profile, or required: false',
  ],
  'depends-undefined': ['5:9: services.web.depends_on.databse: no service "databse" is defined; did you mean database?'],
  'dotenv-broken': ['.env:2:1: the name "BAD NAME" has a space in it; expected KEY=value'],
  'duplicate-key': ['5:5: services.web.image: duplicate key'],
  'duplicate-mount': ['6:9: services.web.volumes[1]: /data is mounted already, at line 5 of <corpus>/duplicate-mount.yaml'],
  'duplicate-service': ['4:3: services.web: duplicate key'],
  'duration-word': [
    '4:24: services.web.stop_grace_period: "10 seconds" is not a duration; expected a duration such as 500ms, 10s or 1m30s',
  ],
  empty: ['1:1: the file is empty; expected services:'],
  'env-file-broken': ['web.env:3:1: the quotation mark of the value is not closed; expected KEY=value'],
  'env-file-missing': ['4:15: services.web.env_file: <corpus>/does-not-exist.env: does not exist'],
  'environment-nested': ['6:9: services.web.environment.A: is a mapping; expected text or a number or true or false'],
  'extends-circle': ['6:7: services.b.extends: services extend each other in a circle: a → b → a'],
  'extends-other-file': ['base:4:16: services.web.mem_limit: "12 potatoes" is not a size; expected a size such as 512m, 256MB or 1g'],
  'extends-remote': ['4:13: services.a.extends: files are never fetched from elsewhere; expected the path of a file on this machine'],
  'extends-undefined': ['3:14: services.a.extends: no service "basee" is defined in <corpus>/extends-undefined.yaml; did you mean base?'],
  'external-secret': [
    '4:15: services.web.secrets[0]: an external secret needs a Swarm, which laptop-dev does not have; expected a secret from a file or a variable',
  ],
  'external-with-driver': ['8:13: volumes.data.driver: cannot be set for what exists already (external)'],
  'healthcheck-start': ['5:13: services.web.healthcheck.test: begins with "curl"; expected CMD, CMD-SHELL, NONE'],
  'include-circle': ['2:5: include[0]: files include each other in a circle: <corpus>/include-circle.yaml → <corpus>/include-circle.yaml'],
  'include-conflict': ['compose:3:3: services.web: is defined differently in the included <corpus>/include-conflict/other.yaml:2:3'],
  'include-missing': ['2:5: include[0]: <corpus>/not/there.yaml: does not exist'],
  'include-remote': ['2:5: include[0]: files are never fetched from elsewhere; expected the path of a file on this machine'],
  'memory-differs': [
    '4:16: services.web.mem_limit: 512m differs from services.web.deploy.resources.limits.memory, 1g at <corpus>/memory-differs.yaml:8; expected one of the two, or the same in both',
  ],
  'memory-word': ['4:16: services.web.mem_limit: "lots" is not a size; expected a size such as 512m, 256MB or 1g'],
  'merge-key-scalar': ['3:9: services.web.<<: a merge key (<<) takes a mapping or a list of mappings'],
  'merge-kinds': [
    'compose.override:4:7: services.web.ports: a mapping cannot be laid over the list of <corpus>/merge-kinds/compose.yaml:4:12; expected a list',
  ],
  'mount-relative-target': ['5:9: services.web.volumes[0]: the target "data" is not an absolute path'],
  'mount-too-many-parts': ['5:9: services.web.volumes[0]: "./a:/a:ro:rw" is not a mount; expected [SOURCE:]TARGET[:ro]'],
  'mount-without-target': ['5:9: services.web.volumes[0]: lacks the key target; expected the path inside the container'],
  'network-mode-and-networks': ['4:19: services.web.network_mode: network_mode and networks exclude each other'],
  'no-image': ['2:3: services.web: has neither image nor build; expected one of the two'],
  'no-services': ['1:1: services: no service is defined; expected services:'],
  'not-a-mapping': ['1:1: the file is not a mapping; expected services:'],
  'port-bad-address': [
    '5:9: services.web.ports[0]: "localhost:80:80": "localhost" is not an address; expected PORT, HOST:CONTAINER or IP:HOST:CONTAINER, with ranges as 8000-8010 and /tcp or /udp',
  ],
  'port-bad-protocol': ['5:9: services.web.ports[0]: the protocol "icmp" is not known; expected tcp or udp'],
  'port-conflict': ['9:9: services.api.ports[0]: 0.0.0.0:8080/tcp is published by web already, at line 5 of <corpus>/port-conflict.yaml'],
  'port-out-of-range': [
    '5:9: services.web.ports[0]: "80:99999": is not a port; expected PORT, HOST:CONTAINER or IP:HOST:CONTAINER, with ranges as 8000-8010 and /tcp or /udp',
  ],
  'port-ranges-differ': ['5:9: services.web.ports[0]: the range of host ports and the range of container ports differ in length'],
  'port-word': [
    '5:9: services.web.ports[0]: "80:http": is not a port; expected PORT, HOST:CONTAINER or IP:HOST:CONTAINER, with ranges as 8000-8010 and /tcp or /udp',
  ],
  'ports-text': ['4:12: services.web.ports: is the text "8080:80"; expected a list'],
  'privileged-word': ['4:17: services.web.privileged: "maybe" is not a truth value; expected true or false'],
  'required-variable': ['3:12: services.web.image: the variable TAG is required and not set: set TAG to a version'],
  'reservation-above-limit': [
    '5:22: services.web.mem_reservation: the reservation of 536870912 bytes is above the limit of 268435456 bytes',
  ],
  'restart-word': [
    '4:14: services.web.restart: "on-failur" is not a restart policy; expected no, always, on-failure, on-failure:N or unless-stopped',
  ],
  'secret-variable-unset': ['7:18: secrets.token.environment: the variable NOT_SET_ANYWHERE is not set'],
  'secret-without-origin': ['6:10: secrets.token: has no source for its content; expected one of file, environment'],
  'service-null': ['2:7: services.web: is empty; expected a mapping'],
  'services-list': ['2:3: services: is a list; expected a mapping'],
  'several-at-once': [
    '4:16: services.web.mem_limit: "lots" is not a size; expected a size such as 512m, 256MB or 1g',
    '5:13: services.web.ports[0]: "http": is not a port; expected PORT, HOST:CONTAINER or IP:HOST:CONTAINER, with ranges as 8000-8010 and /tcp or /udp',
    '6:18: services.web.depends_on.nobody: no service "nobody" is defined',
    '8:5: services.api.imag: is not a known key; did you mean image?',
    '9:14: services.api.restart: "sometimes" is not a restart policy; expected no, always, on-failure, on-failure:N or unless-stopped',
  ],
  'tab-indent': ['2:1: not valid YAML: Tabs are not allowed as indentation', '3:1: not valid YAML: Tabs are not allowed as indentation'],
  'ulimit-soft-above-hard': ['5:15: services.web.ulimits.nofile: the soft limit 20 is above the hard limit 10'],
  'unclosed-quote': ['4:1: not valid YAML: Missing closing "quote'],
  'undefined-config': ['5:17: services.web.configs[0].source: no config "site" is defined'],
  'undefined-network': [
    '4:16: services.web.networks.frontent: no network "frontent" is defined; expected one of frontend; did you mean frontend?',
  ],
  'undefined-secret': ['4:15: services.web.secrets[0]: no secret "tokn" is defined; expected one of token; did you mean token?'],
  'undefined-volume': ['5:9: services.web.volumes[0]: no volume "date" is defined; expected one of data; did you mean data?'],
  'unknown-nested-key': ['6:7: services.web.healthcheck.intervall: is not a known key; did you mean interval?'],
  'unknown-service-key': ['3:5: services.web.imagee: is not a known key; did you mean image?'],
  'unknown-top-key': ['1:1: service: is not a known key; did you mean services?'],
};

/** `file:line:col: …` without the corpus folder, and without the file where it is the one under test. */
function shortened(text: string, name: string): string {
  return text
    .replace(join(CORPUS, `${name}.yaml:`), '')
    .replace(`${join(CORPUS, name)}/`, '')
    .replace(/^([\w.]+)\.yaml:/, '$1:')
    .replaceAll(CORPUS, '<corpus>');
}

async function problemsOf(name: string): Promise<string[]> {
  const folder = Object.hasOwn(FOLDERS, name) ? join(CORPUS, name) : CORPUS;
  const files = (FOLDERS[name] ?? [`${name}.yaml`]).map(file => join(folder, file));
  const result = await loadCompose({ files, projectDirectory: folder, projectName: null, environment: {}, envFiles: null, profiles: [] });
  expect(result.project).toBeNull();
  return result.problems.map(problem => shortened(formatProblem(problem), name));
}

const FOLDERS: Readonly<Record<string, readonly string[]>> = {
  'dotenv-broken': ['compose.yaml'],
  'env-file-broken': ['compose.yaml'],
  'extends-other-file': ['compose.yaml'],
  'include-conflict': ['compose.yaml'],
  'merge-kinds': ['compose.yaml', 'compose.override.yaml'],
};

describe('what is said about a malformed Compose file, with line and column', () => {
  for (const [name, messages] of Object.entries(EXPECTED)) {
    it(name, async () => {
      expect(await problemsOf(name)).toEqual(messages);
    });
  }

  it('covers the whole corpus', () => {
    const found = readdirSync(CORPUS, { withFileTypes: true }).flatMap(entry =>
      entry.isDirectory() ? [entry.name] : entry.name.endsWith('.yaml') ? [entry.name.replace('.yaml', '')] : [],
    );
    expect(found.sort()).toEqual(Object.keys(EXPECTED).sort());
  });
});
