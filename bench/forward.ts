/**
 * Port forwarding beside `ssh -L`, in one interleaved run on loopback: throughput of one connection each way, latency
 * of a small request, memory of an idle connection.
 *
 *     deno run -A bench/forward.ts             # the comparison
 *     deno run -A bench/forward.ts --stress    # 1 GB with equal hashes, 10,000 connections one after the other
 *
 * The traffic's source, its destination and ssh are processes of their own; only the forward itself runs in here.
 */
import { createHash } from "node:crypto";
import { channelsOf, noChannelsLeft, socketsWithPort, type SshdBed, startBed } from "../tests/support/forward_bed.ts";
import { freePort } from "../tests/support/free_port.ts";
import { eventually } from "../tests/support/processes.ts";
import { ensureProgram, runOk } from "../tests/support/run.ts";

/** Many short ones: what else the machine does changes from second to second. */
const ROUNDS = 15;
const TRANSFER_BYTES = 64_000_000;
const REQUESTS = 1500;
const BLOCK = 1 << 18;

type Measure = "down" | "up" | "latency";

/** The far end of every measurement: does what the first line asks. */
async function servePeer(): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  for await (const connection of listener) {
    connection.setNoDelay(true);
    answer(connection).catch(() => {}).finally(() => connection.close());
  }
}

async function answer(connection: Deno.TcpConn): Promise<void> {
  const block = new Uint8Array(BLOCK);
  const line = new Uint8Array(16);
  let length = 0;
  while (length < line.length) length += await connection.read(line.subarray(length)) ?? Infinity;
  const [measure, bytes] = new TextDecoder().decode(line).trim().split(" ");
  let left = Number(bytes);
  if (measure === "down") {
    for (; left > 0; left -= BLOCK) await writeAll(connection, block.subarray(0, Math.min(left, BLOCK)));
  } else if (measure === "up") {
    while (left > 0) left -= await connection.read(block) ?? Infinity;
    await connection.write(block.subarray(0, 1));
  } else {
    for (let got; (got = await connection.read(block)) !== null;) await writeAll(connection, block.subarray(0, got));
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await connection.write(bytes.subarray(done));
}

/** The near end: prints MB/s, or the median latency in microseconds. */
async function runClient(port: number, measure: Measure): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  await writeAll(connection, new TextEncoder().encode(`${measure} ${TRANSFER_BYTES}`.padEnd(16)));
  const block = new Uint8Array(BLOCK);
  const begin = performance.now();
  if (measure === "latency") return console.log(await medianLatency(connection, block));
  if (measure === "down") {
    for (let left = TRANSFER_BYTES; left > 0;) left -= await connection.read(block) ?? fail("cut short");
  } else {
    for (let left = TRANSFER_BYTES; left > 0; left -= BLOCK) {
      await writeAll(connection, block.subarray(0, Math.min(left, BLOCK)));
    }
    await connection.read(block);
  }
  console.log(TRANSFER_BYTES / 1000 / (performance.now() - begin));
}

async function medianLatency(connection: Deno.TcpConn, block: Uint8Array): Promise<number> {
  const taken: number[] = [];
  for (let request = -200; request < REQUESTS; request++) {
    const begin = performance.now();
    await writeAll(connection, block.subarray(0, 64));
    await connection.read(block);
    if (request >= 0) taken.push((performance.now() - begin) * 1000);
  }
  return median(taken);
}

function fail(message: string): never {
  throw new Error(message);
}

function median(values: number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] ?? NaN;
}

/** Starts a part of this file as a process of its own. */
function own(...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", import.meta.filename ?? "", ...args],
    stdout: "piped",
  }).spawn();
}

async function startPeer(): Promise<{ port: number; child: Deno.ChildProcess }> {
  const child = own("--peer");
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return { port: Number(new TextDecoder().decode(value)), child };
}

async function startSsh(bed: SshdBed, port: number): Promise<{ port: number; child: Deno.ChildProcess }> {
  const { sshd } = bed;
  const local = freePort();
  const child = new Deno.Command(await ensureProgram("ssh", "openssh-client"), {
    args: [
      ...["-F", "none", "-N", "-i", sshd.clientKeyPath, "-p", String(sshd.port), "-l", sshd.user],
      ...["-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"],
      ...["-o", "UserKnownHostsFile=/dev/null", "-o", "ExitOnForwardFailure=yes"],
      ...["-L", `127.0.0.1:${local}:127.0.0.1:${port}`, sshd.host],
    ],
    stderr: "null",
  }).spawn();
  await eventually("ssh -L listens", async () => {
    return await Deno.connect({ hostname: "127.0.0.1", port: local }).then((each) => (each.close(), true), () => false);
  });
  return { port: local, child };
}

async function compare(bed: SshdBed): Promise<void> {
  const peer = await startPeer();
  const ssh = await startSsh(bed, peer.port);
  const { local_port } = await bed.forward({ remote_port: peer.port, remote_host: "127.0.0.1" });
  try {
    for (const measure of ["down", "up", "latency"] as const) {
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        // Turn about, so that neither always comes first.
        for (const which of round % 2 === 0 ? [ours, theirs] : [theirs, ours]) {
          which.push(await measured(which === ours ? local_port : ssh.port, measure));
        }
      }
      report(measure, ours, theirs);
    }
  } finally {
    ssh.child.kill("SIGKILL");
    peer.child.kill("SIGKILL");
    await Promise.all([ssh.child.status, peer.child.status]);
  }
}

