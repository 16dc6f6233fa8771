/** What every way of serving has in common. */

/** Clients being served. */
export interface Serving {
  /** Resolves when nobody can be served any more. */
  readonly done: Promise<void>;
  /** Stops serving. */
  close(): Promise<void>;
}
