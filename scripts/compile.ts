/**
 * Packs the program into one executable with its permissions baked in: `deno task compile -- --secrets-dir=DIR`.
 * Without a directory it is `./secrets`, relative to where the executable is started.
 *
 * --pack-only goes through the same packing with the deno binary itself in the runtime's place: it proves that all
 * modules are found, on a machine that cannot download the runtime, and what it makes is thrown away.
 */
const flag = Deno.args.find((arg) => arg.startsWith("--secrets-dir="));
const secretsDir = flag?.slice("--secrets-dir=".length) ?? "secrets";
const packOnly = Deno.args.includes("--pack-only");
const output = `dist/mcp-remote-ssh${Deno.build.os === "windows" ? ".exe" : ""}`;

const { code } = await new Deno.Command(Deno.execPath(), {
  args: [
    "compile",
    "--quiet",
    "--no-prompt",
    "--allow-net",
    `--allow-read=${secretsDir}`,
    `--output=${output}`,
    "main.ts",
    `--secrets-dir=${secretsDir}`,
  ],
  env: packOnly ? { DENORT_BIN: Deno.execPath() } : {},
  stdin: "null",
}).spawn().status;
if (code === 0) console.log(packOnly ? "packing works" : `made ${output}`);
if (packOnly) await Deno.remove(output).catch(() => {}); // not there when packing failed
Deno.exit(code);
