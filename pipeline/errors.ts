/**
 * Tagged errors. Each class says when it is thrown and what the caller can do; `isScopestreamError(error, tag)` narrows.
 */

export type ErrorTag = 'config' | 'decode' | 'source' | 'record' | 'enhance' | 'classify' | 'session' | 'provider';

abstract class TaggedError extends Error {
  abstract readonly tag: ErrorTag;
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A setting is unknown or out of range. The message names the key, its unit and the valid range: correct it and start again. */
export class ConfigError extends TaggedError {
  readonly tag = 'config';
}

/**
 * A frame's bytes are not a picture that can be taken: truncated, looping, too large, lying, unsupported. Costs that frame.
 * `retryable` is true when more bytes may still come (a file that is being written).
 */
export class DecodeError extends TaggedError {
  readonly tag = 'decode';
  readonly fileName: string;
  readonly retryable: boolean;
  constructor(fileName: string, problem: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(`${fileName}: ${problem}`, options);
    this.fileName = fileName;
    this.retryable = options.retryable ?? false;
  }
}

/** A source cannot deliver: no such folder, port taken, protocol violated. Names the folder or the peer. */
export class SourceError extends TaggedError {
  readonly tag = 'source';
}

/** Raw data cannot be kept: disk full, read-only, gone. Costs the session, by design: measurements come first. */
export class RecordError extends TaggedError {
  readonly tag = 'record';
}

/** A model failed on a frame: crashed, hung, returned NaN. Costs the enhancement of that frame; the ladder may step down. */
export class EnhanceError extends TaggedError {
  readonly tag = 'enhance';
}

/** The classifier failed on a frame. Costs the cells of that frame. */
export class ClassifyError extends TaggedError {
  readonly tag = 'classify';
}

/** A stored session cannot be read as asked: not found, damaged, from a later version. */
export class SessionError extends TaggedError {
  readonly tag = 'session';
}

/** No execution provider could run a model; `refusals` says why each was refused. */
export class ProviderError extends TaggedError {
  readonly tag = 'provider';
  readonly refusals: Readonly<Record<string, string>>;
  constructor(message: string, refusals: Readonly<Record<string, string>>) {
    super(message);
    this.refusals = refusals;
  }
}

export type ScopestreamError =
  ConfigError | DecodeError | SourceError | RecordError | EnhanceError | ClassifyError | SessionError | ProviderError;

/** True for our own errors; with tags, only for those. */
export function isScopestreamError<T extends ErrorTag = ErrorTag>(
  error: unknown,
  ...tags: T[]
): error is Extract<ScopestreamError, { tag: T }> {
  return error instanceof TaggedError && (tags.length === 0 || (tags as ErrorTag[]).includes(error.tag));
}

/** The message of anything that was thrown, with those of its causes that say more: `the model died: out of memory`. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? '' : messageOf(thrown.cause);
  return cause === '' || thrown.message.includes(cause) ? thrown.message : `${thrown.message}: ${cause}`;
}
