/** One thing that was looked at. `ok: false`: something should be done before a session; `advice` says what. */
export interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly found: string;
  readonly advice?: string;
}

export function asText(findings: readonly Finding[]): string {
  const lines = findings.map(({ what, ok, found, advice }) => {
    const line = `${ok ? 'ok   ' : 'LOOK '} ${what.padEnd(18)} ${found}`;
    return advice ? `${line}\n${' '.repeat(25)}${advice}` : line;
  });
  return `${lines.join('\n')}\n`;
}
