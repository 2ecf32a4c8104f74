/**
 * Who may talk to the service. On loopback everyone on this computer may; on any other address only who shows the token. In both
 * cases pages of other origins may not: a web site must not reach a microscope through its visitor's browser.
 */

import { isIPv4 } from 'node:net';
import { ConfigError } from '../pipeline/errors.ts';
import { sameSecret } from '../pipeline/sameSecret.ts';

/** A name that only begins like an address, `127.evil.example`, is not one. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Throws ConfigError naming `setting` when the address would let strangers in. */
export function requireSafeAddress(setting: string, host: string, token: string | undefined): void {
  if (isLoopback(host) || token) return;
  throw new ConfigError(
    `${setting} = "${host}": others on the network could watch and control this microscope; set a token (SCOPESTREAM_TOKEN or token: in the file), or listen on 127.0.0.1`,
  );
}

/** True when `shown` is the token, or when there is none to show. */
export function isToken(token: string | undefined, shown: unknown): boolean {
  return !token || (typeof shown === 'string' && sameSecret(token, shown));
}

/** `Bearer abc` -> `abc`. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(header ?? '')?.[1];
}

/**
 * True for requests that no foreign web page can make: the page's origin, if there is one, is the host that it talks to; and on
 * loopback without a token that host is a loopback name, so that a foreign name that resolves to 127.0.0.1 gets nowhere.
 */
export function isSameOrigin(
  headers: { origin?: string; host?: string },
  service: { readonly host: string; readonly token?: string },
): boolean {
  const host = headers.host ?? '';
  if (!service.token && isLoopback(service.host) && !isLoopback(hostName(host))) return false;
  if (headers.origin === undefined) return true;
  try {
    return new URL(headers.origin).host === host;
  } catch {
    return false;
  }
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}
