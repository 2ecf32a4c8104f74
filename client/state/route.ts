/**
 * Which page is open, as the address says after the `#`: the live page, the list of sessions, or one session.
 */

export interface SessionRoute {
  readonly page: 'session';
  readonly id: string;
  /** The session that it is compared with. */
  readonly beside?: string;
  /** The frame to begin at. */
  readonly at?: number;
}

export type Route = { readonly page: 'live' } | { readonly page: 'sessions' } | SessionRoute;

const SESSIONS = '#review';

export function routeOf(hash: string): Route {
  const [path = '', query] = hash.split('?', 2);
  if (path === SESSIONS || path === `${SESSIONS}/`) return { page: 'sessions' };
  if (!path.startsWith(`${SESSIONS}/`)) return { page: 'live' };
  const values = new URLSearchParams(query);
  const beside = values.get('with');
  const at = Number(values.get('at') ?? NaN);
  return {
    page: 'session',
    id: decodeURIComponent(path.slice(SESSIONS.length + 1)),
    ...(beside && { beside }),
    ...(at >= 0 && { at }),
  };
}

export function hashOf(route: Route): string {
  if (route.page === 'live') return '#';
  if (route.page === 'sessions') return SESSIONS;
  const values = new URLSearchParams({
    ...(route.beside !== undefined && { with: route.beside }),
    ...(route.at !== undefined && { at: String(route.at) }),
  });
  const query = values.size > 0 ? `?${values}` : '';
  return `${SESSIONS}/${encodeURIComponent(route.id)}${query}`;
}
