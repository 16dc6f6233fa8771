/**
 * One small command, `true`, on a warm session on loopback: this program through a real MCP client, OpenSSH's `ssh`
 * through a warm ControlMaster socket, and paramiko's exec_command. One run, in alternating blocks of calls that follow
 * one another; and once more one call of each in turn, where the others' calls are pauses that hide a part of the 40 ms
 * that paramiko waits for a delayed acknowledgement.
 */
import { Program } from "../tests/support/program.ts";
import { ensureProgram } from "../tests/support/run.ts";
import { createTestUser, startSshd } from "../tests/support/sshd.ts";
import { line, median } from "./support/statistics.ts";

const BLOCKS = 12;
const BLOCK_CALLS = 10;
const TURNS = 40;

const PARAMIKO = `
import paramiko, sys, time
host, port, user, key = sys.argv[1:5]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect(host, port=int(port), username=user, key_filename=key, allow_agent=False, look_for_keys=False)
print("ready", flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    stdin, stdout, stderr = client.exec_command("true")
    stdout.read(); stderr.read(); stdout.channel.recv_exit_status()
    print((time.perf_counter() - start) * 1000, flush=True)
`;

/** A paramiko process that runs the command once for each line it gets, and answers with the milliseconds it took. */
class Paramiko {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(args: string[]) {
    this.#child = new Deno.Command("/usr/bin/python3", {
      args: ["-c", PARAMIKO, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async ready(): Promise<void> {
    await this.#lines.read();
  }

  async run(): Promise<number> {
    await this.#input.write(new TextEncoder().encode("go\n"));
    return Number((await this.#lines.read()).value);
  }

  async close(): Promise<void> {
    await this.#input.close();
    await this.#child.status;
  }
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

await ensureProgram("ssh", "openssh-client");
await using sshd = await startSshd();
await using user = await createTestUser({ shell: "/bin/sh" });
await using program = await Program.start({ permissions: ["--allow-net", `--allow-read=${sshd.dir}`] });
const { session_id } = await program.ok("ssh_connect", {
  host: sshd.host,
  port: sshd.port,
  username: user.name,
  key_path: sshd.clientKeyPath,
});
const socket = `${sshd.dir}/control`;
const common = [
  "-S",
  socket,
  "-o",
  "StrictHostKeyChecking=no",
  "-o",
  "UserKnownHostsFile=/dev/null",
  "-o",
  "LogLevel=ERROR",
];
const target = ["-p", `${sshd.port}`, `${user.name}@${sshd.host}`];
await new Deno.Command("ssh", { args: [...common, "-i", sshd.clientKeyPath, "-M", "-N", "-f", ...target] }).output();
const paramiko = new Paramiko([sshd.host, `${sshd.port}`, user.name, sshd.clientKeyPath]);
await paramiko.ready();

type Times = { ours: number[]; controlMaster: number[]; paramiko: number[] };

/** Times `blocks` alternating blocks of `calls` calls each. */
async function measure(blocks: number, calls: number): Promise<Times> {
  const times: Times = { ours: [], controlMaster: [], paramiko: [] };
  const repeat = async (into: number[], action: () => Promise<number>) => {
    for (let call = 0; call < calls; call++) into.push(await action());
  };
  for (let block = 0; block < blocks; block++) {
    await repeat(times.ours, () => timed(() => program.ok("ssh_execute", { session_id, command: "true" })));
    const run = () => new Deno.Command("ssh", { args: [...common, ...target, "true"] }).output();
    await repeat(times.controlMaster, () => timed(run));
    await repeat(times.paramiko, () => paramiko.run());
  }
  return times;
}

await measure(1, BLOCK_CALLS); // warm
const inBlocks = await measure(BLOCKS, BLOCK_CALLS);
const inTurns = await measure(TURNS, 1);
await new Deno.Command("ssh", { args: [...common, "-O", "exit", ...target] }).output();
await paramiko.close();

console.log("ssh_execute of true: median, and how many times as long the others take");
report(`${BLOCKS} alternating blocks of ${BLOCK_CALLS} calls`, inBlocks);
report(`${TURNS} calls of each, one of each in turn`, inTurns);

function report(title: string, { ours, controlMaster, paramiko }: Times): void {
  const ratio = (others: number[]): string => `  ${(median(others) / median(ours)).toFixed(1)} x`;
  console.log(title);
  console.log(line("this program, through a real MCP client", ours));
  console.log(line("ssh through a warm ControlMaster socket", controlMaster) + ratio(controlMaster));
  console.log(line("paramiko exec_command", paramiko) + ratio(paramiko));
}
