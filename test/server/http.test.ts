import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Metrics } from '../../monitoring/metrics.ts';
import { createHttp } from '../../server/http.ts';

async function start() {
  const app = await createHttp({
    host: '127.0.0.1',
    metrics: { registry: { contentType: 'text/plain', metrics: async () => '' } } as unknown as Metrics,
    health: () => {
      throw new Error('not asked here');
    },
    clientFolder: '/nowhere',
    review: async () => undefined,
  });
  onTestFinished(() => app.close());
  return (remoteAddress: string) => app.inject({ url: '/metrics', remoteAddress, headers: { host: '127.0.0.1' } });
}

describe('the HTTP side', () => {
  it('refuses a flood of requests from one address, and nobody else', async () => {
    const ask = await start();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(5000);
    onTestFinished(() => clock.mockRestore());
    const flood = await Promise.all(Array.from({ length: 1200 }, () => ask('127.0.0.1')));
    const refused = flood.filter(({ statusCode }) => statusCode === 429);
    expect(refused).toHaveLength(200);
    expect(refused[0]).toMatchObject({ headers: { 'retry-after': '1' } });
    expect(refused[0]!.json()).toEqual({ problem: 'more than 1000 requests in a second' });
    expect((await ask('127.0.0.2')).statusCode).toBe(200);
    clock.mockReturnValue(6000);
    expect((await ask('127.0.0.1')).statusCode).toBe(200);
  });
});
