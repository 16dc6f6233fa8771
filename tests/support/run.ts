/** What a program of the test machine printed and returned. */
export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, with `stdin` when given, and with variables that differ from our environment. */
export async function run(
  command: string,
  args: string[],
  stdin = "",
  env: Record<string, string> = {},
): Promise<RunResult> {
  const child = new Deno.Command(command, { args, env, stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  // A program that does not read its stdin closes it on us; what it returns says whether that was wrong.
  await writer.write(new TextEncoder().encode(stdin)).catch(() => {});
  await writer.close().catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** {@linkcode run}, for a program that must succeed; gives its stdout. */
export async function runOk(command: string, args: string[], stdin = ""): Promise<string> {
  const result = await run(command, args, stdin);
  if (result.code !== 0) {
    throw new Error(`${command} ${args.join(" ")} failed with ${result.code}: ${result.stderr || result.stdout}`);
  }
  return result.stdout;
}

/** The path of a program, looked for in PATH and the system directories, or undefined. */
export async function findProgram(name: string): Promise<string | undefined> {
  const directories = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin", "/sbin"];
  for (const directory of directories) {
    if (directory === "") continue;
    const info = await Deno.stat(`${directory}/${name}`).catch(() => undefined);
    if (info?.isFile && ((info.mode ?? 0) & 0o111) !== 0) return `${directory}/${name}`;
  }
  return undefined;
}

/** True when the tests run as root, which creating users and installing programs needs. */
export function isRoot(): boolean {
  return Deno.uid() === 0;
}

const installing = new Map<string, Promise<string>>();

/**
 * The path of a program the tests need: found, or installed with apt-get when the tests run as root.
 *
 * @throws {Error} saying in one line what to install; a missing program is never a skipped test
 */
export async function ensureProgram(name: string, debianPackage = name): Promise<string> {
  const found = await findProgram(name);
  if (found !== undefined) return found;
  const pending = installing.get(name) ?? install(name, debianPackage);
  installing.set(name, pending);
  return await pending;
}

async function install(name: string, debianPackage: string): Promise<string> {
  const aptGet = await findProgram("apt-get");
  const message =
    `${name} is needed by the tests: install ${debianPackage}, e.g. sudo apt-get install ${debianPackage}`;
  if (!isRoot() || aptGet === undefined) throw new Error(message);
  const args = ["install", "-y", "--no-install-recommends", debianPackage];
  const environment = ["DEBIAN_FRONTEND=noninteractive", aptGet, "-o", "DPkg::Lock::Timeout=120"];
  let result = await run("env", [...environment, ...args]);
  if (result.code !== 0) {
    await run("env", [...environment, "update"]);
    result = await run("env", [...environment, ...args]);
  }
  const path = await findProgram(name);
  if (path === undefined) throw new Error(`${message} (apt-get said: ${result.stderr.trim()})`);
  return path;
}
