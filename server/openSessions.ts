import { openSession, type RecordedSession } from '../pipeline/record/review.ts';
import { folderOf } from '../pipeline/record/sessionFolder.ts';

/** Sessions kept open between two requests; the one asked for longest ago is closed first. */
const MAX_OPEN = 8;
/** A session is closed this long after it was let go of: an answer may still be reading from it. */
const CLOSE_AFTER_MS = 10_000;

/** Sessions of one folder, opened when they are asked for. */
export class OpenSessions {
  readonly #root: string;
  readonly #open = new Map<string, Promise<RecordedSession>>();

  constructor(root: string) {
    this.#root = root;
  }

  /** The session as it is now, with what was recorded a moment ago. Throws SessionError when there is none. */
  async get(id: string): Promise<RecordedSession> {
    const opening = this.#open.get(id) ?? openSession(folderOf(this.#root, id));
    this.#open.delete(id); // Set again below, so that the map's order is that of use.
    this.#open.set(id, opening);
    if (this.#open.size > MAX_OPEN) this.forget(this.#open.keys().next().value!);
    try {
      const session = await opening;
      session.refresh();
      return session;
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  forget(id: string): void {
    const opening = this.#open.get(id);
    this.#open.delete(id);
    // One that never opened has nothing to be closed.
    opening?.then((session) => setTimeout(() => session.close(), CLOSE_AFTER_MS).unref()).catch(() => {});
  }

  close(): void {
    for (const id of [...this.#open.keys()]) this.forget(id);
  }
}
