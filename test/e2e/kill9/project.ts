import type { ProjectSpec } from '../../../daemon/model/spec.js';
import { specIn } from '../support/spec.js';

export type Variant = 'a' | 'b';
export const NAMES = ['db', 'migrate', 'web'] as const;
export type Name = (typeof NAMES)[number];
/** What each needs, nearest first. */
export const NEEDS: Readonly<Record<Name, readonly Name[]>> = { db: [], migrate: ['db'], web: ['migrate', 'db'] };
export const ONE_SHOT: Name = 'migrate';
/** Label of the images that are built; its value is the process that had them built. */
export const BUILT = 'ldt-kill';
/** Each start leaves a line here. */
export const DIARY = '/data/diary';

/**
 * A dependency with a health check and a volume, a one-shot, and a service whose image is built for each definition anew and that takes its time to stop, as a database does: long enough
 * for the next daemon to find it while it stops.
 */
export function composeFile(image: string): string {
  return `services:
  db:
    image: ${image}
    command: ["sh", "-c", "trap 'exit 0' TERM; echo db >> ${DIARY}; touch /tmp/ready; sleep 100000 & wait"]
    environment: { VARIANT: "\${VARIANT}" }
    volumes: ["data:/data"]
    healthcheck: { test: ["CMD", "test", "-f", "/tmp/ready"], interval: 1s }
    mem_reservation: 24m
    mem_limit: 48m
  migrate:
    image: ${image}
    command: ["sh", "-c", "sleep 0.1; echo migrate >> ${DIARY}"]
    environment: { VARIANT: "\${VARIANT}" }
    volumes: ["data:/data"]
    depends_on: { db: { condition: service_healthy } }
    mem_reservation: 24m
    mem_limit: 48m
  web:
    build:
      context: .
      dockerfile_inline: |
        FROM ${image}
        ARG VARIANT
        ENV BUILT_AS=$$VARIANT
      args: { VARIANT: "\${VARIANT}" }
      labels: { ${BUILT}: "${process.pid}" }
    command: ["sh", "-c", "trap 'sleep 0.8; exit 0' TERM; echo web >> ${DIARY}; touch /tmp/ready; sleep 100000 & wait"]
    environment: { VARIANT: "\${VARIANT}" }
    volumes: ["data:/data"]
    depends_on: { migrate: { condition: service_completed_successfully }, db: { condition: service_healthy } }
    healthcheck: { test: ["CMD", "test", "-f", "/tmp/ready"], interval: 1s }
    mem_reservation: 24m
    mem_limit: 48m
volumes: { data: {} }
`;
}

/** Both definitions of the project in `folder`: they differ in a variable, so that a switch makes every container anew. */
export async function loadVariants(folder: string): Promise<Readonly<Record<Variant, ProjectSpec>>> {
  return { a: await specIn(folder, { VARIANT: 'a' }), b: await specIn(folder, { VARIANT: 'b' }) };
}
