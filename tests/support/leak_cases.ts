/** The leak suite: loading its cases, making values to run them with, running one and judging what it showed. */
import { LEAK_LENGTH, longestRecoverable, type Recovery } from "./leak_detector.ts";

/** How firmly a case must hold. */
export type LeakClass = "must be masked" | "should be masked" | "out of reach of output filtering";

/** Which kind of value a case is run with; plain when it names none. */
export type Profile = "plain" | "special" | "multiline" | "noslash";

/** A shell command that shows the variable API_TOKEN in some form. */
export interface LeakCase {
  id: string;
  class: LeakClass;
  group: string;
  command: string;
  /** How a reader undoes what is shown. */
  form: string;
  profile?: Profile;
  /** Programs it needs, separated by commas; `linux`, `network`. */
  needs?: string;
  /** Run it in a terminal. */
  tty?: boolean;
  note?: string;
}

/** Runs a command with API_TOKEN in its environment and gives all that an agent would be shown of it. */
export type CaseRunner = (command: string, env: Record<string, string>, tty: boolean) => Promise<Uint8Array>;

/** What became of one case with one value. */
export interface CaseResult {
  id: string;
  value: string;
  shown: Uint8Array;
  recovery: Recovery;
  leaked: boolean;
}

const FOLDER = new URL("../leaks/", import.meta.url);

/** All cases of tests/leaks, in the order of their files. */
export function loadLeakCases(): LeakCase[] {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) => name.endsWith(".json")).sort();
  return files.flatMap((name) => JSON.parse(Deno.readTextFileSync(new URL(name, FOLDER))).cases as LeakCase[]);
}

/**
 * The values a profile is run with: three for plain (24, 25 and 26 characters, one for each alignment of base64), one
 * for the others. The same seed gives the same values.
 */
export function valuesFor(profile: Profile = "plain", seed = 1): string[] {
  const random = generator(seed);
  const letters = (count: number) => Array.from({ length: count }, () => ALPHANUMERIC[random(62)]!).join("");
  switch (profile) {
    case "special":
      return [
        `p'${letters(5)}"${letters(3)}\\${letters(3)}$${letters(2)}&<${letters(4)}>/+%=${letters(3)} ${letters(6)}`,
      ];
    case "multiline": {
      const lines = Array.from({ length: 4 }, () => letters(63).replace(/^./, "+") + "/");
      return [["-----BEGIN PRIVATE KEY-----", ...lines, `${letters(22)}==`, "-----END PRIVATE KEY-----"].join("\n")];
    }
    default:
      return [16, 17, 18].map((length) => `sk-live-${letters(length)}`);
  }
}

/** True when every program that a case needs is here; what goes to the network is never run. */
export async function canRun({ needs }: LeakCase): Promise<boolean> {
  for (const need of (needs ?? "").split(",").map((each) => each.trim()).filter((each) => each !== "")) {
    if (need === "network") return false;
    if (need === "linux") {
      if (Deno.build.os !== "linux") return false;
      continue;
    }
    const program = need.split(" ").at(-1)!;
    const found = await new Deno.Command("sh", { args: ["-c", 'command -v "$0"', program], stdout: "null" }).output();
    if (!found.success) return false;
  }
  return true;
}

/** Runs one case with one value, and judges what was shown. */
export async function runLeakCase(leakCase: LeakCase, value: string, run: CaseRunner): Promise<CaseResult> {
  return judge(leakCase, value, await run(leakCase.command, { API_TOKEN: value }, leakCase.tty ?? false));
}

/** Judges what one case showed of one value. */
export function judge(leakCase: LeakCase, value: string, shown: Uint8Array): CaseResult {
  const recovery = longestRecoverable(shown, value, leakCase.form);
  return { id: leakCase.id, value, shown, recovery, leaked: recovery.length >= LEAK_LENGTH };
}

/**
 * The streams of a command run on this machine: stdout and stderr, or what a terminal showed.
 *
 * @param shell runs the command, as `shell -c command`; default sh
 */
export async function captureLocally(
  command: string,
  env: Record<string, string>,
  tty: boolean,
  shell = "sh",
): Promise<Uint8Array[]> {
  const inTty = ["script", "-qec", command, "/dev/null"];
  const [program, ...args] = ["timeout", "20", ...(tty ? inTty : [shell, "-c", command])];
  const home = await Deno.makeTempDir();
  try {
    const output = await new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      clearEnv: true,
      env: { PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin", HOME: home, SHELL: "/bin/sh", LANG: "C.UTF-8", ...env },
    }).output();
    return tty ? [output.stdout] : [output.stdout, output.stderr];
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** What an agent is shown of several streams: one after the other, a line end between. */
export function joinStreams(streams: readonly Uint8Array[]): Uint8Array {
  const parts = streams.flatMap((stream) => stream.length > 0 ? [stream, Uint8Array.of(10)] : []);
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A small generator of whole numbers, the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = (seed * 2654435761) % 2147483648;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % below;
  };
}
