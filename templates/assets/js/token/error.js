// What can go wrong with a token, by name. The names are those of the Rutoken
// Plugin's errorCodes and of the agent (docs/agent.md), and some of our own:
// EXTENSION_MISSING, PLUGIN_MISSING, AGENT_MISSING, AGENT_BLOCKED,
// AGENT_ORIGIN, AGENT_LIBRARY, SWAPPED, NOT_THIS_TOKEN, TAB.

/** TokenError is every failure of a TokenProvider. */
export class TokenError extends Error {
  /**
   * @param {string} code one of the names above
   * @param {{detail?: string, serial?: string, pin?: object}} [more] detail is
   *   for a log and holds no PIN-code; pin is the state of the token's PIN-code
   *   (as in devices) where the error is about it.
   */
  constructor(code, more = {}) {
    super(code);
    this.name = 'TokenError';
    this.code = code;
    this.detail = more.detail ?? '';
    this.serial = more.serial ?? '';
    this.pin = more.pin ?? null;
  }
}

/** lost says whether the device is gone. */
export const lost = (error) => error instanceof TokenError && error.code === 'DEVICE_NOT_FOUND';
