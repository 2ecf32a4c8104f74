import { describe, expect, it } from 'vitest';
import { bearerOf, isSameOrigin, isToken, requireSafeAddress } from '../../server/auth.ts';

describe('who may talk to the service', () => {
  it('listens beyond this computer only with a token', () => {
    for (const host of ['127.0.0.1', 'localhost', '::1', '127.0.1.1']) requireSafeAddress('host', host, undefined);
    for (const host of ['0.0.0.0', '192.0.2.7', '127.evil.example'])
      expect(() => requireSafeAddress('source.tcp.host', host, undefined)).toThrow(/source.tcp.host.*set a token/);
    requireSafeAddress('host', '0.0.0.0', 'secret');
  });

  it('knows its token', () => {
    expect(isToken(undefined, undefined)).toBe(true);
    expect(isToken('secret', 'secret')).toBe(true);
    for (const wrong of [undefined, '', 'Secret', 'secret ', 7, { length: 6 }])
      expect(isToken('secret', wrong)).toBe(false);
    expect(bearerOf('Bearer secret')).toBe('secret');
    expect(bearerOf('Basic secret')).toBeUndefined();
  });

  it.each([
    ['no origin (curl, Prometheus, senders)', { host: '127.0.0.1:8470' }, '127.0.0.1', true],
    ['its own page', { host: '127.0.0.1:8470', origin: 'http://127.0.0.1:8470' }, '127.0.0.1', true],
    ['localhost', { host: 'localhost:8470', origin: 'http://localhost:8470' }, '127.0.0.1', true],
    ['IPv6 loopback', { host: '[::1]:8470', origin: 'http://[::1]:8470' }, '::1', true],
    ['a foreign page', { host: '127.0.0.1:8470', origin: 'https://example.org' }, '127.0.0.1', false],
    ['another port', { host: '127.0.0.1:8470', origin: 'http://127.0.0.1:9000' }, '127.0.0.1', false],
    [
      'a name that resolves to loopback',
      { host: 'evil.example:8470', origin: 'http://evil.example:8470' },
      '127.0.0.1',
      false,
    ],
    [
      'such a name in the guise of an address',
      { host: '127.0.0.1.evil.example:8470', origin: 'http://127.0.0.1.evil.example:8470' },
      '127.0.0.1',
      false,
    ],
    ['the lab network', { host: 'scope-pc:8470', origin: 'http://scope-pc:8470' }, '0.0.0.0', true],
    ['a broken origin', { host: '127.0.0.1:8470', origin: 'null' }, '127.0.0.1', false],
  ])('%s', (_case, headers, listensOn, allowed) => {
    expect(isSameOrigin(headers, { host: listensOn })).toBe(allowed);
  });

  it('trusts the name that a reverse proxy passes on when there is a token to show', () => {
    const proxied = { host: 'scope.example', origin: 'https://scope.example' };
    expect(isSameOrigin(proxied, { host: '127.0.0.1', token: 'secret' })).toBe(true);
    expect(isSameOrigin({ ...proxied, origin: 'https://evil.example' }, { host: '127.0.0.1', token: 'secret' })).toBe(
      false,
    );
  });
});
