import { renameSync, writeFileSync } from 'node:fs';

/** Replaces a JSON file in one step: a reader sees the old one or the new one, never half of one. */
export function writeJsonAtomically(path: string, content: unknown): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, JSON.stringify(content, null, 2) + '\n', { flush: true });
  renameSync(draft, path);
}
