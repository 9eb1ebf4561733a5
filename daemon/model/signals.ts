/** Linux's numbers; the core has no node:os. */
export const SIGKILL = 9;
/** What an engine stops a container with whose image names no other. */
export const SIGTERM = 15;
