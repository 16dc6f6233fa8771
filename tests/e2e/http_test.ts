/** Streamable HTTP: both eras, several clients of one server, and everybody who must not get in. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { accountBed, withProgram } from "../support/account_bed.ts";
import { HttpProgram } from "../support/http_program.ts";
import { envelope, MODERN } from "../support/modern.ts";
import { eventually, processes } from "../support/processes.ts";

const TOKEN = "a token of the user's own 123";
const SECRET = "sk-live-4f9Qz7XbT2mLr8WcD";

const ERAS = [
  ["2025-11-25", {}],
  [MODERN, { versionNegotiation: { mode: { pin: MODERN } } }],
] as const;

async function httpSetup() {
  const bed = await accountBed({ env: `API_TOKEN=${SECRET}\n` });
  return withProgram(bed, await HttpProgram.start(bed.least));
}

async function isRunning(uid: number, command: string): Promise<boolean> {
  return (await processes()).some((process) => process.uid === uid && process.command === command);
}

/** A call of a tool as a 2026-07-28 client writes it: the head of the request, and its body. */
function modernCall(program: HttpProgram, name: string, args: Record<string, unknown>): [string, string] {
  const params = { name, arguments: args, ...envelope() };
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
  const { host } = new URL(program.url);
  const headers = [
    "POST /mcp HTTP/1.1",
    `Host: ${host}`,
    `Authorization: Bearer ${program.token}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    `MCP-Protocol-Version: ${MODERN}`,
    "Mcp-Method: tools/call",
    `Mcp-Name: ${name}`,
    `Content-Length: ${body.length}`,
  ];
  return [`${headers.join("\r\n")}\r\n\r\n`, body];
}

for (const [era, options] of ERAS) {
  Deno.test(`over HTTP a ${era} client connects, runs, hears of progress, and sees no secret`, async () => {
    await using setup = await httpSetup();
    const { program, target, user } = setup;
    await using caller = await program.connect(options);
    assert.equal((await caller.client.listTools()).tools.length, 20);
    const { session_id } = await caller.ok("ssh_connect", target);
    await caller.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
    const { stdout } = await caller.ok("ssh_execute", { session_id, command: 'id -un; echo "$API_TOKEN"' });
    assert.equal(stdout, `${user.name}\n***\n`);
    await assert.rejects(caller.call(SECRET), (error: Error) => {
      assert.match(error.message, /unknown tool/);
      return !error.message.includes(SECRET);
    });
    let updates = 0;
    await caller.client.callTool({ name: "ssh_execute", arguments: { session_id, command: "sleep 2.5" } }, {
      onprogress: () => updates++,
    });
    assert.ok(updates >= 1);
  });

  Deno.test(`over HTTP a ${era} client's person is asked before masking is lifted`, async () => {
    await using setup = await httpSetup();
    const { program, target } = setup;
    await using caller = await program.connect({ ...options, capabilities: { elicitation: { form: {} } } });
    caller.client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { confirm: true } }));
    const { session_id } = await caller.ok("ssh_connect", target);
    await caller.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
    assert.equal((await caller.ok("ssh_clear_secrets", { session_id })).masking, "lifted");
  });
}

Deno.test("over HTTP a 2025-11-25 client that gives up ends its command at the far end", async () => {
  await using setup = await httpSetup();
  const { program, target, user } = setup;
  await using caller = await program.connect(ERAS[0][1]);
  const { session_id } = await caller.ok("ssh_connect", target);
  const abort = new AbortController();
  const command = "sleep 7741";
  const running = caller.client.callTool({ name: "ssh_execute", arguments: { session_id, command } }, {
    signal: abort.signal,
  }).catch(() => "gave up");
  await eventually("the command runs", () => isRunning(user.uid, command));
  abort.abort();
  assert.equal(await running, "gave up");
  await eventually("the command is gone", async () => !await isRunning(user.uid, command));
  assert.equal((await caller.ok("ssh_execute", { session_id, command: "echo on" })).stdout, "on\n");
});

// Its connections are opened and closed here by hand: how a client's library does it depends on when it collects garbage.
Deno.test("over HTTP a 2026-07-28 client that goes away ends its command at the far end", async () => {
  await using setup = await httpSetup();
  const { program, target, user } = setup;
  await using caller = await program.connect(ERAS[1][1]);
  const { session_id } = await caller.ok("ssh_connect", target);
  const { hostname, port } = new URL(program.url);
  for (const [index, length] of [10, 1000, 3000, 100_000].entries()) {
    const sleep = `sleep 7742${index}`;
    const [head, body] = modernCall(program, "ssh_execute", { session_id, command: `${sleep} #${"x".repeat(length)}` });
    const connection = await Deno.connect({ hostname, port: Number(port) });
    await new Blob([head]).stream().pipeTo(connection.writable, { preventClose: true });
    await delay(100); // so that the body comes by itself
    await new Blob([body]).stream().pipeTo(connection.writable, { preventClose: true });
    await eventually("the command runs", () => isRunning(user.uid, sleep));
    connection.close();
    await eventually("the command is gone", async () => !await isRunning(user.uid, sleep));
  }
  assert.equal((await caller.ok("ssh_execute", { session_id, command: "echo on" })).stdout, "on\n");
});

