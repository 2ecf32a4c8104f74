import { ConfigError } from '../../pipeline/errors.ts';
import { readValue } from './load.ts';

/** `['viewers.maxRate=30']` -> `{ 'viewers.maxRate': 30 }`; values are read as YAML. Throws ConfigError. */
export function parseAssignments(assignments: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const [, key, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
      if (key === undefined) throw new ConfigError(`--set ${assignment}: expected key=value`);
      return [key, readValue(value as string, `--set ${key}`)];
    }),
  );
}
