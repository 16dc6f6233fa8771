/**
 * Files against OpenSSH's `sftp` and paramiko, interleaved, through the whole program over stdio.
 *
 *   deno run -A bench/files.ts [--mb=256] [--rounds=5] [--dir=/tmp] [--delay-ms=25] [--files=2000]
 *
 * What `sftp` needs to connect is measured beside and given, since our session is connected already; paramiko's
 * connecting is not counted. With a delay, what a window allows is measured beside it: by plain TCP through the same
 * proxy, and by our own transfers through it without the delay, since more than the machine carries no window gives.
 * The data alone is what a large file takes longer than one of a few bytes.
 */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { parseArgs } from "node:util";
import { startSshd } from "../tests/support/sshd.ts";
import { someBytes } from "../tests/support/file_tools.ts";
import { RECEIVE_WINDOW_BYTES } from "../lib/ssh/sftp/receive_window.ts";
import { startDelayProxy } from "./support/delay_proxy.ts";
import { median } from "./support/statistics.ts";
import { receiveWindowed, roundTripMs, sendWindowed } from "./support/windowed_tcp.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    mb: { type: "string", default: "256" },
    rounds: { type: "string", default: "5" },
    dir: { type: "string", default: "/tmp" },
    "delay-ms": { type: "string", default: "25" },
    files: { type: "string", default: "2000" },
  },
});

const PARAMIKO = `
import paramiko, sys, time
port, key, direction, source, target = sys.argv[1:]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect("127.0.0.1", int(port), "${Deno.env.get("USER") ?? "root"}", key_filename=key)
sftp = client.open_sftp()
start = time.time()
sftp.put(source, target) if direction == "put" else sftp.get(source, target)
print((time.time() - start) * 1000)
`;

/** What OpenSSH's server opens for a session. */
const SERVER_WINDOW_BYTES = 2 * 1024 * 1024;

/** Each way, in milliseconds: as far as our window needs to be what bounds a download, and not the machine. */
const VERY_FAR_MS = 100;

/** With a delay `sftp` takes a quarter of a second for each. */
const FAR_FILES = 200;

/** Times in milliseconds, by contender. */
type Times = Map<string, number[]>;

const sshd = await startSshd();
const base = await Deno.makeTempDir({ dir: values.dir, prefix: "mcp-remote-ssh-bench-" });
const filesDir = `${base}/local`;
await Deno.mkdir(filesDir);
await Deno.mkdir(`${base}/secrets`);
await Deno.copyFile(sshd.clientKeyPath, `${base}/secrets/key`);
await Deno.chmod(`${base}/secrets/key`, 0o600);

const client = new Client({ name: "bench", version: "1" });
await client.connect(
  new StdioClientTransport({
    command: Deno.execPath(),
    args: [
      "run",
      "--no-prompt",
      "--allow-net",
      `--allow-read=${base}`,
      `--allow-write=${filesDir}`,
      new URL("../main.ts", import.meta.url).pathname,
      `--files-dir=${filesDir}`,
      `--secrets-dir=${base}/secrets`,
      "--host-keys=insecure",
    ],
    stderr: "inherit",
  }),
);

try {
  await large("no delay", sshd.port, Number(values.mb));
  await many("no delay", sshd.port, Number(values.files));
  await distant(Number(values["delay-ms"]), Math.min(256, Number(values.mb)));
  await veryDistant(Math.min(256, Number(values.mb)));
} finally {
  await client.close();
  await Deno.remove(base, { recursive: true });
  await sshd[Symbol.asyncDispose]();
}

/** @returns what ours took up and down, in milliseconds */
async function large(title: string, port: number, megabytes: number): Promise<[up: number, down: number]> {
  const size = megabytes * 1024 * 1024;
  await Deno.writeFile(`${filesDir}/big`, someBytes(size));
  await Deno.copyFile(`${filesDir}/big`, `${base}/big`);
  const session_id = await connect(port);
  const up: Times = new Map();
  const down: Times = new Map();
  for (let round = 0; round < Number(values.rounds); round++) {
    const connecting = await sftp(port, "pwd");
    note(up, "sftp's connecting", connecting);
    note(up, "sftp", await sftp(port, `put ${base}/big ${base}/there`));
    note(up, "ours", await call("ssh_upload_file", { session_id, local_path: "big", remote_path: `${base}/there` }));
    note(up, "paramiko", await paramiko(port, "put", `${base}/big`, `${base}/there`));
    note(down, "sftp's connecting", connecting);
    note(down, "sftp", await sftp(port, `get ${base}/big ${base}/here`));
    note(down, "ours", await call("ssh_download_file", { session_id, local_path: "back", remote_path: `${base}/big` }));
    note(down, "paramiko", await paramiko(port, "get", `${base}/big`, `${base}/here`));
    for (const path of [`${base}/there`, `${base}/here`, `${filesDir}/back`]) await Deno.remove(path);
  }
  report(`upload of ${megabytes} MiB, ${title}`, up, size);
  report(`download of ${megabytes} MiB, ${title}`, down, size);
  return [median(up.get("ours") ?? []), median(down.get("ours") ?? [])];
}

