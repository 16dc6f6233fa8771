/** Runs all tests: `deno task test`. Finds or installs what they need, then holds the coverage to its bound. */
import { ensureProgram, isRoot } from "../tests/support/run.ts";
import { ensureSshd } from "../tests/support/sshd.ts";

/** Share of the lines of lib/ that the tests must run. */
const MIN_LINE_COVERAGE = 0.9;
const COVERAGE_DIR = "coverage";

/** What the tests use besides sshd, with the Debian package that has it. Only root can have it installed. */
const PROGRAMS: ReadonlyArray<[program: string, debianPackage: string]> = [
  ["ssh", "openssh-client"],
  ["dropbear", "dropbear-bin"],
  ["tinysshd", "tinysshd"],
  ["busybox", "busybox"],
  ["zsh", "zsh"],
  ["ksh93", "ksh93u+m"],
  ["mksh", "mksh"],
  ["fish", "fish"],
  ["tcsh", "tcsh"],
  ["tmux", "tmux"],
  ["screen", "screen"],
  ["dtach", "dtach"],
  ["sudo", "sudo"],
  ["curl", "curl"],
  ["xxd", "xxd"],
  ["jq", "jq"],
  ["vim", "vim-tiny"],
  ["ps", "procps"],
  ["ss", "iproute2"],
  ["puttygen", "putty-tools"],
];

async function prepare(): Promise<void> {
  try {
    await ensureSshd();
    if (isRoot()) { for (const [program, debianPackage] of PROGRAMS) await ensureProgram(program, debianPackage); }
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}

async function deno(...args: string[]): Promise<number> {
  // The programs that the tests start leave their coverage in the same place.
  const env = { DENO_COVERAGE_DIR: `${Deno.cwd()}/${COVERAGE_DIR}` };
  return (await new Deno.Command(Deno.execPath(), { args, env, stdin: "null" }).spawn().status).code;
}

/** Lines of lib/ that were run and that there are, from an LCOV report. */
async function lineCoverage(): Promise<number> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["coverage", COVERAGE_DIR, "--lcov", "--include=/lib/"],
    stderr: "null",
  }).output();
  const counts = { LF: 0, LH: 0 };
  for (const [, key, value] of new TextDecoder().decode(stdout).matchAll(/^(LF|LH):(\d+)$/gm)) {
    counts[key as keyof typeof counts] += Number(value);
  }
  return counts.LF === 0 ? 0 : counts.LH / counts.LF;
}

await prepare();
await Deno.remove(COVERAGE_DIR, { recursive: true }).catch(() => {});
const code = await deno(
  "test",
  "-A",
  "--parallel",
  `--coverage=${COVERAGE_DIR}`,
  "--coverage-raw-data-only",
  "--quiet",
  "tests",
);
if (code !== 0) Deno.exit(code);
const coverage = await lineCoverage();
console.log(`line coverage of lib/: ${(coverage * 100).toFixed(1)} % (at least ${MIN_LINE_COVERAGE * 100} %)`);
Deno.exit(coverage >= MIN_LINE_COVERAGE ? 0 : 1);
