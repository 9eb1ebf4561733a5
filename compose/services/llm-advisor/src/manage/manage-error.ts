/** Why a verb of `manage` was not carried out, where the model itself is not the reason. */
export type ManageProblem =
  | 'usage'
  /** A model with this name and other content is there. */
  | 'exists'
  | 'no-space'
  /** The bytes are not those that were meant. */
  | 'checksum'
  /** The input ended early: what came is kept, to go on from. */
  | 'cut'
  /** Another receiver of the same name has begun since. */
  | 'taken-over';

export class ManageError extends Error {
  constructor(
    readonly problem: ManageProblem,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}
