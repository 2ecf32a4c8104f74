/**
 * One configuration from four places; later ones win: defaults, a YAML file, environment variables (`SCOPESTREAM_PORT`,
 * `SCOPESTREAM_SOURCE_FOLDER_PATH` ...), flags. This is the only file that reads the environment.
 */

import { readFileSync } from 'node:fs';
import { parse as parseYaml, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { ConfigError, messageOf } from '../../pipeline/errors.ts';
import { configSchema, type Config } from './schema.ts';

type Tree = { [key: string]: unknown };

export interface ConfigInputs {
  /** Path of a YAML file. */
  readonly file?: string;
  /** Dotted key -> value, from flags: `{ 'source.kind': 'folder' }`. Undefined values are left out. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Throws ConfigError naming every bad key, where it came from, its unit and its valid range. */
export function loadConfig({ file, flags = {}, environment = process.env }: ConfigInputs = {}): Config {
  const merged: Tree = {};
  const origin = new Map<string, string>();
  const put = (dotted: string, value: unknown, from: string) => {
    setAt(merged, dotted.split('.'), value);
    origin.set(dotted, from);
  };

  if (file !== undefined) leavesOf(readYaml(file)).forEach(([key, value]) => put(key, value, file));
  for (const { key, isText } of settings()) {
    const name = environmentName(key);
    const value = environment[name];
    if (value !== undefined) put(key, isText ? value : readValue(value, name), name);
  }
  for (const [key, value] of Object.entries(flags)) if (value !== undefined) put(key, value, 'command line');

  const parsed = configSchema.safeParse(merged);
  if (parsed.success) return parsed.data;
  throw new ConfigError(parsed.error.issues.map((issue) => explain(issue, merged, origin)).join('\n'));
}

/** A value written as YAML: `30`, `true`, `[a, b]`. Throws ConfigError naming where it stands. */
export function readValue(text: string, where: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw new ConfigError(`${where}: ${text} is not a value: ${messageOf(error)}`, { cause: error });
  }
}

function readYaml(file: string): Tree {
  try {
    const tree: unknown = parseYaml(readFileSync(file, 'utf8')) ?? {};
    if (typeof tree !== 'object' || Array.isArray(tree)) throw new Error('expected keys and values');
    return tree as Tree;
  } catch (error) {
    const where = error instanceof YAMLParseError && error.linePos ? ` (line ${error.linePos[0].line})` : '';
    throw new ConfigError(`${file}${where}: ${messageOf(error)}`, { cause: error });
  }
}

/** `{ a: { b: 1 } }` -> `[['a.b', 1]]`. */
function leavesOf(tree: Tree, prefix = ''): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? leavesOf(value as Tree, `${prefix}${key}.`)
      : [[`${prefix}${key}`, value]],
  );
}

/** Names that would reach an object's prototype are refused as any other unknown key is, without being set. */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);

function setAt(tree: Tree, path: string[], value: unknown): void {
  if (path.some((key) => RESERVED.has(key))) throw new ConfigError(`${path.join('.')}: unknown key`);
  const last = path.pop() as string;
  let node = tree;
  for (const key of path) {
    const child = node[key];
    node = (child !== null && typeof child === 'object' ? child : (node[key] = {})) as Tree;
  }
  node[last] = value;
}

interface Setting {
  readonly key: string;
  readonly about: string;
  readonly valid: string;
  /** Its value is taken letter by letter, never as YAML: a token of digits stays a text. */
  readonly isText: boolean;
}

/** Every setting, in the order of the schema. */
export function settings(schema: z.ZodType = configSchema, prefix = ''): Setting[] {
  const inner = unwrap(schema);
  if (!(inner instanceof z.ZodObject)) {
    const { about, valid } = (inner.meta() ?? {}) as Partial<Setting>;
    return [{ key: prefix, about: about ?? '', valid: valid ?? '', isText: inner instanceof z.ZodString }];
  }
  return Object.entries(inner.shape).flatMap(([key, child]) =>
    settings(child as z.ZodType, prefix ? `${prefix}.${key}` : key),
  );
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

/** `source.folder.path` -> `SCOPESTREAM_SOURCE_FOLDER_PATH`, `maxFramesInFlight` -> `SCOPESTREAM_MAX_FRAMES_IN_FLIGHT`. */
export function environmentName(key: string): string {
  return `SCOPESTREAM_${key
    .replace(/[A-Z]+/g, (letters) => `_${letters}`)
    .replaceAll('.', '_')
    .toUpperCase()}`;
}

function explain(issue: z.core.$ZodIssue, merged: Tree, origin: ReadonlyMap<string, string>): string {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const siblings = settings()
      .map(({ key }) => key.split('.'))
      .filter((key) => path.every((part, depth) => key[depth] === part))
      .map((key) => key[path.length]);
    const named = issue.keys.map((key) => [...path, key].join('.'));
    return `${named.join(', ')}: unknown key; known here: ${[...new Set(siblings)].join(', ')}`;
  }
  const key = path.join('.');
  const setting = settings().find((known) => key === known.key || key.startsWith(`${known.key}.`));
  const value = path.reduce<unknown>((node, part) => (node as Tree | undefined)?.[part], merged);
  const from = origin.get(key);
  const subject = `${key} = ${JSON.stringify(value)}${from ? ` (${from})` : ''}`;
  return `${subject}: must be ${setting?.valid || 'a group of keys'}${setting?.about ? ` (${setting.about})` : ''}`;
}
