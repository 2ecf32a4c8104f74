import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMPLETION_RULES } from '../../../pipeline/source/folder/completion.ts';
import { frameHeader } from '../../../pipeline/source/ingest/frameHeader.ts';
import { DEFAULT_INGEST_LIMITS } from '../../../pipeline/source/ingest/limits.ts';
import { MAGIC, MAX_HEADER_BYTES } from '../../../pipeline/source/ingest/tcpWire.ts';
import { NAME_GRAMMARS } from '../../../pipeline/source/nameGrammar.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/protocols.md'), 'utf8');

describe('docs/protocols.md', () => {
  it('describes every field of the header', () => {
    for (const field of Object.keys(frameHeader.shape)) expect(page).toContain(`\`${field}\``);
  });

  it('describes every rule by which a file is complete', () => {
    for (const rule of Object.keys(COMPLETION_RULES)) expect(page).toContain(`| \`${rule}\``);
  });

  it('shows the names of every program that are understood', () => {
    const programs = NAME_GRAMMARS.filter(({ example }) => !example.includes('51ED')); // identifiers are no program's manner
    for (const { example } of programs) expect(page).toContain(example);
  });

  it('tells the limits that hold', () => {
    const { maxConnections, maxUnacknowledged, frameTimeoutMs, idleTimeoutMs } = DEFAULT_INGEST_LIMITS;
    const { maxConnectionsPerSecond, maxRefusalsPerSecond } = DEFAULT_INGEST_LIMITS;
    expect(page).toContain(`\`${MAGIC}\` in ASCII`);
    expect(page).toContain(`at most ${MAX_HEADER_BYTES}`);
    expect(page).toContain(`no more than ${maxConnections} senders`);
    expect(page).toContain(`more than ${maxConnectionsPerSecond} connections a second`);
    expect(page).toContain(`more than ${maxRefusalsPerSecond} frames are refused in one second`);
    expect(page).toContain(`more than ${maxUnacknowledged} frames without acknowledgement`);
    expect(page).toContain(`more than ${frameTimeoutMs / 1000} s from its first byte`);
    expect(page).toContain(`no frame for ${idleTimeoutMs / 1000} s`);
  });
});
