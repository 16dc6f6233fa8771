/**
 * Commands side by side on Dropbear: how many of them give what they should, through this program, OpenSSH's `ssh`
 * through a ControlMaster socket, and paramiko, each over what it takes for one connection.
 */
import { Program } from "../tests/support/program.ts";
import { run } from "../tests/support/run.ts";
import { createTestUser, makeKey, startDropbear } from "../tests/support/sshd.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

const ROUNDS = 20;
const AT_ONCE = 8;

const PARAMIKO = `
import paramiko, sys, threading
port, user, key, rounds, width = sys.argv[1:6]
client = paramiko.SSHClient()
client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
client.connect("127.0.0.1", int(port), user, key_filename=key, look_for_keys=False, allow_agent=False)
right = []
def one(index):
    try:
        _, out, _ = client.exec_command("echo %d; exit %d" % (index, index))
        if out.read().decode() == "%d\\n" % index and out.channel.recv_exit_status() == index: right.append(1)
    except Exception: pass
for _ in range(int(rounds)):
    threads = [threading.Thread(target=one, args=(index,)) for index in range(int(width))]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print(len(right))
`;

/** Runs the rounds; @returns how many commands gave what they should */
async function count(one: (index: number) => Promise<boolean>): Promise<number> {
  let right = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const results = await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => one(index).catch(() => false)));
    right += results.filter((isRight) => isRight).length;
  }
  return right;
}

async function inContext(work: (port: number, user: string, key: string, dir: string) => Promise<number>) {
  await using dropbear = await startDropbear();
  await using user = await createTestUser({ shell: "/bin/sh" });
  await using dir = await tempDir();
  const { path, publicKey } = await makeKey(dir.path, "ed25519", "key");
  await user.authorize(publicKey);
  return await work(dropbear.port, user.name, path, dir.path);
}

const ours = await inContext(async (port, username, key_path, dir) => {
  await using program = await Program.start({ permissions: ["--allow-net", `--allow-read=${dir}`] });
  const { session_id } = await program.ok("ssh_connect", { host: "127.0.0.1", port, username, key_path });
  return await count(async (index) => {
    const result = await program.ok("ssh_execute", { session_id, command: `echo ${index}; exit ${index}` });
    return result.stdout === `${index}\n` && result.exit_code === index;
  });
});

const controlMaster = await inContext(async (port, user, key, dir) => {
  const options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"];
  const target = [...options.flatMap((option) => ["-o", option]), "-S", `${dir}/socket`, "-i", key, "-p", `${port}`];
  const login = [...target, `${user}@127.0.0.1`];
  await run("ssh", ["-M", "-N", "-f", ...login]);
  const right = await count(async (index) => {
    const { stdout, code } = await run("ssh", [...login, `echo ${index}; exit ${index}`]);
    return stdout === `${index}\n` && code === index;
  });
  await run("ssh", ["-O", "exit", ...login]);
  return right;
});

const paramiko = await inContext(async (port, user, key) => {
  const args = ["-c", PARAMIKO, `${port}`, user, key, `${ROUNDS}`, `${AT_ONCE}`];
  return Number((await run("/usr/bin/python3", args)).stdout);
});

console.log(`of ${ROUNDS * AT_ONCE} commands, ${AT_ONCE} at a time, on one session with Dropbear, right were`);
console.log(`  this program ${ours}, ssh through ControlMaster ${controlMaster}, paramiko ${paramiko}`);
