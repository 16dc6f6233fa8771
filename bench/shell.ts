/**
 * What the interactive shell costs: a `cd` through ssh_shell_send beside the same over a bare channel, the delay of
 * ssh_shell_wait behind the output it waits for, and how other calls fare while a shell floods.
 *
 * Run with `deno run -A bench/shell.ts`.
 */
import type { Session } from "../lib/ssh/session.ts";
import { openTerminal, type TerminalLink } from "../lib/ssh/shell/link.ts";
import { shellPath, ShellUser } from "../tests/support/shell_user.ts";
import { startSshd } from "../tests/support/sshd.ts";

const ROUNDS = 40;

/** A terminal that is typed into and read without anything between. */
class BareTerminal {
  #seen = "";
  #wake = (): void => {};
  #link!: TerminalLink;

  static async open(session: Session): Promise<BareTerminal> {
    const bare = new BareTerminal();
    bare.#link = await openTerminal(session.connection, { term: "xterm", size: { width: 200, height: 50 } }, {
      onData: (bytes) => {
        bare.#seen += new TextDecoder().decode(bytes);
        bare.#wake();
      },
      onEnd: () => {},
    });
    return bare;
  }

  async until(text: string): Promise<void> {
    while (!this.#seen.includes(text)) await new Promise<void>((resolve) => this.#wake = resolve);
    this.#seen = "";
  }

  type(text: string): void {
    this.#link.write(text);
  }
}

function summary(times: number[]): { median: number; worst: number } {
  const sorted = times.toSorted((one, other) => one - other);
  return { median: sorted[sorted.length >> 1] ?? NaN, worst: sorted.at(-1) ?? NaN };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

function report(label: string, times: number[], base?: number[]): void {
  const { median, worst } = summary(times);
  const ratio = base === undefined ? "" : `, ${(median / summary(base).median).toFixed(1)} times the bare channel`;
  console.log(`${label}: median ${median.toFixed(1)} ms, worst ${worst.toFixed(1)} ms${ratio}`);
}

await using sshd = await startSshd();
for (const name of ["bash", "dash", "zsh"] as const) {
  await using shell = await ShellUser.login(sshd, await shellPath(name));
  await shell.open();
  const bare = await BareTerminal.open(shell.client.app.sessions.use(shell.session));
  bare.type("PS1=READY'> '\r"); // its echo is not what is waited for
  await bare.until("READY> ");
  const [ours, floor, awaited]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await timed(() => shell.send("cd /usr/lib")));
    floor.push(
      await timed(() => {
        bare.type("cd /usr/lib\r");
        return bare.until("READY> ");
      }),
    );
    awaited.push(await timed(() => shell.run("cd /usr")));
  }
  report(`${name}: ssh_shell_send cd`, ours, floor);
  report(`${name}: ssh_shell_send cd with await_exit`, awaited, floor);
}

await using shell = await ShellUser.login(sshd, await shellPath("bash"));
await shell.open();
const delays: number[] = [];
for (let round = 0; round < 10; round++) {
  await shell.send("sleep 0.2; echo at-$(date +%s%N)-end; sleep 0.2", { wait: 0.01 });
  const { output } = await shell.wait("-end\n");
  delays.push(Date.now() - Number(/at-(\d+)-end/.exec(output)?.[1]) / 1e6);
  await shell.wait(undefined);
}
report("ssh_shell_wait behind the pattern's arrival", delays);

const execute = (): Promise<unknown> => shell.client.call("ssh_execute", { session_id: shell.session, command: ":" });
const calm: number[] = [];
for (let round = 0; round < 20; round++) calm.push(await timed(execute));
report("ssh_execute beside an idle shell", calm);
const names = ["main", "second", "third", "fourth", "fifth"];
for (const name of names) await shell.open({ name });

/** What other calls and Ctrl-C take while these shells flood. */
async function beside(flood: string, flooding: readonly string[], label: string): Promise<void> {
  for (const name of flooding) await shell.send(flood, { wait: 0.1, name });
  const flooded: number[] = [];
  for (let round = 0; round < 20; round++) flooded.push(await timed(execute));
  report(`ssh_execute beside ${label}`, flooded);
  const pressed: number[] = [];
  for (const name of flooding) pressed.push(await timed(() => shell.press("c", { name })));
  report(`Ctrl-C of ${label}`, pressed);
  for (const name of flooding) await shell.send("printf '\\033c'", { name });
}

for (const secrets of [0, 100]) {
  const values = Array.from({ length: secrets }, () => crypto.getRandomValues(new Uint8Array(20)).toHex());
  await shell.load(values.map((value, at) => `SECRET_${at}=${value}\n`).join(""));
  for (const flood of ["yes", "cat /dev/urandom"]) {
    await beside(flood, names.slice(0, 1), `${flood}, ${secrets} secrets`);
    await beside(flood, names, `${flood} in 5 shells, ${secrets} secrets`);
  }
}