Deno.test("over HTTP all clients share the sessions, and SIGTERM ends the program with code 0", async () => {
  await using setup = await httpSetup();
  const { program, target } = setup;
  await using first = await program.connect(ERAS[0][1]);
  const { session_id } = await first.ok("ssh_connect", target);
  {
    await using second = await program.connect(ERAS[1][1]);
    assert.equal((await second.ok("ssh_execute", { session_id, command: "echo shared" })).stdout, "shared\n");
  }
  const { sessions } = await first.ok("ssh_list_sessions");
  assert.deepEqual(sessions.map((session: { session_id: string }) => session.session_id), [session_id]);
  const hanging = first.call("ssh_execute", { session_id, command: "sleep 60" }).catch(() => {});
  Deno.kill(program.daemon.pid, "SIGTERM");
  assert.equal(await program.daemon.exited, 0);
  await first.client.close();
  await hanging;
});

Deno.test("over HTTP nobody gets in without the token, by another name, or from a page in a browser", async () => {
  await using program = await HttpProgram.start({
    permissions: ["--allow-net", "--allow-env=MCP_REMOTE_SSH_TOKEN"],
    env: { MCP_REMOTE_SSH_TOKEN: TOKEN },
  });
  assert.ok(!program.daemon.log.includes(TOKEN));
  await using caller = await program.connect();
  assert.deepEqual(await caller.ok("ssh_list_sessions"), { sessions: [] });
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
  const statusOf = async (headers: Record<string, string>, body: unknown = list): Promise<number> => {
    const response = await program.post(body, headers);
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await statusOf({ authorization: "" }), 401);
  assert.equal(await statusOf({ authorization: `Bearer ${TOKEN.slice(1)}` }), 401);
  assert.equal(await statusOf({ authorization: TOKEN }), 401);
  assert.equal(await statusOf({ origin: "https://evil.example" }), 403);
  assert.equal(await statusOf({ "mcp-session-id": "not one" }), 404);
  assert.equal(await statusOf({}), 400, "a client that has not initialized");
  assert.equal(await statusOf({}, "{ not JSON"), 400);
  assert.equal(await statusOf({ "content-type": "text/plain" }), 415);
  await assert.rejects(program.connect({}, "a wrong token, long enough"));
  const other = await fetch(new URL("/", program.url));
  assert.equal(other.status, 404);
  assert.deepEqual(await caller.ok("ssh_list_sessions"), { sessions: [] });
});

Deno.test("a name that was bound anew to this machine is refused", async () => {
  await using program = await HttpProgram.start();
  const { hostname, port } = new URL(program.url);
  await using connection = await Deno.connect({ hostname, port: Number(port) }).then((open) => ({
    open,
    [Symbol.asyncDispose]: () => Promise.resolve(open.close()),
  }));
  const lines = ["POST /mcp HTTP/1.1", "Host: evil.example", `Authorization: Bearer ${program.token}`, "", ""];
  await connection.open.write(new TextEncoder().encode(lines.join("\r\n")));
  const answer = new Uint8Array(64);
  await connection.open.read(answer);
  assert.match(new TextDecoder().decode(answer), /^HTTP\/1\.1 403/);
});

Deno.test("the program says how to mend it when it cannot listen", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const failure = (permissions: string[], flags: string[], env = {}): Promise<string> =>
    HttpProgram.start({ permissions, flags, env }).then(() => "it started", (error: Error) => error.message);
  assert.match(await failure(["--allow-net"], [`--port=${port}`]), /already in use.*choose another --port/);
  assert.match(
    await failure(["--allow-net=127.0.0.1:22"], ["--port=9"]),
    /start the server with --allow-net=127\.0\.0\.1:9$/m,
  );
  assert.match(await failure(["--allow-net"], ["--host=192.0.2.1"]), /--host must be an address of this machine/);
  assert.match(await failure(["--allow-net"], ["--port=70000"]), /--port takes a number/);
  const permissions = ["--allow-net", "--allow-env=MCP_REMOTE_SSH_TOKEN"];
  assert.match(await failure(permissions, [], { MCP_REMOTE_SSH_TOKEN: "short" }), /fewer than 16 characters/);
  listener.close();
});
