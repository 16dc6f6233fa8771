/**
 * The one error family of this package.
 *
 * A {@linkcode ToolError} is a failure that the agent can mend: it has a stable code, says what was wrong, and names
 * the next step. Anything else that is thrown is a bug of ours.
 */

/** Stable codes; clients may branch on them, so one is added and none is renamed. */
export type ErrorCode =
  // arguments and state
  | "invalid_argument"
  | "unknown_session"
  | "session_dropped"
  | "permission_denied_locally"
  | "limit_reached"
  | "cancelled"
  | "timed_out"
  // reaching a host
  | "name_not_resolved"
  | "connection_refused"
  | "host_unreachable"
  | "not_an_ssh_server"
  | "no_common_algorithm"
  | "connection_lost"
  | "host_key_unknown"
  | "host_key_changed"
  | "host_key_revoked"
  | "known_hosts_malformed"
  // authenticating
  | "authentication_failed"
  | "key_not_found"
  | "key_unreadable"
  | "key_encrypted"
  | "key_wrong_passphrase"
  | "key_malformed"
  | "key_unsupported"
  | "agent_unavailable"
  // commands
  | "channel_refused"
  | "sudo_wrong_password"
  | "sudo_password_required"
  | "sudo_missing"
  | "sudo_not_allowed"
  | "shell_unsupported"
  // interactive shells
  | "shell_closed"
  | "shell_not_open"
  | "multiplexer_missing"
  // secrets
  | "secrets_dir_missing"
  | "outside_secrets_dir"
  | "env_file_unreadable"
  | "env_file_malformed"
  | "unknown_variable"
  | "answer_withheld"
  // files
  | "files_dir_missing"
  | "outside_files_dir"
  | "local_file_error"
  | "no_such_file"
  | "remote_permission_denied"
  | "no_space"
  | "quota_exceeded"
  | "is_a_directory"
  | "not_a_directory"
  | "not_a_regular_file"
  | "read_only"
  | "already_exists"
  | "source_changed"
  | "verification_failed"
  | "edit_not_unique"
  | "remote_file_error"
  // tunnels
  | "unknown_forward"
  | "port_in_use"
  | "forward_refused";

/** What a {@linkcode ToolError} is made of besides its code and message. */
export interface ToolErrorOptions {
  /** The next step, ready to act on, e.g. a flag to paste. */
  hint?: string;
  /** Facts for programs, e.g. both fingerprints of a changed host key; passes the egress like all else. */
  data?: Record<string, unknown>;
  /** The failure underneath; never shown to the client. */
  cause?: unknown;
}

/** A failure that the agent can mend: a stable code, what was wrong, and the next step. */
export class ToolError extends Error {
  /** Always `ToolError`. */
  override readonly name = "ToolError";
  /** The stable code. */
  readonly code: ErrorCode;
  /** The next step, when there is one. */
  readonly hint: string | undefined;
  /** Facts for programs. */
  readonly data: Record<string, unknown> | undefined;

  /**
   * Makes the error.
   *
   * @param code the stable code
   * @param message what was being done, the rule and the current value; no final period; text from the other side
   * only through {@linkcode quoteUntrusted}
   * @param options hint, data and cause
   */
  constructor(code: ErrorCode, message: string, options: ToolErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.data = options.data;
  }
}

/**
 * Text from the other side (a banner, a file name, a server's message), made fit to stand in a message of ours:
 * control characters, bidirectional overrides and invisible format characters escaped, cut at `maxCharacters`.
 *
 * @param text untrusted text
 * @param maxCharacters where to cut; default 200
 */
export function quoteUntrusted(text: string, maxCharacters = 200): string {
  const cut = text.length > maxCharacters ? text.slice(0, maxCharacters) + "…" : text;
  const escaped = cut.replace(
    // The last range, like the tags among the format characters, can carry a whole hidden text (Unicode 16, §23.4, §23.9).
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{e0100}-\u{e01ef}"\\]/gu,
    (character) => {
      if (character === '"' || character === "\\") return "\\" + character;
      const code = character.codePointAt(0) ?? 0;
      if (character === "\n") return "\\n";
      if (character === "\r") return "\\r";
      if (character === "\t") return "\\t";
      const digits = code.toString(16);
      if (code > 0xffff) return `\\u{${digits}}`;
      return code < 0x100 ? "\\x" + digits.padStart(2, "0") : "\\u" + digits.padStart(4, "0");
    },
  );
  return `"${escaped}"`;
}