/** Through a proxy that takes its time, beside what could be. */
async function distant(delayMs: number, megabytes: number): Promise<void> {
  const bytes = megabytes * 1024 * 1024;
  const roundTrip = await roundTripMs(delayMs);
  using near = startDelayProxy(sshd.port, 0);
  using far = startDelayProxy(sshd.port, delayMs);
  const [nearby, up, down] = [await connect(near.port), [] as number[], [] as number[]];
  const [machineUp, machineDown] = [[] as number[], [] as number[]];
  await Deno.writeFile(`${base}/big`, someBytes(bytes));
  await Deno.copyFile(`${base}/big`, `${filesDir}/big`);
  for (let round = 0; round < Number(values.rounds); round++) {
    const upload = { session_id: nearby, local_path: "big", remote_path: `${base}/there` };
    const download = { session_id: nearby, local_path: "back", remote_path: `${base}/big` };
    machineUp.push(await call("ssh_upload_file", upload));
    machineDown.push(await call("ssh_download_file", download));
    up.push(await sendWindowed(delayMs, bytes, SERVER_WINDOW_BYTES));
    down.push(await receiveWindowed(delayMs, bytes, RECEIVE_WINDOW_BYTES));
  }
  const rate = (ms: number): string => `${(bytes / 1000 / ms).toFixed(0)} MB/s`;
  const bound = (window: number): number => bytes / window * roundTrip;
  const share = (window: number, ms: number): string => (bound(window) / ms).toFixed(2);
  console.log(`what a way of ${roundTrip.toFixed(1)} ms there and back, as measured, lets through`);
  console.log(`  up: the server's window ${rate(bound(SERVER_WINDOW_BYTES))}; plain TCP with it ${rate(median(up))}`);
  console.log(`  down: our window ${rate(bound(RECEIVE_WINDOW_BYTES))}; plain TCP with it ${rate(median(down))}`);
  console.log(
    `  ours through the proxy without delay: ${rate(median(machineUp))} up, ${rate(median(machineDown))} down`,
  );
  const tiny = await roundTrips(await connect(far.port), roundTrip);
  const title = `${(2 * delayMs).toFixed(0)} ms there and back`;
  const [upMs, downMs] = await large(title, far.port, megabytes);
  const [upData, downData] = [upMs - tiny.up, downMs - tiny.down];
  console.log(`the data alone, ${title}`);
  console.log(`  up ${rate(upData)}, ${share(SERVER_WINDOW_BYTES, upData)} of what the window of one channel allows`);
  const downMost = Math.max(bound(RECEIVE_WINDOW_BYTES), median(machineDown));
  console.log(`  down ${rate(downData)}, ${(downMost / downData).toFixed(2)} of what our window and the machine allow`);
  await many(title, far.port, Math.min(FAR_FILES, Number(values.files)), 1);
}

/** So far away that our window, not the machine, is what bounds a download. */
async function veryDistant(megabytes: number): Promise<void> {
  const bytes = megabytes * 1024 * 1024;
  const roundTrip = await roundTripMs(VERY_FAR_MS);
  using far = startDelayProxy(sshd.port, VERY_FAR_MS);
  const session_id = await connect(far.port);
  await Deno.writeFile(`${base}/big`, someBytes(bytes));
  const tiny = await roundTrips(session_id, roundTrip);
  const [ours, plain] = [[] as number[], [] as number[]];
  for (let round = 0; round < Number(values.rounds); round++) {
    plain.push(await receiveWindowed(VERY_FAR_MS, bytes, RECEIVE_WINDOW_BYTES));
    ours.push(await call("ssh_download_file", { session_id, local_path: "back", remote_path: `${base}/big` }));
  }
  const bound = bytes / RECEIVE_WINDOW_BYTES * roundTrip;
  const share = (ms: number): string => `${(bytes / 1000 / ms).toFixed(0)} MB/s (${(bound / ms).toFixed(2)})`;
  console.log(`download of ${megabytes} MiB, ${roundTrip.toFixed(0)} ms there and back; 1 is what our window allows`);
  console.log(`  the whole call ${share(median(ours))}, the data alone ${share(median(ours) - tiny.down)}`);
  console.log(`  plain TCP with that window ${share(median(plain))}`);
}

