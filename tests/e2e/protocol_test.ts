/** The protocol: both eras, what starts without any permission, bad input, malformed lines. */
import assert from "node:assert/strict";
import { envelope, MODERN } from "../support/modern.ts";
import { Program } from "../support/program.ts";
import { RawProgram } from "../support/raw_program.ts";

for (const version of ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]) {
  Deno.test(`program speaks ${version} by initialize, with no permission at all`, async () => {
    await using program = new RawProgram({ permissions: ["--deny-net", "--deny-read", "--deny-env"] });
    const hello = await program.initialize(version);
    assert.equal(hello.result.protocolVersion, version);
    assert.equal(hello.result.serverInfo.name, "mcp-remote-ssh");
    const { result } = await program.request("tools/list");
    assert.equal(result.tools[0].name, "ssh_connect");
    const call = await program.request("tools/call", { name: "ssh_list_sessions", arguments: {} });
    assert.deepEqual(call.result.structuredContent, { sessions: [] });
  });
}

Deno.test(`program speaks ${MODERN} without a handshake`, async () => {
  await using program = new RawProgram({ permissions: [] });
  const discovered = await program.request("server/discover", envelope());
  assert.ok(discovered.result.supportedVersions.includes(MODERN));
  const listed = await program.request("tools/list", envelope());
  assert.equal(listed.result.tools[0].name, "ssh_connect");
  const called = await program.request("tools/call", { name: "ssh_list_sessions", arguments: {}, ...envelope() });
  assert.deepEqual(called.result.structuredContent, { sessions: [] });
  assert.equal(called.result.content[0].text, '{"sessions":[]}');
});

Deno.test("tools/list is under 16 KB, each tool has a title, a description, both schemas and annotations", async () => {
  await using program = new RawProgram({ permissions: [] });
  await program.initialize();
  const { result } = await program.request("tools/list");
  assert.ok(JSON.stringify(result).length < 16 * 1024, `${JSON.stringify(result).length} bytes`);
  for (const tool of result.tools) {
    assert.ok(tool.title && tool.description, tool.name);
    assert.equal(tool.inputSchema.type, "object");
    assert.equal(tool.outputSchema.type, "object");
    assert.equal(typeof tool.annotations.readOnlyHint, "boolean");
  }
});

Deno.test("each missing permission is a result whose hint is the whole flag to add", async () => {
  await using program = await Program.start({ permissions: [] });
  const net = await program.fails("ssh_connect", { host: "127.0.0.1", port: 2222, password: "x" });
  assert.equal(net.code, "permission_denied_locally");
  assert.match(net.hint ?? "", /--allow-net=127\.0\.0\.1:2222$/);
  const key = await program.fails("ssh_connect", { host: "127.0.0.1", key_path: "/keys/my key" });
  assert.equal(key.code, "permission_denied_locally");
  assert.match(key.hint ?? "", /'--allow-read=\/keys\/my key'$/);
  const agent = await program.fails("ssh_connect", { host: "127.0.0.1" });
  assert.equal(agent.code, "agent_unavailable");
  assert.match(agent.hint ?? "", /--allow-env=SSH_AUTH_SOCK/);
  const relative = await program.fails("ssh_connect", { host: "127.0.0.1", key_path: "keys/one" });
  assert.match(relative.hint ?? "", /--allow-read=\/.*\/keys\/one$/);
  const comma = await program.fails("ssh_connect", { host: "127.0.0.1", key_path: "/keys/a,b" });
  assert.equal(comma.hint, "give the file a path without a comma, at which Deno's flags divide a list");
  const v6 = await program.fails("ssh_connect", { host: "::1", port: 2222, password: "x" });
  assert.match(v6.hint ?? "", /--allow-net=\[::1\]:2222/);
});

