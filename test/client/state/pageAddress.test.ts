import { describe, expect, it } from 'vitest';
import { linkTo, serviceAddress, settingsInLink } from '../../../client/state/pageAddress.ts';

describe('the address of the page', () => {
  it('says where the service is', () => {
    expect(serviceAddress('http://127.0.0.1:8470/')).toEqual({
      url: 'http://127.0.0.1:8470/live',
      path: '/socket.io',
      token: undefined,
    });
  });

  it('also behind a reverse proxy, with a token', () => {
    expect(serviceAddress('https://lab.example/scope/?token=abc#view?zoom=2')).toEqual({
      url: 'https://lab.example/live',
      path: '/scope/socket.io',
      token: 'abc',
    });
  });

  it('carries a view, and never the token, in a link', () => {
    const link = linkTo('https://lab.example/scope/?token=abc#old', 'zoom=2&comparison=side');
    expect(link).toBe('https://lab.example/scope/#view?zoom=2&comparison=side');
    expect(settingsInLink(link)).toBe('zoom=2&comparison=side');
    expect(settingsInLink('https://lab.example/')).toBeUndefined();
  });
});
