import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const PARTS = ['pipeline', 'models', 'monitoring', 'server', 'client'];

/** Who may import whom; `client` is held to types of two files below. */
const MAY_IMPORT: Record<string, string[]> = {
  pipeline: [],
  models: ['pipeline'],
  monitoring: ['pipeline'],
  server: ['pipeline', 'models', 'monitoring'],
  client: ['server', 'pipeline'],
};
const CLIENT_MAY_IMPORT = ['server/protocol.ts', 'pipeline/frame.ts'];

interface Import {
  readonly from: string;
  readonly specifier: string;
  /** Path in the repository, for relative imports. */
  readonly target?: string;
  readonly isType: boolean;
}

const files = PARTS.flatMap((part) =>
  readdirSync(join(ROOT, part), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|svelte)$/.test(name) && !name.includes('node_modules'))
    .map((name) => join(part, name)),
);

function importsOf(file: string): Import[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const statements = source.matchAll(
    /^\s*(?:import|export)\s+(type\s+)?([^'";]*?\bfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map(([, type, names, literal, dynamic]) => {
    const specifier = (literal ?? dynamic) as string;
    const target = specifier.startsWith('.') ? relative(ROOT, resolve(ROOT, dirname(file), specifier)) : undefined;
    // `import { type A, type B } from` is erased just as `import type` is.
    const allTypes = names !== undefined && /^\{\s*(type\s+\w+(\s+as\s+\w+)?\s*,?\s*)+\}\s*from\s+$/.test(names);
    return { from: file, specifier, target, isType: type !== undefined || allTypes };
  });
}

const imports = files.flatMap(importsOf);
const partOf = (path: string) => path.split('/')[0] as string;

describe('the architecture', () => {
  it('lets each part import only what it may', () => {
    const forbidden = imports.filter(({ from, target }) => {
      if (target === undefined || partOf(from) === partOf(target)) return false;
      return !MAY_IMPORT[partOf(from)]?.includes(partOf(target));
    });
    expect(forbidden).toEqual([]);
  });

  it('lets the client see only the protocol and the types of frames', () => {
    const forbidden = imports.filter(({ from, target }) => {
      if (partOf(from) !== 'client' || target === undefined || partOf(target) === 'client') return false;
      return !CLIENT_MAY_IMPORT.includes(target);
    });
    expect(forbidden).toEqual([]);
  });

  it('has no cycles of value-level imports', () => {
    const edges = new Map(files.map((file) => [file, [] as string[]]));
    for (const { from, target, isType } of imports) if (!isType && target !== undefined) edges.get(from)?.push(target);
    const done = new Set<string>();
    const visit = (file: string, trail: string[]): string[] | undefined => {
      if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
      if (done.has(file)) return undefined;
      for (const next of edges.get(file) ?? []) {
        const cycle = visit(next, [...trail, file]);
        if (cycle) return cycle;
      }
      done.add(file);
      return undefined;
    };
    for (const file of files) expect(visit(file, [])).toBeUndefined();
  });

  it.each([
    ['onnxruntime-node', (file: string) => file === 'models/onnxSession.ts'],
    ['rxjs', (file: string) => /^(pipeline\/(flow|acquisition)\.ts|server\/)/.test(file)],
    ['prom-client', (file: string) => file.startsWith('monitoring/')],
  ])('keeps %s where it belongs', (library, isAllowed) => {
    const using = imports.filter(({ specifier }) => specifier === library || specifier.startsWith(`${library}/`));
    expect(using.filter(({ from }) => !isAllowed(from))).toEqual([]);
  });

  it('reads the environment in one file', () => {
    const reading = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('process.env'));
    expect(reading).toEqual(['server/config/load.ts']);
  });

  it('has no catch-all files', () => {
    expect(files.filter((file) => /(^|\/)(utils?|helpers?|common|misc)(\.|\/)/i.test(file))).toEqual([]);
  });
});