Deno.test("the hint for the ssh-agent's socket names both flags, with its path fit to be pasted", async () => {
  await using program = await Program.start({
    permissions: ["--allow-env=SSH_AUTH_SOCK"],
    env: { SSH_AUTH_SOCK: "/run/my agent/socket" },
  });
  const { code, hint } = await program.fails("ssh_connect", { host: "127.0.0.1" });
  assert.equal(code, "agent_unavailable");
  assert.match(hint ?? "", /'--allow-read=\/run\/my agent\/socket' '--allow-write=\/run\/my agent\/socket'$/);
});

const BAD_CALLS: ReadonlyArray<[why: string, tool: string, args: Record<string, unknown>, message: RegExp]> = [
  ["a missing parameter", "ssh_connect", {}, /host/],
  ["a wrong type", "ssh_connect", { host: 5 }, /host/],
  ["an unknown parameter", "ssh_connect", { host: "h", prot: 22 }, /prot/],
  ["port 0", "ssh_connect", { host: "h", port: 0 }, /port/],
  ["port 70000", "ssh_connect", { host: "h", port: 70000 }, /port/],
  ["a fractional port", "ssh_connect", { host: "h", port: 22.5 }, /port/],
  ["a host with a blank", "ssh_connect", { host: "a b" }, /host/],
  ["a host with a line end", "ssh_connect", { host: "a\nb" }, /host/],
  ["a host with a direction mark", "ssh_connect", { host: "a\u202eb" }, /host/],
  ["a user with an escape", "ssh_connect", { host: "h", username: "root\x1b[2J" }, /username/],
  ["a user with a line end", "ssh_connect", { host: "h", username: "root\nPort 1" }, /username/],
  ["an empty host", "ssh_connect", { host: "" }, /host/],
  ["a NUL", "ssh_execute", { session_id: "s", command: "a\0b" }, /NUL/],
  ["an empty command", "ssh_execute", { session_id: "s", command: "" }, /command/],
  ["a blank command", "ssh_execute", { session_id: "s", command: " \n " }, /empty/],
  ["a negative timeout", "ssh_execute", { session_id: "s", command: "a", timeout: -1 }, /timeout/],
  ["an endless timeout", "ssh_execute", { session_id: "s", command: "a", timeout: 1e99 }, /timeout/],
];

Deno.test("bad arguments are answered with invalid_argument and name the parameter", async (test) => {
  await using program = await Program.start({ permissions: [] });
  for (const [why, tool, args, message] of BAD_CALLS) {
    await test.step(why, async () => {
      const error = await program.fails(tool, args);
      assert.equal(error.code, "invalid_argument");
      assert.match(error.message, message);
    });
  }
  await test.step("an unknown tool", async () => {
    await assert.rejects(program.call("ssh_explode"), /unknown tool "ssh_explode"/);
  });
  assert.deepEqual(await program.ok("ssh_list_sessions"), { sessions: [] });
});

Deno.test("malformed lines never end the process", async () => {
  await using program = new RawProgram({ permissions: [] });
  await program.initialize();
  for (
    const line of [
      "garbage",
      "{",
      "[]",
      "null",
      "42",
      '"text"',
      '{"jsonrpc":"2.0"}',
      '{"jsonrpc":"1.0","id":1,"method":"tools/list"}',
      '{"jsonrpc":"2.0","id":{},"method":"tools/list"}',
      '{"jsonrpc":"2.0","id":77,"method":"no/such"}',
      '{"jsonrpc":"2.0","id":78,"method":"tools/call","params":[]}',
      '{"jsonrpc":"2.0","id":79,"result":{}}',
      "\u0000\u0001\u0002",
      "",
    ]
  ) await program.send(line + "\n");
  await program.send(new Uint8Array([0xff, 0xfe, 0x80, 10]));
  const endless = new Uint8Array(1024 * 1024).fill(120);
  for (let megabyte = 0; megabyte < 66; megabyte++) await program.send(endless);
  await program.send("\n");
  assert.equal((await program.request("tools/list")).result.tools[0].name, "ssh_connect");
});
