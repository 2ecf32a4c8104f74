/** What the service says to a process that holds models, and what it answers. Bytes follow raw (`framing.ts`). */

/** File descriptor of the pipe in the child: 0 to 2 are the standard streams, 3 is Node's own channel. */
export const PIPE_FD = 4;

/** `Spec` says what to load under a key, `Run` what to do with it. */
export type Request<Spec, Run> =
  | { readonly id: number; readonly op: 'load'; readonly key: string; readonly spec: Spec }
  | { readonly id: number; readonly op: 'run'; readonly key: string; readonly run: Run };

/** `Done` says what came of a run; a load is answered without it. */
export type Reply<Done> =
  | { readonly id: number; readonly ok: true; readonly done?: Done }
  | { readonly id: number; readonly ok: false; readonly problem: string };
