import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAssignments } from '../../server/config/assignments.ts';
import { environmentName, loadConfig, settings } from '../../server/config/load.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/scopestream.yaml');
const file = (yaml: string) => {
  const path = join(temporaryFolder('config'), 'settings.yaml');
  writeFileSync(path, yaml);
  return path;
};

describe('configuration', () => {
  it('is shown whole, with its defaults, by the annotated example', () => {
    expect(loadConfig({ file: EXAMPLE, environment: {} })).toEqual(loadConfig({ environment: {} }));
    const text = readFileSync(EXAMPLE, 'utf8');
    const missing = settings().filter(({ key }) => !new RegExp(`^\\s*#? ?${key.split('.').at(-1)}:`, 'm').test(text));
    expect(missing).toEqual([]);
  });

  it('takes later places over earlier ones: file, environment, flags', () => {
    const path = file('port: 1001\nhost: 127.0.0.2\nviewers: { maxRate: 10 }');
    const environment = { SCOPESTREAM_PORT: '1002', SCOPESTREAM_VIEWERS_MAX_RATE: '11', SCOPESTREAM_TOKEN: '0123' };
    const config = loadConfig({ file: path, environment, flags: { port: 1003, policy: undefined } });
    expect(config).toMatchObject({
      port: 1003,
      host: '127.0.0.2',
      token: '0123',
      policy: 'auto',
      viewers: { maxRate: 11 },
    });
  });

  it('names a bad value, where it came from, its unit and its range', () => {
    expect(() => loadConfig({ environment: { SCOPESTREAM_SOURCE_FOLDER_DEADLINE_MS: '5' } })).toThrow(
      'source.folder.deadlineMs = 5 (SCOPESTREAM_SOURCE_FOLDER_DEADLINE_MS): must be a whole number from 100 to 3600000 ms',
    );
    expect(() => loadConfig({ environment: {}, flags: { policy: 'all' } })).toThrow('one of auto, every, newest');
  });

  it('names an unknown key and those that are known there', () => {
    const path = file('source: { flodder: 3 }');
    expect(() => loadConfig({ file: path, environment: {} })).toThrow(
      /source\.flodder: unknown key; known here: kind, folder/,
    );
  });

  it('names the file and the line of broken YAML, and refuses what is no mapping', () => {
    expect(() => loadConfig({ file: file('port: [1\nhost: x'), environment: {} })).toThrow(
      /settings\.yaml \(line \d\)/,
    );
    expect(() => loadConfig({ file: file('- 1'), environment: {} })).toThrow('expected keys and values');
    expect(() => loadConfig({ file: '/no/such.yaml', environment: {} })).toThrow('/no/such.yaml');
  });

  it('lets no key reach a prototype', () => {
    expect(() => loadConfig({ environment: {}, flags: { '__proto__.polluted': 1 } })).toThrow('unknown key');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('reads assignments as YAML', () => {
    expect(parseAssignments(['a.b=3', 'c=text', 'd=[x, y]', 'e='])).toEqual({
      'a.b': 3,
      c: 'text',
      d: ['x', 'y'],
      e: null,
    });
    expect(() => parseAssignments(['nonsense'])).toThrow('expected key=value');
    expect(() => parseAssignments(['a.b=[1'])).toThrow('--set a.b: [1 is not a value');
    expect(() => loadConfig({ environment: { SCOPESTREAM_PORT: '[1' } })).toThrow('SCOPESTREAM_PORT: [1 is not');
  });

  it('has one environment name for each setting', () => {
    const names = settings().map(({ key }) => environmentName(key));
    expect(new Set(names).size).toBe(names.length);
    expect(environmentName('maxFramesInFlight')).toBe('SCOPESTREAM_MAX_FRAMES_IN_FLIGHT');
    expect(environmentName('acquisition.lensNA')).toBe('SCOPESTREAM_ACQUISITION_LENS_NA');
  });

  it('has a page that lists every setting with what is valid', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');
    const missing = settings().filter(
      ({ key, about, valid }) => !page.includes(`| \`${key}\` | ${about} | ${valid} |`),
    );
    expect(missing).toEqual([]);
  });

  it('describes every setting', () => {
    expect(settings().filter(({ about, valid }) => about === '' || valid === '')).toEqual([]);
  });
});
