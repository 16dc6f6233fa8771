/** The process table, for tests that look at what really runs. Source: proc(5). */

/** One process. */
export interface ProcessInfo {
  pid: number;
  parent: number;
  /** Real user id. */
  uid: number;
  /** "R", "S", "Z" (ended but not yet waited for), … */
  state: string;
  /** The command line, words joined by spaces. */
  command: string;
}

/** Every process there is now. */
export async function processes(): Promise<ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for await (const entry of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(entry.name)) continue;
    const info = await processInfo(Number(entry.name));
    if (info !== undefined) found.push(info);
  }
  return found;
}

async function processInfo(pid: number): Promise<ProcessInfo | undefined> {
  try {
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const command = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)?.[1] ?? "";
    return {
      pid,
      parent: Number(field("PPid")),
      uid: Number(field("Uid")),
      state: field("State"),
      command: command.replaceAll("\0", " ").trim(),
    };
  } catch {
    return undefined; // it ended between the listing and the look
  }
}

/** Processes below `root`, the children before their parents. */
export async function descendants(root: number): Promise<ProcessInfo[]> {
  const all = await processes();
  const below = (parent: number): ProcessInfo[] =>
    all.filter((process) => process.parent === parent).flatMap((child) => [...below(child.pid), child]);
  return below(root);
}

/** Processes whose environment holds `name=value`. */
export async function processesWithEnvironment(name: string, value: string): Promise<ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for (const process of await processes()) {
    const environment = await Deno.readTextFile(`/proc/${process.pid}/environ`).catch(() => "");
    if (environment.split("\0").includes(`${name}=${value}`)) found.push(process);
  }
  return found;
}

/** True while the process runs; one that ended and was not waited for does not count. */
export async function isAlive(pid: number): Promise<boolean> {
  const info = await processInfo(pid);
  return info !== undefined && info.state !== "Z";
}

/** Ends processes, by their ids; those already gone are fine. */
export function killAll(pids: number[], signal: Deno.Signal = "SIGKILL"): void {
  for (const pid of pids) {
    try {
      Deno.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/**
 * Waits until `condition` gives something truthy, and gives that.
 *
 * The time is a bound for what never happens, and no measure: a busy machine may take many times what this one does.
 *
 * @throws {Error} naming `what` when `timeoutMs` have passed
 */
export async function eventually<T>(
  what: string,
  condition: () => T | Promise<T>,
  timeoutMs = 60_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs;
  while (true) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
