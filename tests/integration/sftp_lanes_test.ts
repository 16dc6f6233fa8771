import assert from "node:assert/strict";
import { execute } from "../../lib/ssh/commands/exec.ts";
import { SPREAD_BYTES } from "../../lib/ssh/transfer/writing.ts";
import { type DelayProxy, type Line, startDelayProxy } from "../../bench/support/delay_proxy.ts";
import { FileTools, leaves, names, someBytes } from "../support/file_tools.ts";
import { descendants } from "../support/processes.ts";
import { isRoot, runOk } from "../support/run.ts";
import { type Sshd, type SshdOptions, startSshd } from "../support/sshd.ts";
import { tempDir } from "../support/temp_dir.ts";

/** There and back, so long that one channel carries less than the slowest machine does. */
const ROUND_TRIP_MS = 240;
const SIZE = 40 * 1024 * 1024;
const bytes = someBytes(SIZE);

/** A host that is far away. */
class FarHost implements AsyncDisposable {
  /** Called with each channel that is about to be opened, counted from 1. */
  onChannel: (count: number) => void = () => {};
  channels = 0;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    readonly sshd: Sshd,
    readonly tools: FileTools,
    readonly remote: string,
    stack: AsyncDisposableStack,
  ) {
    this.#stack = stack;
    this.#count();
  }

  static async start(options: SshdOptions = {}, line: Line = {}): Promise<FarHost> {
    const stack = new AsyncDisposableStack();
    const sshd = stack.use(await startSshd(options));
    const remote = stack.use(await tempDir("mcp-remote-ssh-remote-"));
    const proxy: DelayProxy = stack.use(startDelayProxy(sshd.port, ROUND_TRIP_MS / 2, line));
    const { host, user, clientKeyPath } = sshd;
    const tools = stack.use(await FileTools.connect({ host, port: proxy.port, user, clientKeyPath }));
    await tools.local.write("big", bytes);
    return new FarHost(sshd, tools, remote.path, stack);
  }

  /** The target of all uploads here. */
  get target(): string {
    return `${this.remote}/there`;
  }

  async part(): Promise<string> {
    const part = (await names(this.remote)).find((name) => name.endsWith(".mcp-part"));
    return `${this.remote}/${part}`;
  }

  async reconnect(): Promise<void> {
    await this.tools.reconnect();
    this.#count();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  #count(): void {
    const { connection } = this.tools.session;
    const original = connection.subsystem.bind(connection);
    this.channels = 0;
    connection.subsystem = (name, options, onOpen) => {
      this.onChannel(++this.channels);
      return original(name, options, onOpen);
    };
  }
}

const plain = { timeoutMs: 60_000, maxOutputBytes: 1000, filter: () => ({ push: <T>(part: T) => part, end: none }) };
function none(): Uint8Array {
  return new Uint8Array(0);
}

Deno.test("a large upload over a long way takes more channels, and the file is as ever", async () => {
  await using host = await FarHost.start();
  await Deno.writeTextFile(host.target, "the old file", { mode: 0o640 });
  const before = Date.now();
  const args = { local_path: "big", remote_path: host.target, verify: true };
  const { note } = await host.tools.ok("ssh_upload_file", args);
  assert.equal(host.channels, 4);
  assert.equal(note, undefined);
  const { mode, atime, mtime } = await Deno.stat(host.target);
  assert.equal(mode! & 0o777, 0o640);
  for (const time of [atime, mtime]) assert.ok(Math.abs(time!.getTime() - before) < 120_000, String(time));
  assert.deepEqual(await Deno.readFile(host.target), bytes);
  assert.deepEqual(await names(host.remote), ["there"]);
  await closed(host, 1);
});

/** Waits until no more than so many channels are open at the host. */
async function closed({ sshd }: FarHost, count: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const servers = (await descendants(sshd.pid)).filter(({ command }) => /internal-sftp|sftp-server/.test(command));
    if (servers.length <= count) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("channels stayed open");
}

