import { routeOf, type Route } from './route.ts';

export class Router {
  current = $state.raw<Route>(routeOf(location.hash));

  /** The address changed. */
  follow(): void {
    this.current = routeOf(location.hash);
  }
}
