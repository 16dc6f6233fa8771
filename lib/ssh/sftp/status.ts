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
  INVALID_FILENAME: 20,
  CANNOT_DELETE: 22,
  FILE_IS_A_DIRECTORY: 24,
} as const;

/** What the codes mean that say more than "failure" and have no error code of their own (draft-ietf-secsh-filexfer-13 §9.1). */
export const STATUS_WORDS: Readonly<Record<number, string>> = {
  5: "the server did not understand the request, or does not take a value in it",
  6: "the server has no connection to where its files are",
  7: "the server has lost its connection to where its files are",
  8: "the server does not support that",
  9: "the server has closed the file by itself",
  13: "there is no medium in the drive",
  16: "the server does not know the owner or group",
  17: "another program has locked the file",
  18: "the directory is not empty",
  21: "the links on the way lead round in a circle",
  23: "the server does not take what it was asked for",
  25: "another program has locked a part of the file",
  26: "the server did not give a lock on the file",
  27: "the file is about to be deleted",
  28: "the file system is damaged",
  29: "that owner is not possible there",
  30: "that group is not possible there",
  31: "the file is not locked there",
};

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
