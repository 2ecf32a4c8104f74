/** The HTTP side: the viewer's page, metrics, health, and the review of recorded sessions. */

import { existsSync } from 'node:fs';
import fastifyStatic from '@fastify/static';
import { fastify, type FastifyInstance, type FastifyPluginAsync } from 'fastify';
import { type Health, type HealthInputs, liveness, readiness } from '../monitoring/health.ts';
import type { Metrics } from '../monitoring/metrics.ts';
import { RateLimit } from '../pipeline/rateLimit.ts';
import { bearerOf, isSameOrigin, isToken } from './auth.ts';

export interface HttpSettings {
  readonly host: string;
  readonly token?: string;
  readonly metrics: Metrics;
  readonly health: () => HealthInputs;
  /** Folder of the built viewer. */
  readonly clientFolder: string;
  /** Routes under `/api`. */
  readonly review: FastifyPluginAsync;
}

/** Largest request body: notes and names, never pixels. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** From one address: more than a review page, or a Zarr reader on this computer, asks for. */
const MOST_REQUESTS_PER_SECOND = 1000;

const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; connect-src 'self' ws: wss:; media-src 'self' blob:; worker-src 'self' blob:; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

export async function createHttp(settings: HttpSettings): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });

  const requests = new RateLimit(MOST_REQUESTS_PER_SECOND);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(PAGE_HEADERS);
    if (!requests.allows(request.ip)) {
      const problem = `more than ${MOST_REQUESTS_PER_SECOND} requests in a second`;
      return reply.code(429).header('retry-after', '1').send({ problem });
    }
    if (!isSameOrigin(request.headers, settings)) {
      return reply.code(403).send({ problem: 'requests from pages of other origins are refused' });
    }
    // The route that answers, and not the address as it was written: `/%61pi` leads to `/api` too.
    const route = request.routeOptions.url ?? '';
    const isGuarded = route.startsWith('/api') || route.startsWith('/metrics');
    const shown = bearerOf(request.headers.authorization) ?? (request.query as { token?: string }).token;
    if (isGuarded && !isToken(settings.token, shown)) {
      return reply.code(401).send({ problem: 'this service asks for its token: Authorization: Bearer <token>' });
    }
    return undefined;
  });

  app.get('/metrics', async (_request, reply) => {
    reply.type(settings.metrics.registry.contentType);
    return settings.metrics.registry.metrics();
  });
  const answer = (check: (inputs: HealthInputs) => Health) => async () => check(settings.health());
  app.get('/healthz', { onSend: asStatus }, answer(liveness));
  app.get('/readyz', { onSend: asStatus }, answer(readiness));

  await app.register(settings.review, { prefix: '/api' });
  if (existsSync(settings.clientFolder)) {
    await app.register(fastifyStatic, {
      root: settings.clientFolder,
      // Assets have a hash in their names; the page that names them must always be asked for.
      setHeaders: (response, path) =>
        response.setHeader(
          'cache-control',
          path.endsWith('.html') ? 'no-cache' : 'public, max-age=31536000, immutable',
        ),
      cacheControl: false,
    });
  } else {
    app.get('/', async () => 'The viewer is not built: npm run build');
  }
  return app;
}

/** 503 for an unhealthy answer, as probes expect. */
async function asStatus(
  _request: unknown,
  reply: { code(status: number): unknown },
  payload: unknown,
): Promise<unknown> {
  if (typeof payload === 'string' && payload.startsWith('{"ok":false')) reply.code(503);
  return payload;
}
