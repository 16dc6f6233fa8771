/** What the program tells of its tunnels, and what it carries through them. */
import assert from "node:assert/strict";
import { programBed } from "../support/account_bed.ts";
import { dial, ending, readAll, serveEcho } from "../support/forward_bed.ts";
import { freePort } from "../support/free_port.ts";
import { eventually } from "../support/processes.ts";

const TOKEN = "tun-live-4f9Qz7XbT2mLr8WcD";
const HOST = "db-7f3k9q2x5v8w.internal.invalid";

Deno.test("ssh_list_forwards tells of one session's forwards or of all, with every number", async () => {
  await using bed = await programBed();
  const { program } = bed;
  await using echo = await serveEcho();
  const dead = freePort();
  const [first, second] = [await program.ok("ssh_connect", bed.target), await program.ok("ssh_connect", bed.target)];
  const open = (session_id: string, remote_port: number) =>
    program.ok("ssh_forward_port", { session_id, remote_port, remote_host: "127.0.0.1" });
  const alive = await open(first.session_id, echo.port);
  const useless = await open(second.session_id, dead);
  const socket = await dial(alive.local_port);
  socket.end("nineteen characters");
  assert.equal((await readAll(socket)).toString(), "nineteen characters");
  await ending(await dial(useless.local_port));
  const expected = [
    {
      session_id: first.session_id,
      forward_id: alive.forward_id,
      direction: "local",
      state: "open",
      listening: `127.0.0.1:${alive.local_port}`,
      target: `127.0.0.1:${echo.port}`,
      connections_now: 0,
      connections_total: 1,
      connections_failed: 0,
      bytes_to_remote: 19,
      bytes_from_remote: 19,
    },
    {
      session_id: second.session_id,
      forward_id: useless.forward_id,
      direction: "local",
      state: "open",
      listening: `127.0.0.1:${useless.local_port}`,
      target: `127.0.0.1:${dead}`,
      connections_now: 0,
      connections_total: 1,
      connections_failed: 1,
      bytes_to_remote: 0,
      bytes_from_remote: 0,
      last_error: `127.0.0.1:${dead}: the server could not connect, "Connection refused"`,
    },
  ];
  // deno-lint-ignore no-explicit-any -- as the program answers
  const list = async (args = {}): Promise<any[]> => (await program.ok("ssh_list_forwards", args)).forwards;
  await eventually("both connections are over", async () => {
    return (await list()).every(({ connections_now }) => connections_now === 0);
  });
  assert.deepEqual(await list(), expected);
  assert.deepEqual(await list({ session_id: first.session_id }), [expected[0]]);
  assert.deepEqual(await list({ session_id: second.session_id }), [expected[1]]);
});

Deno.test("a forward carries a loaded secret as it is, and the listings show none", async () => {
  await using bed = await programBed({ env: `TOKEN=${TOKEN}\nDB_HOST=${HOST}\n` });
  const { program } = bed;
  await using echo = await serveEcho();
  const { session_id } = await program.ok("ssh_connect", bed.target);
  await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
  const { local_port } = await program.ok("ssh_forward_port", { session_id, remote_port: echo.port });
  const socket = await dial(local_port);
  socket.end(`Authorization: Bearer ${TOKEN}\r\n`);
  assert.equal((await readAll(socket)).toString(), `Authorization: Bearer ${TOKEN}\r\n`);

  const opened = await program.call("ssh_forward_port", { session_id, remote_port: 5432, remote_host: HOST });
  await ending(await dial(opened.value.local_port));
  const listing = await program.call("ssh_list_forwards");
  const { target, last_error } = listing.value.forwards[1];
  assert.deepEqual([opened.value.target, target], ["***:5432", "***:5432"]);
  assert.match(last_error, /^\*\*\*:5432: the server could not connect/);
  for (const { text, value } of [opened, listing]) assert.ok(!`${text}${JSON.stringify(value)}`.includes(HOST));
});
