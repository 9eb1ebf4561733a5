import { type Failure, FailureError } from '../../shared/failure.js';
import type { Head } from '../guard.js';
import type { UpgradeHandler } from '../upgrades.js';
import { protocolTokenOf, unauthorized, webRefusal } from './guard.js';
import type { Tokens } from './tokens.js';

/** The door for upgrades: null lets one in. */
export function upgradeRefusal(head: Head, tokens: Tokens, port: number): Failure | null {
  return webRefusal(head, port) ?? (tokens.session(protocolTokenOf(head)) === null ? unauthorized() : null);
}

/** The same, each of its connections held by the session that opened it: it keeps the session alive, and ends with it. */
export function ofSessions(handler: UpgradeHandler, tokens: Tokens): UpgradeHandler {
  return {
    route: handler.route,
    async take(upgrade, parts) {
      const session = tokens.session(protocolTokenOf(upgrade.request));
      if (session === null) throw new FailureError(unauthorized());
      upgrade.socket.once(
        'close',
        tokens.hold(session, () => upgrade.socket.destroy()),
      );
      return handler.take(upgrade, parts);
    },
    close: () => handler.close(),
  };
}
