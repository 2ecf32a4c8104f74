/**
 * When is a file that another program writes complete? No timer can tell; evidence can. The rules stand in the order in
 * which they are trusted, and whichever rule fires, the structure of the file must be sound as well: a rule that speaks too
 * early (a share that lags, a program that lies) costs time, never a torn frame.
 */
export const COMPLETION_RULES = {
  'metadata-line': 'the program has written a line that names the file, which it does after the file',
  'index-record': 'the program has appended a record of the plane to its index',
  rename: 'the file was moved into place under its name',
  successor: 'a later file or page exists: the program has moved on',
  'size-stable': 'the file has not changed for a while, and every strip is inside it',
  deadline: 'not whole after the deadline: handed on so that decoding names what is wrong with it',
  vanished: 'removed before it could be read: handed on so that it is counted',
} as const;
export type CompletionRule = keyof typeof COMPLETION_RULES;

/** What is known of a file at one look. */
export interface Evidence {
  /** A companion file names it. */
  readonly namedBy?: 'metadata-line' | 'index-record';
  readonly renamed: boolean;
  /** A later file has appeared in the same folder. */
  readonly hasSuccessor: boolean;
  /** For how long neither size nor time of modification has changed, ms. */
  readonly quietMs: number;
  /** Every byte that the structure speaks of is inside the file. */
  readonly sound: boolean;
}

export interface Patience {
  /** A sound file that was quiet for so long is complete, ms. */
  readonly settleMs: number;
  /** A file that is not sound and was quiet for so long will never be, ms. */
  readonly deadlineMs: number;
}

/** The most trusted rule that says that the file is complete; undefined while none does. */
export function completedBy(evidence: Evidence, patience: Patience): CompletionRule | undefined {
  if (!evidence.sound) return evidence.quietMs >= patience.deadlineMs ? 'deadline' : undefined;
  if (evidence.namedBy) return evidence.namedBy;
  if (evidence.renamed) return 'rename';
  if (evidence.hasSuccessor) return 'successor';
  return evidence.quietMs >= patience.settleMs ? 'size-stable' : undefined;
}
