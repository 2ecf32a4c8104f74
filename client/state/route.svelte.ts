/**
 * Which page is open, as the address says after the `#`: the live page, the list of sessions, or one session.
 */

export type Route =
  { readonly page: 'live' } | { readonly page: 'sessions' } | { readonly page: 'session'; readonly id: string };

const SESSIONS = '#review';

export function routeOf(hash: string): Route {
  if (hash === SESSIONS || hash === `${SESSIONS}/`) return { page: 'sessions' };
  if (hash.startsWith(`${SESSIONS}/`))
    return { page: 'session', id: decodeURIComponent(hash.slice(SESSIONS.length + 1)) };
  return { page: 'live' };
}

export function hashOf(route: Route): string {
  if (route.page === 'live') return '#';
  return route.page === 'sessions' ? SESSIONS : `${SESSIONS}/${encodeURIComponent(route.id)}`;
}

export class Router {
  current = $state.raw<Route>(routeOf(location.hash));

  /** The address changed. */
  follow(): void {
    this.current = routeOf(location.hash);
  }
}