Deno.test("where the server allows one channel, that carries all", async () => {
  await using host = await FarHost.start({ maxSessions: 1 });
  await host.tools.ok("ssh_upload_file", { local_path: "big", remote_path: host.target });
  assert.ok(host.channels > 1);
  assert.deepEqual(await Deno.readFile(host.target), bytes);
});

Deno.test("where the server lets no times be set, one channel carries all", async () => {
  await using host = await FarHost.start({ config: ["ForceCommand internal-sftp -P fsetstat"] });
  await host.tools.ok("ssh_upload_file", { local_path: "big", remote_path: host.target });
  assert.equal(host.channels, 4);
  assert.deepEqual(await Deno.readFile(host.target), bytes);
});

Deno.test("further channels of an upload make room for a command that waits", async () => {
  await using host = await FarHost.start({ maxSessions: 4 });
  const order: string[] = [];
  let ran: Promise<unknown> | undefined;
  const progress = (): void => {
    if (host.channels < 4) return;
    ran ??= execute(host.tools.session, "true", {}, plain).then(
      () => order.push("command"),
      () => order.push("failed"),
    );
  };
  await host.tools.local.write("big", someBytes(2 * SIZE));
  await host.tools.ok("ssh_upload_file", { local_path: "big", remote_path: host.target }, { progress });
  order.push("upload");
  await ran;
  assert.deepEqual(order, ["command", "upload"]);
  assert.deepEqual(await Deno.readFile(host.target), someBytes(2 * SIZE));
});

Deno.test("what is put in the place of a part is not written to by further channels", async () => {
  await using host = await FarHost.start();
  const victim = `${host.remote}/victim`;
  await Deno.writeFile(victim, new Uint8Array(SIZE));
  let swapped = false;
  host.onChannel = (count) => {
    if (count !== 2) return;
    const part = [...Deno.readDirSync(host.remote)].find(({ name }) => name.endsWith(".mcp-part"));
    Deno.renameSync(`${host.remote}/${part!.name}`, `${host.remote}/moved`);
    Deno.symlinkSync(victim, `${host.remote}/${part!.name}`);
    swapped = true;
  };
  await host.tools.ok("ssh_upload_file", { local_path: "big", remote_path: host.target });
  assert.ok(swapped);
  assert.equal((await Deno.readFile(victim)).every((byte) => byte === 0), true);
  assert.deepEqual(await Deno.readFile(`${host.remote}/moved`), bytes);
});

Deno.test("an upload of which one channel ends is resumed, and gaps at the end of its part are filled", async () => {
  await using host = await FarHost.start({ sftp: "/usr/lib/openssh/sftp-server" });
  const large = someBytes(2 * SIZE);
  await host.tools.local.write("big", large);
  await Deno.writeTextFile(host.target, "the old file");
  const args = { local_path: "big", remote_path: host.target };
  const failing = host.tools.fails("remote_file_error", "ssh_upload_file", args);
  await Promise.race([failing, killOne(host)]);
  const error = await failing;
  assert.match(error.hint, /resume: true/);
  assert.equal(await Deno.readTextFile(host.target), "the old file");
  const done = await host.tools.ok("ssh_upload_file", { ...args, resume: true, verify: true });
  assert.equal(done.bytes, 2 * SIZE);
  assert.deepEqual(await Deno.readFile(host.target), large);
  assert.deepEqual(await names(host.remote), ["there"]);
});

/** Kills the server of a channel that the upload has opened, once that has begun to write. */
async function killOne(host: FarHost): Promise<void> {
  const writers = async (): Promise<number[]> => {
    const servers = (await descendants(host.sshd.pid)).filter(({ command }) =>
      command.startsWith("/usr/lib/openssh/sftp-")
    );
    return servers.map(({ pid }) => pid).filter((pid) => isWriting(pid)).sort((one, other) => one - other);
  };
  for (let tries = 0; tries < 600; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (host.channels < 4) continue;
    const [, another] = await writers(); // the first is the one that made the part
    if (another !== undefined) return Deno.kill(another, "SIGKILL");
  }
}

