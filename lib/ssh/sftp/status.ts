/** What an SFTP server answers to a request that failed (draft-ietf-secsh-filexfer-02 §7, and later drafts). */

/** Status codes. Those from 10 on are of later versions; some servers send them in version 3, too. */
export const Status = {
  OK: 0,
  EOF: 1,
  NO_SUCH_FILE: 2,
  PERMISSION_DENIED: 3,
  FAILURE: 4,
  BAD_MESSAGE: 5,
  OP_UNSUPPORTED: 8,
  NO_SUCH_PATH: 10,
  FILE_ALREADY_EXISTS: 11,
  WRITE_PROTECT: 12,
  NO_SPACE_ON_FILESYSTEM: 14,
  QUOTA_EXCEEDED: 15,
  NOT_A_DIRECTORY: 19,
  FILE_IS_A_DIRECTORY: 24,
} as const;

/** A status other than OK, as the server gave it. Tools never see it: it is turned into a ToolError. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  /** The code. */
  readonly status: number;
  /** The server's words; untrusted text. */
  readonly serverText: string;

  /** @param status the code @param serverText the server's words */
  constructor(status: number, serverText: string) {
    super(`SFTP status ${status}`);
    this.status = status;
    this.serverText = serverText;
  }
}

/** True for a status error with this code. */
export function hasStatus(error: unknown, ...codes: readonly number[]): error is StatusError {
  return error instanceof StatusError && codes.includes(error.status);
}
