/** Runs the benchmarks one after the other; names on the command line pick some, e.g. `deno task bench -- execute`. */
const ALL = ["startup", "execute", "memory", "shell", "files", "cancel", "forward", "redactor", "leaks", "dropbear"];

const wanted = Deno.args.filter((arg) => arg !== "--");
for (const name of wanted.length > 0 ? wanted : ALL) {
  console.log(`\n# ${name}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", new URL(`${name}.ts`, import.meta.url).pathname],
  }).spawn().status;
  if (code !== 0) Deno.exit(code);
}
