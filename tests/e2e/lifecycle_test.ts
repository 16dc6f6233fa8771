/** How the program ends: quickly, with code 0, with nothing left behind here or there. */
import assert from "node:assert/strict";
import { processes } from "../support/processes.ts";
import { eventually } from "../support/processes.ts";
import { programArgs, programEnvironment } from "../support/program.ts";
import { type Message, RawProgram } from "../support/raw_program.ts";
import { createTestUser, startSshd } from "../support/sshd.ts";

/** What a machine on which all tests run at once may add to two seconds, besides a few times what any run takes there. */
const BUSY_MACHINE_MS = 2000;

/** How long the machine takes just now for a run of the program that does nothing. */
async function nothingMs(): Promise<number> {
  const program = new RawProgram({ flags: ["--version"] });
  const { ms } = await program.exited();
  return ms;
}

/** A program with one session, in which a command hangs that ignores TERM. */
async function hanging() {
  const sshd = await startSshd();
  const user = await createTestUser();
  const program = new RawProgram({ permissions: ["--allow-net", `--allow-read=${sshd.dir}`] });
  await program.initialize();
  const connected: Message = await program.request("tools/call", {
    name: "ssh_connect",
    arguments: { host: sshd.host, port: sshd.port, username: user.name, key_path: sshd.clientKeyPath },
  });
  const { session_id } = connected.result.structuredContent;
  const command = "trap '' TERM; sleep 7791; sleep 7792";
  void program.request("tools/call", { name: "ssh_execute", arguments: { session_id, command } });
  const sleeping = async () =>
    (await processes()).filter((process) => process.uid === user.uid && process.command.includes("sleep 779"));
  await eventually("the command hangs", async () => (await sleeping()).length > 0);
  return {
    program,
    sleeping,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await user[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

const ENDINGS: ReadonlyArray<
  [how: string, end: (program: Pick<RawProgram, "endInput" | "kill">) => Promise<void> | void]
> = [
  ["stdin closes", (program) => program.endInput()],
  ["SIGTERM comes", (program) => program.kill("SIGTERM")],
  ["SIGINT comes", (program) => program.kill("SIGINT")],
  ["SIGHUP comes", (program) => program.kill("SIGHUP")],
];

for (const [how, end] of ENDINGS) {
  Deno.test(`program ends with code 0 within two seconds when ${how} while a command hangs`, async () => {
    await using setup = await hanging();
    const { program, sleeping } = setup;
    const limit = 2000 + BUSY_MACHINE_MS + 4 * await nothingMs();
    await end(program);
    const { code, ms } = await program.exited();
    assert.equal(code, 0);
    assert.ok(ms < limit, `it took ${ms} ms, and not ${limit}`);
    await eventually("nothing is left at the far end", async () => (await sleeping()).length === 0);
  });
}

for (const [how, end] of ENDINGS) {
  Deno.test(`program ends with code 0 when ${how} and the client does not read its answers`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: programArgs({ permissions: [] }),
      env: programEnvironment({}),
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const input = child.stdin.getWriter();
    const requests = Array.from({ length: 50 }, (_, id) => `{"jsonrpc":"2.0","id":${id},"method":"tools/list"}\n`);
    await input.write(new TextEncoder().encode(requests.join("")));
    const reader = child.stdout.getReader({ mode: "byob" });
    await reader.read(new Uint8Array(1)); // it answers, and far more than a pipe holds is on its way
    await end({ endInput: () => input.close(), kill: (signal) => child.kill(signal) });
    const rescue = setTimeout(() => child.kill("SIGKILL"), 20_000);
    const { code } = await child.status;
    clearTimeout(rescue);
    assert.equal(code, 0);
    await reader.cancel();
    await input.close().catch(() => {});
  });
}

Deno.test("program answers all that it was asked before its input ended", async () => {
  await using program = new RawProgram({ permissions: [] });
  const asked = Array.from({ length: 50 }, () => program.request("tools/list"));
  await program.endInput();
  for (const { result } of await Promise.all(asked)) assert.equal(result.tools[0].name, "ssh_connect");
});

Deno.test("program ends when its client is killed", async () => {
  const client = new Deno.Command(Deno.execPath(), {
    args: ["eval", CLIENT, new URL("../../main.ts", import.meta.url).pathname],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = client.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const pid = Number((await reader.read()).value);
  const alive = async () => (await processes()).some((process) => process.pid === pid && process.state !== "Z");
  assert.ok(await alive());
  client.kill("SIGKILL");
  await client.status;
  await eventually("the program is gone", async () => !await alive());
  await reader.cancel();
});

/** A client that starts the program, tells its process id, and waits for its own end. */
const CLIENT = `
const child = new Deno.Command(Deno.execPath(), {
  args: ["run", "--no-prompt", "--allow-net", Deno.args[0]], stdin: "piped", stdout: "piped", stderr: "null",
}).spawn();
const writer = child.stdin.getWriter();
await writer.write(new TextEncoder().encode(
  '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},' +
  '"clientInfo":{"name":"x","version":"1"}}}\\n'));
await child.stdout.getReader().read();
console.log(child.pid);
await new Promise((resolve) => setTimeout(resolve, 60_000));
`;
