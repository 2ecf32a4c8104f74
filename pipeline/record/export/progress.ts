import { SessionError } from '../../errors.ts';

/** How far an export is, and whether it shall go on. */
export interface ExportProgress {
  readonly step: () => void;
  readonly signal?: AbortSignal;
}

/** Called before each plane. Throws SessionError once the export was stopped. */
export function exportStep({ step, signal }: ExportProgress): void {
  if (signal?.aborted) throw new SessionError('the export was stopped');
  step();
}
