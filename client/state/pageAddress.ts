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

/** The same for the other pages, whose address has a query of its own. */
const VIEW_VALUE = 'view';

/** A link to a page with these settings: the live page, or the one of `hash`. The token stays private. */
export function linkTo(pageUrl: string, settings: string, hash?: string): string {
  const page = new URL(pageUrl);
  page.searchParams.delete('token');
  page.hash = '';
  if (hash === undefined) return page.href + VIEW_MARK + settings;
  return `${page.href}${hash}${hash.includes('?') ? '&' : '?'}${new URLSearchParams({ [VIEW_VALUE]: settings })}`;
}

/** The settings in a link; undefined when it has none. */
export function settingsInLink(pageUrl: string): string | undefined {
  const { hash } = new URL(pageUrl);
  if (hash.startsWith(VIEW_MARK)) return hash.slice(VIEW_MARK.length);
  return new URLSearchParams(hash.split('?', 2)[1]).get(VIEW_VALUE) ?? undefined;
}

/** The link without its settings. */
export function withoutSettings(pageUrl: string): string {
  const page = new URL(pageUrl);
  const [path, query] = page.hash.split('?', 2);
  const values = new URLSearchParams(query);
  values.delete(VIEW_VALUE);
  page.hash = page.hash.startsWith(VIEW_MARK) ? '' : values.size > 0 ? `${path}?${values}` : (path ?? '');
  return page.href;
}