function isWriting(pid: number): boolean {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].some(({ name }) => {
      if (!Deno.readLinkSync(`/proc/${pid}/fd/${name}`).endsWith(".mcp-part")) return false;
      return /^pos:\s+[1-9]/.test(Deno.readTextFileSync(`/proc/${pid}/fdinfo/${name}`));
    });
  } catch {
    return false; // it has ended
  }
}

Deno.test("resume: true goes on before the gaps that a part may have at its end", async () => {
  await using host = await FarHost.start();
  const args = { local_path: "big", remote_path: host.target };
  host.onChannel = (count) => void (count === 2 && host.tools.session.connection.client.destroy());
  await host.tools.fails("session_dropped", "ssh_upload_file", args);
  const part = await host.part();
  const length = SPREAD_BYTES + 5_000_000;
  const left = bytes.slice(0, length);
  left.fill(0, 5_500_000, 6_000_000);
  await Deno.writeFile(part, left);
  host.onChannel = () => {};
  await host.reconnect();
  const done = await host.tools.ok("ssh_upload_file", { ...args, resume: true, verify: true });
  assert.equal(done.resumed_from, 5_000_000);
  assert.deepEqual(await Deno.readFile(host.target), bytes);
  assert.deepEqual(await names(host.remote), ["there"]);
});

Deno.test("a cancelled upload over several channels leaves the old file, no part, and no channel", async () => {
  await using host = await FarHost.start();
  await Deno.writeTextFile(host.target, "the old file");
  const controller = new AbortController();
  const cancelling = setInterval(() => host.channels >= 4 && controller.abort(), 50);
  const args = { local_path: "big", remote_path: host.target };
  await host.tools.fails("cancelled", "ssh_upload_file", args, { signal: controller.signal });
  clearInterval(cancelling);
  await leaves(host.remote, ["there"]);
  assert.equal(await Deno.readTextFile(host.target), "the old file");
  await closed(host, 1);
});

if (isRoot()) {
  Deno.test("a disk that is full over several channels is named, and leaves the old file", async () => {
    await using host = await FarHost.start();
    await runOk("mount", ["-t", "tmpfs", "-o", "size=32m", "tmpfs", host.remote]);
    try {
      await Deno.writeTextFile(host.target, "the old file");
      await host.tools.fails("no_space", "ssh_upload_file", { local_path: "big", remote_path: host.target });
      assert.equal(host.channels, 4);
      // Whatever is asked next over the same channel comes after the clean-up.
      await host.tools.ok("ssh_list_remote_dir", { remote_path: host.remote });
      assert.equal(await Deno.readTextFile(host.target), "the old file");
      assert.deepEqual(await names(host.remote), ["there"]);
    } finally {
      await runOk("umount", ["-l", host.remote]);
    }
  });
}

Deno.test("a line that is full gets no more channels, and keys that change do not hold transfers up", async () => {
  await using host = await FarHost.start({ config: ["RekeyLimit 4M"] }, { bytesPerSecond: 4_000_000 });
  await host.tools.local.write("big", bytes.subarray(0, 24_000_000));
  const args = { local_path: "big", remote_path: host.target, verify: true };
  await host.tools.ok("ssh_upload_file", args);
  assert.equal(host.channels, 1);
  await host.tools.ok("ssh_download_file", { ...args, local_path: "back" });
  assert.deepEqual(await Deno.readFile(`${host.tools.local.path}/back`), bytes.subarray(0, 24_000_000));
});

Deno.test("an upload over several channels goes on when the line gets narrow on the way", async () => {
  const line: Line = {};
  await using host = await FarHost.start({ config: ["RekeyLimit 8M"] }, line);
  let narrowed = 0;
  const progress = ({ progress }: { progress: number }): void => {
    if (host.channels < 4 || narrowed > 0) return;
    narrowed = progress;
    line.bytesPerSecond = 5_000_000;
  };
  await host.tools.ok("ssh_upload_file", { local_path: "big", remote_path: host.target }, { progress });
  assert.ok(narrowed > 0 && narrowed < SIZE);
  assert.deepEqual(await Deno.readFile(host.target), bytes);
});
