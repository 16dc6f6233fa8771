/** How much a command that prints 2 GB grows the program, with and without secrets loaded. */
import { Program } from "../tests/support/program.ts";
import { createTestUser, startSshd } from "../tests/support/sshd.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

const BYTES = 2_000_000_000;

/** A line of /proc/PID/status, in MB. */
async function memory(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
}

await using sshd = await startSshd();
await using user = await createTestUser();
await using secrets = await tempDir();
await Deno.writeTextFile(`${secrets.path}/a.env`, "TOKEN=9fQz7XbT2mLr8WcD4kPv\n", { mode: 0o600 });
for (const withSecrets of [false, true]) {
  await using program = await Program.start({
    permissions: ["--allow-net", `--allow-read=${sshd.dir},${secrets.path}`],
    flags: [`--secrets-dir=${secrets.path}`],
  });
  const { session_id } = await program.ok("ssh_connect", {
    host: sshd.host,
    port: sshd.port,
    username: user.name,
    key_path: sshd.clientKeyPath,
  });
  if (withSecrets) await program.ok("ssh_load_env_file", { session_id, file_path: "a.env" });
  await program.ok("ssh_execute", { session_id, command: "seq 1 100000" });
  const pid = program.transport.pid ?? 0;
  const before = await memory(pid, "VmRSS");
  const start = performance.now();
  const result = await program.ok("ssh_execute", {
    session_id,
    command: `yes "some ordinary line of output" | head -c ${BYTES}`,
    timeout: 300,
  });
  const seconds = (performance.now() - start) / 1000;
  const peak = await memory(pid, "VmHWM");
  console.log(
    `${withSecrets ? "with secrets" : "no secrets"}: ${BYTES / 1e6} MB in ${seconds.toFixed(1)} s ` +
      `(${(BYTES / 1e6 / seconds).toFixed(0)} MB/s), exit ${result.exit_code}, idle ${before.toFixed(0)} MB, ` +
      `peak +${(peak - before).toFixed(0)} MB`,
  );
}
