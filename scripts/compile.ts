/**
 * Packs the program into one executable with its permissions baked in: `deno task compile -- --secrets-dir=DIR`.
 * Without a directory it is `./secrets`, relative to where the executable is started.
 */
const flag = Deno.args.find((arg) => arg.startsWith("--secrets-dir="));
const secretsDir = flag?.slice("--secrets-dir=".length) ?? "secrets";
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
  env: Deno.env.get("CI") === "true" ? { DENORT_BIN: Deno.env.get("DENORT_BIN") ?? Deno.execPath() } : {},
  stdin: "null",
}).spawn().status;
if (code === 0) console.log(`packed ${output}`);
Deno.exit(code);
