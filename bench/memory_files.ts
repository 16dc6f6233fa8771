/**
 * How much a file of 4 GB, up and down, grows the program, nearby or over a way that is long.
 *
 *   deno run -A bench/memory_files.ts [--delay-ms=0]
 */
import { parseArgs } from "node:util";
import { startDelayProxy } from "../tests/support/delay_proxy.ts";
import { Program } from "../tests/support/program.ts";
import { startSshd } from "../tests/support/sshd.ts";

const { values } = parseArgs({ args: Deno.args, options: { "delay-ms": { type: "string", default: "0" } } });
const BYTES = 4_000_000_000;

/** A line of /proc/PID/status, in MB. */
async function memory(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
}

const base = await Deno.makeTempDir({ prefix: "mcp-remote-ssh-bench-" });
try {
  await using sshd = await startSshd();
  using proxy = startDelayProxy(sshd.port, Number(values["delay-ms"]));
  const port = Number(values["delay-ms"]) > 0 ? proxy.port : sshd.port;
  for (const name of ["ssh_upload_file", "ssh_download_file"]) {
    await Deno.mkdir(`${base}/files`);
    const source = name === "ssh_upload_file" ? `${base}/files/big` : `${base}/big`;
    await Deno.writeTextFile(source, "start");
    await Deno.truncate(source, BYTES); // sparse: it takes no room before it has been moved
    await using program = await Program.start({
      permissions: ["--allow-net", `--allow-read=${sshd.dir},${base}`, `--allow-write=${base}/files`],
      flags: [`--files-dir=${base}/files`, `--secrets-dir=${sshd.dir}`, "--host-keys=insecure"],
    });
    const login = { host: sshd.host, port, username: sshd.user, key_path: sshd.clientKeyPath };
    const { session_id } = await program.ok("ssh_connect", login);
    const pid = program.transport.pid ?? 0;
    const before = await memory(pid, "VmRSS");
    const start = performance.now();
    const paths = name === "ssh_upload_file"
      ? { local_path: "big", remote_path: `${base}/there` }
      : { local_path: "back", remote_path: `${base}/big` };
    const { bytes } = await program.ok(name, { session_id, ...paths });
    const seconds = (performance.now() - start) / 1000;
    const peak = await memory(pid, "VmHWM");
    console.log(
      `${name}: ${bytes / 1e6} MB in ${seconds.toFixed(1)} s, idle ${before.toFixed(0)} MB, ` +
        `peak +${(peak - before).toFixed(0)} MB`,
    );
    for (const path of ["files", "big", "there"]) {
      await Deno.remove(`${base}/${path}`, { recursive: true }).catch(() => {});
    }
  }
} finally {
  await Deno.remove(base, { recursive: true });
}
