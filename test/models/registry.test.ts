import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { builtIn, openRegistry } from '../../models/registry.ts';
import { writeTinyPackage } from './fixtures/tinyPackage.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';

const zoo = () => temporaryFolder('zoo');

it('offers the packages of all folders and the classical methods', async () => {
  const [one, two] = [zoo(), zoo()];
  writeTinyPackage(one, 'newest');
  writeTinyPackage(one, 'blur');
  const alone = writeTinyPackage(two, 'oldest');
  mkdirSync(join(one, 'not a package'));
  writeFileSync(join(one, 'README.md'), '');
  const registry = await openRegistry([one, alone, '/absent']);
  expect(registry.models.map(({ id }) => id)).toEqual(['blur', 'newest', 'oldest', 'gaussian', 'bicubic']);
  expect(registry.broken).toEqual([]);
  expect(registry.get('blur')).toMatchObject({ license: 'MIT', magnification: 2, displayOnly: false });
});

it('names broken packages and leaves them out', async () => {
  const folder = zoo();
  writeTinyPackage(folder, 'blur');
  writeTinyPackage(folder, 'blur', () => {}, 'copy of blur');
  writeTinyPackage(folder, 'newest', (manifest) => delete manifest.name);
  const registry = await openRegistry([folder]);
  expect(registry.models.map(({ id }) => id)).toEqual(['blur', 'gaussian', 'bicubic']);
  expect(registry.broken.map(({ problem }) => problem).join('\n')).toMatch(/blur is taken[^]*newest: name/);
});

it('says which models there are when one is not', async () => {
  const registry = await openRegistry([]);
  expect(() => registry.get('lumen-x')).toThrow(/no model lumen-x; there are gaussian, bicubic/);
});

it('gives each classical method a hash of what it does', () => {
  const hashes = [builtIn('gaussian'), builtIn('bicubic'), builtIn('gaussian', 1)].map(({ sha256 }) => sha256);
  expect(new Set(hashes).size).toBe(3);
  expect(builtIn('gaussian').sha256).toBe(hashes[0]);
});
