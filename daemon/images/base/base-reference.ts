/** The base of the stack's images; pulled or made on this machine, and the value of a Dockerfile's `ARG BASE` unless one is given. */
export const BASE_REFERENCE = 'laptop-dev/base:trixie';
/** What the base is pulled from where a registry answers. */
export const BASE_SOURCE = 'debian:trixie-slim';
