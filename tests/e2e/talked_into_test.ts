/** An agent that was talked into getting at a secret, with the tools it has. */
import assert from "node:assert/strict";
import { programBed } from "../support/account_bed.ts";
import type { ProgramOptions } from "../support/program.ts";

const FIRST = "first-Qz7XbT2mLr8WcD";
const SECOND = "second-9Kd3VnP5sHy1Ja";
const PIN = "83920174";

async function setup(client: ProgramOptions["client"] = {}) {
  const bed = await programBed({ env: `FIRST=${FIRST}\nPIN=${PIN}\n`, client });
  await bed.secrets.write("second.env", `SECOND=${SECOND}\n`);
  const { session_id } = await bed.program.ok("ssh_connect", bed.target);
  await bed.program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
  return { ...bed, session_id, home: bed.user.home };
}

for (const era of ["2025-11-25", "2026-07-28"]) {
  Deno.test(`a yes to lifting is good only for what the question named, over ${era}`, async () => {
    await using bed = await setup({
      capabilities: { elicitation: { form: {} } },
      ...(era === "2026-07-28" && { versionNegotiation: { mode: { pin: era } } }),
    });
    const { program, session_id } = bed;
    let question = "";
    program.client.setRequestHandler("elicitation/create", async (request) => {
      question = request.params.message;
      // While the person reads, the agent loads what the person was not asked about.
      await program.ok("ssh_load_env_file", { session_id, file_path: "second.env" });
      return { action: "accept", content: { confirm: true } };
    });
    const cleared = await program.ok("ssh_clear_secrets", { session_id });
    assert.match(question, /FIRST/);
    assert.ok(!question.includes("SECOND"));
    assert.equal(cleared.masking, "on");
    assert.match(cleared.warnings.join(), /while the person was asked/);
    const { stdout } = await program.ok("ssh_execute", { session_id, command: `echo ${FIRST} ${SECOND}` });
    assert.equal(stdout, "*** ***\n");
  });
}

Deno.test("a secret number is masked where an answer holds a number", async () => {
  await using bed = await setup();
  const { program, session_id } = bed;
  const command = `mkdir ${bed.home}/d && cd ${bed.home}/d && truncate -s $PIN a && touch -d "@$PIN" b`;
  await program.ok("ssh_execute", { session_id, command });
  assert.equal((await Deno.stat(`${bed.home}/d/a`)).size, Number(PIN));
  const listing = await program.call("ssh_list_remote_dir", { session_id, remote_path: `${bed.home}/d` });
  assert.ok(!listing.text.includes(PIN), listing.text);
  assert.deepEqual(listing.value.entries.map((entry: { size: unknown }) => entry.size), ["***", 0]);
  // A number that the answer must have cannot become a text.
  const read = await program.fails("ssh_read_remote_file", {
    session_id,
    remote_path: `${bed.home}/d/a`,
    max_bytes: 1,
  });
  assert.equal(read.code, "answer_withheld");
  assert.match(read.message, /\bsize\b/);
  assert.ok(!JSON.stringify(read).includes(PIN));
});