async function measured(port: number, measure: Measure): Promise<number> {
  const { stdout } = await own("--client", String(port), measure).output();
  return Number(new TextDecoder().decode(stdout));
}

/** Compares what was measured one right after the other. */
function report(measure: Measure, ours: number[], theirs: number[]): void {
  const unit = measure === "latency" ? "µs" : "MB/s";
  const ratios = ours.map((own, round) => {
    const other = theirs[round] ?? NaN;
    return measure === "latency" ? other / own : own / other;
  });
  console.log(
    `${measure.padEnd(8)} here ${median(ours).toFixed(0)} ${unit}, ssh -L ${median(theirs).toFixed(0)} ${unit}, ` +
      `${median(ratios).toFixed(2)} times as good`,
  );
}

async function idleMemory(bed: SshdBed): Promise<void> {
  const peer = await startPeer();
  const { forward_id, local_port } = await bed.forward({ remote_port: peer.port, remote_host: "127.0.0.1" });
  const idle = own("--idle", String(local_port));
  const reader = idle.stdout.getReader();
  const grown: number[] = [];
  for (const expected of [200, 900]) {
    await reader.read();
    await eventually("all are open", async () => (await bed.listing(forward_id)).connections_now === expected);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    grown.push(Deno.memoryUsage().rss);
    idle.kill("SIGUSR1");
  }
  const [warm = 0, full = 0] = grown;
  console.log(`memory   ${((full - warm) / 700 / 1024).toFixed(1)} KiB for each idle connection`);
  idle.kill("SIGKILL");
  peer.child.kill("SIGKILL");
  await Promise.all([idle.status, peer.child.status]);
  await bed.call("ssh_close_forward", { forward_id });
}

/** Holds connections that have each said a word: 200, and at a signal 700 more. */
async function holdIdle(port: number): Promise<void> {
  const held: Deno.TcpConn[] = [];
  const hold = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await writeAll(connection, new TextEncoder().encode("latency 0".padEnd(16) + "hello"));
      await connection.read(new Uint8Array(5));
      held.push(connection);
    }
    console.log(held.length);
  };
  const { promise: again, resolve } = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGUSR1", resolve);
  await hold(200);
  await again;
  await hold(700);
  await new Promise(() => {});
}

async function stress(bed: SshdBed): Promise<void> {
  const total = 1 << 30;
  const source = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { forward_id, local_port } = await bed.forward({ remote_port: source.addr.port, remote_host: "127.0.0.1" });
  const sent = createHash("sha256");
  const giving = (async () => {
    using connection = await source.accept();
    for (let done = 0; done < total; done += BLOCK) {
      const block = new Uint8Array(BLOCK);
      for (let at = 0; at < BLOCK; at += 65_536) crypto.getRandomValues(block.subarray(at, at + 65_536));
      sent.update(block);
      await writeAll(connection, block);
    }
  })();
  const got = createHash("sha256");
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: local_port });
  const block = new Uint8Array(BLOCK);
  for (let read; (read = await connection.read(block)) !== null;) got.update(block.subarray(0, read));
  await giving;
  console.log(`1 GiB    ${sent.digest("hex") === got.digest("hex") ? "hashes are equal" : fail("hashes differ")}`);
  const { bytes_from_remote } = await bed.listing(forward_id);
  if (bytes_from_remote !== total) fail(`counted ${bytes_from_remote} of ${total} bytes`);
  connection.closeWrite();
  await serial(bed, source, forward_id, local_port);
}

async function serial(bed: SshdBed, source: Deno.TcpListener, forwardId: string, port: number): Promise<void> {
  const serving = (async () => {
    for await (const connection of source) {
      connection.readable.pipeTo(connection.writable).catch(() => {});
    }
  })();
  const before = Deno.memoryUsage().rss;
  for (let index = 0; index < 10_000; index++) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await writeAll(connection, new TextEncoder().encode(`number ${index}`));
    await connection.closeWrite();
    if (await new Response(connection.readable).text() !== `number ${index}`) fail(`connection ${index} went wrong`);
  }
  await noChannelsLeft(bed.session);
  await eventually("no connection is left", async () => (await bed.listing(forwardId)).connections_now === 0);
  const sockets = (await socketsWithPort(port)).filter((line) => !line.startsWith("LISTEN"));
  const grown = ((Deno.memoryUsage().rss - before) / 1024 / 1024).toFixed(1);
  console.log(
    `10,000   one after the other: ${channelsOf(bed.session)} channels and ${sockets.length} sockets left, ` +
      `${grown} MiB more memory`,
  );
  source.close();
  await serving;
}

const [role, ...rest] = Deno.args;
if (role === "--peer") await servePeer();
else if (role === "--client") await runClient(Number(rest[0]), rest[1] as Measure);
else if (role === "--idle") await holdIdle(Number(rest[0]));
else {
  await runOk("ss", ["-V"]);
  await using bed = await startBed();
  if (role === "--stress") await stress(bed);
  else {
    await idleMemory(bed); // first, while nothing else has made the heap grow
    await compare(bed);
  }
}
Deno.exit(0);
