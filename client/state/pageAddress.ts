/**
 * What the address of the page says: where the service is, the token, and the view that a link asks for.
 */

import { LIVE_NAMESPACE } from '../../server/protocol.ts';

export interface ServiceAddress {
  /** Origin and namespace. */
  readonly url: string;
  /** Path of the socket on the server, also under a reverse proxy's prefix. */
  readonly path: string;
  readonly token: string | undefined;
}

export function serviceAddress(pageUrl: string): ServiceAddress {
  const page = new URL(pageUrl);
  return {
    url: new URL(LIVE_NAMESPACE, page.origin).href,
    path: new URL('socket.io', page).pathname,
    token: page.searchParams.get('token') ?? undefined,
  };
}

/** Stands before the settings in a link, so that an address without it means "as this browser had it". */
const VIEW_MARK = '#view?';

/** A link to the page with these settings. The token stays private. */
export function linkTo(pageUrl: string, settings: string): string {
  const page = new URL(pageUrl);
  page.searchParams.delete('token');
  page.hash = '';
  return page.href + VIEW_MARK + settings;
}

/** The settings in a link; undefined when it has none. */
export function settingsInLink(pageUrl: string): string | undefined {
  const { hash } = new URL(pageUrl);
  return hash.startsWith(VIEW_MARK) ? hash.slice(VIEW_MARK.length) : undefined;
}
