/** Hosts that have one terminal multiplexer and no other. */
import { ensureProgram, findProgram } from "./run.ts";
import { shellPath, ShellUser } from "./shell_user.ts";
import { type Sshd, startSshd } from "./sshd.ts";

/** What a host has besides. */
const TOOLS = ("sh bash mktemp mkfifo rm rmdir cat sleep ls seq sed head tail grep printf less stty ps awk dd tr " +
  "script df ln wc mv tty yes env").split(" ");

/** Every multiplexer there is. */
export const MULTIPLEXERS = ["tmux", "screen", "dtach"] as const;

/** A server whose users say in a file of their own where their programs are. */
export function startHost(): Promise<Sshd> {
  return startSshd({ config: ["PermitUserEnvironment yes"] });
}

/** Leaves a user, whose home directory is given, only that multiplexer; `without` is missing, too. */
export async function leaveOnly(program: typeof MULTIPLEXERS[number], home: string, without = ""): Promise<void> {
  const path = await ensureProgram(program);
  const bin = `${home}/bin`;
  await Deno.mkdir(bin);
  await Deno.symlink(path, `${bin}/${program}`);
  for (const tool of TOOLS) {
    if (tool === without) continue;
    await Deno.symlink(await findProgram(tool) ?? "", `${bin}/${tool}`);
  }
  // The first for the server, the others for login shells, which begin with a PATH of the system's.
  await Deno.writeTextFile(`${home}/.ssh/environment`, `PATH=${bin}\n`);
  for (const file of [".bashrc", ".profile"]) await Deno.writeTextFile(`${home}/${file}`, `PATH=${bin}\n`);
}

/** A user who has only that multiplexer, logged in. */
export async function onlyWith(
  program: typeof MULTIPLEXERS[number],
  host: Sshd,
  login: Parameters<typeof shellPath>[0] = "bash",
  without = "",
): Promise<ShellUser> {
  const shell = await ShellUser.login(host, await shellPath(login));
  await leaveOnly(program, shell.user.home, without);
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  return shell;
}
