import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Accepted } from '../../api/contract.js';
import type { Plan } from '../../api/plan.js';
import type { Action } from '../../scheduler/state/event.js';
import { FailureError, failure } from '../../shared/failure.js';
import { envelope } from '../answer.js';
import { type AwaitedAction, waitForWork } from '../awaited-action.js';
import { projectName, type RouteContext } from '../context.js';
import { sendLines } from '../ndjson.js';
import { checkedBody } from '../validate.js';

/** Bodies over the common limit that may be read at the same time: 64 connections of 1 MiB each took 140 MB (docs/design/security.md, "Requests"). */
const MOST = 4;

/**
 * Admits few large bodies at once; the others are refused with too-busy before they are read. `admit` goes before the body is
 * parsed, `release` after.
 */
class LargeBodies {
  readonly #above: number;
  readonly #inFlight = new Set<FastifyRequest>();

  /** `above`: bytes from which a body counts as large. One without a length counts too. */
  constructor(above: number) {
    this.#above = above;
  }

  readonly admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY);
    if (length <= this.#above) return;
    if (this.#inFlight.size >= MOST) throw new FailureError(failure('too-busy', `${MOST} large requests are being read already.`));
    this.#inFlight.add(request);
    reply.raw.once('close', () => this.#inFlight.delete(request));
  };

  readonly release = async (request: FastifyRequest): Promise<void> => {
    this.#inFlight.delete(request);
  };
}

/** The body of an up has the whole project. */
const UP_BODY_LIMIT = 1024 * 1024;

type ProjectRequest = FastifyRequest<{ Params: { project: string } }>;

/** Routes that change something. All are POST with a JSON body. */
export function actRoutes(app: FastifyInstance, context: RouteContext, bodyBytes: number): void {
  const { supervisor } = context;
  const large = new LargeBodies(bodyBytes);
  const forUp = { bodyLimit: UP_BODY_LIMIT, onRequest: large.admit, preHandler: large.release };

  app.post('/v1/projects/:project/up', forUp, async (request: ProjectRequest, reply) => {
    const project = projectName(request.params.project);
    const body = checkedBody('Up', request.body);
    if (body.spec.name !== project || body.spec.services.some(service => service.project !== project))
      throw new FailureError(failure('usage', `The path names project ${project}, the body another one.`));
    const action = { kind: 'up', spec: body.spec, services: body.services, recreate: body.recreate ?? false } as const;
    return perform(context, reply, { project, action, body, trust: body.trust ?? false, goal: 'up' });
  });

  app.post('/v1/projects/:project/down', async (request: ProjectRequest, reply) => {
    const project = projectName(request.params.project);
    const body = checkedBody('Down', request.body);
    const action = { kind: 'down', project, volumes: body.volumes ?? false } as const;
    return perform(context, reply, { project, action, body, trust: false, goal: 'gone' });
  });

  serviceRoutes(app, context);
  leaseRoutes(app, context);

  app.post('/v1/clean', async request => {
    const body = checkedBody('Clean', request.body);
    return envelope(await supervisor.clean(body.project, { volumes: body.volumes ?? false, dryRun: body.dryRun ?? false }));
  });

  app.post('/v1/shutdown', async request => {
    checkedBody('Empty', request.body);
    await supervisor.shutdown();
    return envelope({});
  });
}

/** Actions on services that the daemon knows; they bring in nothing new, so the web view has them too. */
export function serviceRoutes(app: FastifyInstance, context: RouteContext): void {
  for (const kind of ['start', 'stop', 'restart'] as const) {
    app.post(`/v1/projects/:project/${kind}`, async (request: ProjectRequest, reply) => {
      const project = projectName(request.params.project);
      const body = checkedBody('Services', request.body);
      const action = { kind, project, services: await named(context, project, body.services) };
      return perform(context, reply, { project, action, body, trust: false, goal: kind === 'stop' ? 'down' : 'up' });
    });
  }

  app.post('/v1/projects/:project/pin', async (request: ProjectRequest, reply) => {
    const project = projectName(request.params.project);
    const body = checkedBody('Pin', request.body);
    const { services, ttl = null } = body;
    const action = { kind: 'lease', id: pinId(project, services), project, services, holder: 'pin', ttl, note: 'pin' } as const;
    return perform(context, reply, { project, action, body, trust: false, goal: 'up' });
  });

  app.post('/v1/projects/:project/unpin', async (request: ProjectRequest) => {
    const project = projectName(request.params.project);
    const body = checkedBody('Services', request.body);
    const plan = await simply(context, { kind: 'unpin', project, services: await named(context, project, body.services) }, body.dryRun);
    return envelope<Accepted>({ plan });
  });
}

async function simply({ supervisor }: RouteContext, action: Action, dryRun = false): Promise<Plan> {
  const answer = await supervisor.act(action, { dryRun, trust: false });
  if (!answer.ok) throw new FailureError(answer.failure);
  return answer.plan;
}

function leaseRoutes(app: FastifyInstance, context: RouteContext): void {
  app.post('/v1/projects/:project/lease', async (request: ProjectRequest, reply) => {
    const project = projectName(request.params.project);
    const body = checkedBody('Lease', request.body);
    const { id, services, ttl, note } = body;
    const action = { kind: 'lease', id, project, services, holder: 'client', ttl, note } as const;
    return perform(context, reply, { project, action, body, trust: false, goal: 'up' });
  });

  app.post('/v1/leases/renew', async request => {
    const { id, ttl } = checkedBody('Renew', request.body);
    await simply(context, { kind: 'renew', id, ttl });
    return envelope({});
  });

  app.post('/v1/leases/release', async request => {
    await simply(context, { kind: 'release', id: checkedBody('Release', request.body).id });
    return envelope({});
  });

  app.post('/v1/budget/set', async request => {
    const { bytes, dryRun = false } = checkedBody('SetBudget', request.body);
    return envelope<Accepted>({ plan: await simply(context, { kind: 'budget', bytes }, dryRun) });
  });
}

/** One pin for each set of services: pinning it again replaces the pin. */
function pinId(project: string, services: readonly string[]): string {
  return `pin-${project}-${[...services].sort().join('-')}`;
}

/** None named: all of the project that are not manual by their nature, so all that there are. */
async function named(context: RouteContext, project: string, services: readonly string[]): Promise<readonly string[]> {
  return services.length > 0 ? services : (await context.supervisor.services(project, false)).map(service => service.name);
}

async function perform(context: RouteContext, reply: FastifyReply, work: AwaitedAction): Promise<unknown> {
  if (work.body.wait && !work.body.dryRun) {
    const lines = await waitForWork(context.supervisor, reply, work);
    return sendLines(reply, lines, context.log);
  }
  const answer = await context.supervisor.act(work.action, { dryRun: work.body.dryRun ?? false, trust: work.trust });
  if (!answer.ok) throw new FailureError(answer.failure);
  return envelope<Accepted>({ plan: answer.plan });
}
