import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import type { Session } from "../../lib/ssh/session.ts";
import type { FileClient } from "../../lib/ssh/sftp/file_client.ts";
import { explain } from "../../lib/ssh/sftp/failure.ts";
import { StatusError } from "../../lib/ssh/sftp/status.ts";

/** A status that says enough makes no further request: this client has none, and this session no shell. */
const attempt = {
  session: { connection: { ended: undefined } } as Session,
  client: {} as FileClient,
  doing: "writing",
  path: "/data/file",
};

Deno.test("explain() has words for the status codes of all versions, and a code where there is one", async () => {
  for (
    const [status, code, words] of [
      [3, "remote_permission_denied", /the user may not do that/],
      [5, "remote_file_error", /did not understand/],
      [8, "remote_file_error", /does not support that/],
      [11, "already_exists", /has that name already/],
      [12, "read_only", /is read-only/],
      [13, "remote_file_error", /no medium/],
      [14, "no_space", /no space left/],
      [15, "quota_exceeded", /disk quota/],
      [16, "remote_file_error", /owner or group/],
      [17, "remote_file_error", /has locked the file/],
      [18, "remote_file_error", /not empty/],
      [19, "not_a_directory", /not a directory/],
      [20, "invalid_argument", /not possible there/],
      [21, "remote_file_error", /round in a circle/],
      [22, "remote_permission_denied", /may not do that/],
      [24, "is_a_directory", /is a directory/],
      [27, "remote_file_error", /about to be deleted/],
      [28, "remote_file_error", /is damaged/],
    ] as const
  ) {
    const error = await explain(new StatusError(status, ""), attempt);
    assert.ok(error instanceof ToolError, `${status}: ${error}`);
    assert.equal(error.code, code, `${status}`);
    assert.match(error.message, /^writing "\/data\/file" failed: /);
    assert.match(error.message, words);
    assert.doesNotMatch(error.message, /: ""|: $/, "the server said nothing, so nothing is quoted");
  }
});

Deno.test("explain() quotes what the server said where the status alone says too little", async () => {
  const error = await explain(new StatusError(17, "locked by\nscanner"), attempt);
  assert.ok(error instanceof ToolError);
  assert.match(error.message, /another program has locked the file: "locked by\\nscanner"$/);
});
