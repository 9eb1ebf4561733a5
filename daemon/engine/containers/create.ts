import type { ContainerSpec, ServiceSpec } from '../../model/spec.js';
import type { LaunchOptions, Log } from '../../ports/ports.js';
import { FailureError, failure } from '../../shared/failure.js';
import type { EngineConnection } from '../client/connection.js';
import { DEADLINE } from '../client/deadline.js';
import { uploads } from '../mapping/content.js';
import { type CreateRequest, createOptions } from '../mapping/create-options.js';
import { checkLimits } from '../mapping/limits.js';
import { endpointSettings } from '../mapping/networking.js';
import type { Guard } from '../mount-guard/guard.js';
import { clearName } from './name-conflict.js';
import { removeByForce } from './remove.js';

export interface CreateContext {
  readonly connection: EngineConnection;
  readonly instance: string;
  readonly log: Log;
  /** Takes a tolerated difference, for info(). */
  readonly warn: (text: string) => void;
  readonly guard: Guard;
}

/** A name can be freed and taken again under our feet; after this many tries that is somebody else's doing. */
const TRIES = 3;

/** Creates a container and verifies its limits; see Containers.create. */
export async function createContainer(context: CreateContext, spec: ServiceSpec, options: LaunchOptions): Promise<string> {
  const facts = await context.connection.facts();
  if (!facts.memoryLimit) {
    throw new FailureError(
      failure('limit-not-applied', `This engine cannot limit memory, so ${spec.name} is not created`, { service: spec.name }),
    );
  }
  if (!spec.container) throw new Error(`${spec.project}/${spec.name} was adopted and has no definition to create it from`);
  let carryOver = options.carryOver;
  for (let attempt = 1; ; attempt++) {
    const request = createOptions(spec, spec.container, { ...options, carryOver }, facts, context.instance);
    try {
      return await createOnce(context, spec.name, spec.container, request, options);
    } catch (error) {
      if (!(error instanceof FailureError) || error.failure.code !== 'name-taken' || attempt === TRIES) throw error;
      carryOver = { ...(await clearName(context, spec, error.failure, request.query.name)), ...carryOver };
    }
  }
}

async function createOnce(
  context: CreateContext,
  service: string,
  container: ContainerSpec,
  request: CreateRequest,
  { projectRoot, volumes }: LaunchOptions,
): Promise<string> {
  const { connection, log, guard } = context;
  const created = await guard.create(service, projectRoot, container, volumes, () =>
    connection.call(`create ${request.query.name}`, DEADLINE.slow, (client, abortSignal) => {
      // _query and _body are docker-modem's own: without them all options would go into the URL as well.
      const call = { _query: request.query, _body: request.body, abortSignal };
      return client.createContainer(call);
    }),
  );
  try {
    await complete(connection, created.id, container, request);
    const made = await connection.call(`inspect ${request.query.name}`, DEADLINE.quick, (client, abortSignal) =>
      client.getContainer(created.id).inspect({ abortSignal }),
    );
    await guard.learn(made);
    const { failure: wrong, warning } = checkLimits(service, request.body.HostConfig ?? {}, made.HostConfig);
    if (wrong) throw new FailureError(wrong);
    if (warning) context.warn(warning);
    return created.id;
  } catch (error) {
    // What was just made holds no data yet: its anonymous volumes go with it. Carried-over ones are mounted by name and stay.
    await removeByForce(connection, created.id, { v: true }).catch(reason =>
      log.warn({ id: created.id, err: reason }, 'half-made container not removed'),
    );
    throw error;
  }
}

/** Further networks, and files from variables. */
async function complete(connection: EngineConnection, id: string, container: ContainerSpec, request: CreateRequest): Promise<void> {
  for (const attachment of request.connect) {
    const options = { Container: id, EndpointConfig: endpointSettings(attachment) };
    await connection.call(`connect to network ${attachment.name}`, DEADLINE.slow, (client, abortSignal) =>
      client.getNetwork(attachment.name).connect(Object.assign(options, { abortSignal })),
    );
  }
  for (const { path, archive } of uploads(container)) {
    await connection.call(`put files into ${path}`, DEADLINE.slow, (client, abortSignal) =>
      client.getContainer(id).putArchive(archive, { path, abortSignal }),
    );
  }
}
