/** One point at which a project's file asks for power over the machine beyond its own folder. */
export interface Risk {
  /** Name of the service; `network KEY` or `volume KEY` for one of those; `env_file` for a file of values outside the project. */
  readonly service: string;
  /** The setting as it stands: `privileged: true`, `volume /etc → /host`. */
  readonly what: string;
  /** What it would allow. */
  readonly why: string;
  /** Where the Compose file says it: a key of the service, network or volume, and which entry of that key. Absent: not known. */
  readonly at?: { readonly key: string; readonly entry?: string };
  /** It amounts to root on this machine, and passes on by whatever the service answers on a network (see trust-reach.ts). */
  readonly root?: true;
}

/** A risk before it is known of which service. */
export type RiskPoint = Omit<Risk, 'service'>;
