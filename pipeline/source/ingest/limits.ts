/** What a sender may ask of the service. Memory for frames under way is at most connections * frames each * bytes each. */
export interface IngestLimits {
  /** Pixels of one frame, byte. */
  readonly maxFrameBytes: number;
  /** Senders at the same time. */
  readonly maxConnections: number;
  /** TCP: connections from one address in a second. */
  readonly maxConnectionsPerSecond: number;
  /** socket.io: frames of one sender that were refused in a second, before it is disconnected. */
  readonly maxRefusalsPerSecond: number;
  /** socket.io: frames of one sender that are not acknowledged yet. */
  readonly maxUnacknowledged: number;
  /** TCP: a frame that has begun must be complete within, ms. */
  readonly frameTimeoutMs: number;
  /** TCP: a connection on which no frame begins is closed after, ms. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_INGEST_LIMITS: IngestLimits = {
  maxFrameBytes: 64 * 1024 * 1024, // a 4096 x 4096 camera at 16 bits, twice
  maxConnections: 8,
  maxConnectionsPerSecond: 50, // a sender that connects anew for each frame still has video rate
  maxRefusalsPerSecond: 50,
  maxUnacknowledged: 4,
  frameTimeoutMs: 30_000,
  idleTimeoutMs: 60 * 60 * 1000, // time-lapses pause for long
};
