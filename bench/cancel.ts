/**
 * How soon a cancelled transfer answers, and how soon after that nothing is left of it, up and down, one file and many,
 * nearby and over a way that is long.
 *
 *   deno run -A bench/cancel.ts [--rounds=5] [--delay-ms=25]
 */
import { parseArgs } from "node:util";
import { FileTools, someBytes } from "../tests/support/file_tools.ts";
import { startSshd } from "../tests/support/sshd.ts";
import { startDelayProxy } from "./support/delay_proxy.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: { rounds: { type: "string", default: "5" }, "delay-ms": { type: "string", default: "25" } },
});
const FILE_BYTES = 400_000_000;
const FILES = 5000;
/** How long there has to be no part file before all counts as cleaned up. */
const QUIET_MS = 300;
const PATIENCE_MS = 10_000;

await using sshd = await startSshd();
const remote = await Deno.makeTempDir({ prefix: "mcp-remote-ssh-bench-" });
try {
  await Deno.writeFile(`${remote}/big`, someBytes(FILE_BYTES));
  await manyFiles(`${remote}/many`);
  await measure("nearby", sshd.port);
  using proxy = startDelayProxy(sshd.port, Number(values["delay-ms"]));
  await measure(`${Number(values["delay-ms"]) * 2} ms there and back`, proxy.port);
} finally {
  await Deno.remove(remote, { recursive: true });
}

async function measure(title: string, port: number): Promise<void> {
  await using tools = await FileTools.connect({
    host: sshd.host,
    port,
    user: sshd.user,
    clientKeyPath: sshd.clientKeyPath,
  });
  await Deno.copyFile(`${remote}/big`, `${tools.local.path}/big`);
  await manyFiles(`${tools.local.path}/many`);
  for (const name of ["big", "many"]) {
    const recursive = name === "many";
    const up = { local_path: name, remote_path: `${remote}/there`, recursive };
    const down = { remote_path: `${remote}/${name}`, local_path: "here", recursive };
    await report(`${title}: upload of ${name}`, tools, "ssh_upload_file", up, `${remote}/there`);
    await report(`${title}: download of ${name}`, tools, "ssh_download_file", down, `${tools.local.path}/here`);
  }
}

async function report(
  title: string,
  tools: FileTools,
  tool: string,
  args: Record<string, unknown>,
  target: string,
): Promise<void> {
  const answers: number[] = [];
  const clean: number[] = [];
  for (let round = 0; round < Number(values.rounds); round++) {
    const controller = new AbortController();
    const call = tools.fails("cancelled", tool, args, { signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 250 + 40 * round));
    const start = performance.now();
    controller.abort();
    await call;
    answers.push(performance.now() - start);
    clean.push(await lastChange(target) - start);
    await Deno.remove(target, { recursive: true }).catch(() => {}); // a directory keeps the files that were whole
  }
  const shown = (all: number[]): string => `${all.map((ms) => ms.toFixed(0)).join(", ")} ms`;
  console.log(`${title}\n  answers after ${shown(answers)}\n  part files gone after ${shown(clean)}`);
}

/** When the last part file went, on the clock of performance.now(). */
async function lastChange(target: string): Promise<number> {
  const start = performance.now();
  let changed = start;
  let before = parts(target);
  const isOver = (now: number): boolean => before === "" ? now - changed > QUIET_MS : now - start > PATIENCE_MS;
  while (!isOver(performance.now())) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    const now = parts(target);
    if (now !== before) changed = performance.now();
    before = now;
  }
  if (before !== "") console.log(`  left behind: ${before}`);
  return changed;
}

/** The part files beside a target and in it. */
function parts(target: string): string {
  const parent = target.slice(0, target.lastIndexOf("/"));
  const found = [...Deno.readDirSync(parent)].map(({ name }) => name);
  try {
    found.push(...[...Deno.readDirSync(target)].map(({ name }) => name));
  } catch {
    // a file, or not there
  }
  return found.filter((name) => name.endsWith(".mcp-part")).join(" ");
}

async function manyFiles(path: string): Promise<void> {
  await Deno.mkdir(path);
  const bytes = someBytes(4096);
  for (let at = 0; at < FILES; at++) await Deno.writeFile(`${path}/file${at}`, bytes);
}