/** A file of a few bytes costs nothing but round trips. @returns what one takes, in milliseconds */
async function roundTrips(session_id: string, roundTrip: number): Promise<{ up: number; down: number }> {
  await Deno.writeTextFile(`${filesDir}/tiny`, "tiny");
  const times: Times = new Map();
  const upload = { session_id, local_path: "tiny", remote_path: `${base}/tiny` };
  const first = await call("ssh_upload_file", upload);
  for (let round = 0; round < Number(values.rounds); round++) {
    note(times, "upload", await call("ssh_upload_file", upload));
    note(times, "download", await call("ssh_download_file", { ...upload, local_path: "tiny-back" }));
  }
  const count = (ms: number): string => (ms / roundTrip).toFixed(1);
  const all = [...times].map(([name, each]) => `${name} ${count(median(each))}`).join(", ");
  console.log(`round trips of one small file: ${all}; the first of a session ${count(first)}`);
  return { up: median(times.get("upload") ?? []), down: median(times.get("download") ?? []) };
}

async function many(title: string, port: number, count: number, rounds = Number(values.rounds)): Promise<void> {
  await Deno.remove(`${filesDir}/many`, { recursive: true }).catch(() => {}); // the first time there is none
  await Deno.mkdir(`${filesDir}/many`);
  for (let at = 0; at < count; at++) await Deno.writeFile(`${filesDir}/many/file${at}`, someBytes(4096, at + 1));
  const session_id = await connect(port);
  const times: Times = new Map();
  for (let round = 0; round < rounds; round++) {
    await Deno.mkdir(`${base}/sftp`);
    note(times, "sftp's connecting", await sftp(port, "pwd"));
    note(times, "sftp", await sftp(port, `put -r ${filesDir}/many ${base}/sftp`));
    const args = { session_id, local_path: "many", remote_path: `${base}/ours`, recursive: true };
    note(times, "ours", await call("ssh_upload_file", args));
    for (const path of [`${base}/sftp`, `${base}/ours`]) await Deno.remove(path, { recursive: true });
  }
  report(`upload of ${count} files of 4 KiB, ${title}`, times, count * 4096);
}

async function connect(port: number): Promise<string> {
  const args = { host: "127.0.0.1", port, username: sshd.user, key_path: `${base}/secrets/key` };
  const result = await client.callTool({ name: "ssh_connect", arguments: args });
  if (result.isError) throw new Error(JSON.stringify(result.structuredContent));
  return (result.structuredContent as { session_id: string }).session_id;
}

async function call(name: string, args: Record<string, unknown>): Promise<number> {
  const started = performance.now();
  const result = await client.callTool({ name, arguments: args }, { timeout: 600_000 });
  if (result.isError) throw new Error(JSON.stringify(result.structuredContent));
  return performance.now() - started;
}

async function sftp(port: number, batch: string): Promise<number> {
  const started = performance.now();
  const child = new Deno.Command("sftp", {
    args: [
      ...["-q", "-F", "none", "-i", sshd.clientKeyPath, "-P", String(port), "-o", "StrictHostKeyChecking=no"],
      ...["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-b", "-", `${sshd.user}@127.0.0.1`],
    ],
    stdin: "piped",
    stdout: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(batch + "\n"));
  await writer.close();
  if (!(await child.status).success) throw new Error(`sftp failed: ${batch}`);
  return performance.now() - started;
}

async function paramiko(port: number, direction: string, source: string, target: string): Promise<number> {
  const args = ["-c", PARAMIKO, String(port), sshd.clientKeyPath, direction, source, target];
  const { stdout, success } = await new Deno.Command("/usr/bin/python3", { args, stderr: "inherit" }).output();
  if (!success) throw new Error("paramiko failed");
  return Number(new TextDecoder().decode(stdout));
}

function note(times: Times, name: string, ms: number): void {
  times.set(name, [...times.get(name) ?? [], ms]);
}

function report(title: string, times: Times, bytes: number): void {
  console.log(title);
  const ours = median(times.get("ours") ?? []);
  const connecting = median(times.get("sftp's connecting") ?? []);
  for (const [name, all] of times) {
    const ms = median(all);
    const rate = name.endsWith("connecting") ? "" : `, ${(bytes / 1000 / ms).toFixed(0)} MB/s`;
    const ratio = name === "ours" ? "" : `, ours is ${(ms / ours).toFixed(2)} times as fast`;
    const bare = name === "sftp" ? ` (${((ms - connecting) / ours).toFixed(2)} without its connecting)` : "";
    console.log(
      `  ${name}: ${ms.toFixed(0)} ms (least ${Math.min(...all).toFixed(0)})${rate}${
        name.endsWith("connecting") ? "" : ratio + bare
      }`,
    );
  }
}
