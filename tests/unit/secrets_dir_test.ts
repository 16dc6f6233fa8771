import assert from "node:assert/strict";
import { MAX_SECRETS_FILE_BYTES, readSecretsFile, secretsFiles } from "../../lib/secrets/secrets_dir.ts";

interface Place extends Disposable {
  /** Real path of the directory that holds everything. */
  root: string;
  /** Real path of the secrets directory in it. */
  dir: string;
}

function place(): Place {
  const root = Deno.realPathSync(Deno.makeTempDirSync());
  const dir = `${root}/secrets`;
  Deno.mkdirSync(dir);
  write(`${dir}/a.env`, "A=1\n");
  return { root, dir, [Symbol.dispose]: () => Deno.removeSync(root, { recursive: true }) };
}

function write(path: string, text: string | Uint8Array, mode = 0o600): void {
  if (typeof text === "string") Deno.writeTextFileSync(path, text);
  else Deno.writeFileSync(path, text);
  Deno.chmodSync(path, mode);
}

const OUTSIDE = { name: "ToolError", code: "outside_secrets_dir" };
const UNREADABLE = { name: "ToolError", code: "env_file_unreadable" };

Deno.test("readSecretsFile() reads a file by a relative and by an absolute path", async () => {
  using at = place();
  Deno.mkdirSync(`${at.dir}/sub`);
  write(`${at.dir}/sub/b.env`, "B=é\n");
  assert.deepEqual(await readSecretsFile(at.dir, "a.env"), { path: `${at.dir}/a.env`, text: "A=1\n", warnings: [] });
  assert.equal((await readSecretsFile(at.dir, `${at.dir}/sub/b.env`)).text, "B=é\n");
  assert.equal((await readSecretsFile(`${at.dir}/`, "./sub/../a.env")).text, "A=1\n");
});

Deno.test("readSecretsFile() throws secrets_dir_missing when there is no directory", async () => {
  using at = place();
  await assert.rejects(readSecretsFile(undefined, "a.env"), {
    name: "ToolError",
    code: "secrets_dir_missing",
    hint: "start the server with --allow-read=DIR and --secrets-dir=DIR, where DIR holds the env files",
  });
  for (const dir of [`${at.root}/none`, `${at.dir}/a.env`]) {
    await assert.rejects(readSecretsFile(dir, "a.env"), { name: "ToolError", code: "secrets_dir_missing" });
  }
});

Deno.test("readSecretsFile() throws outside_secrets_dir for every way out, there or not", async () => {
  using at = place();
  write(`${at.root}/out.env`, "OUT=1\n");
  Deno.mkdirSync(`${at.root}/secrets-too`);
  write(`${at.root}/secrets-too/x.env`, "X=1\n");
  Deno.symlinkSync(`${at.root}/out.env`, `${at.dir}/link.env`);
  Deno.symlinkSync(at.root, `${at.dir}/up`);
  Deno.mkdirSync(`${at.root}/other/deep`, { recursive: true });
  Deno.symlinkSync(`${at.root}/other/deep`, `${at.dir}/deep`);
  write(`${at.root}/other/a.env`, "WRONG=1\n");
  const ways = [
    "../out.env",
    "../none.env",
    `${at.root}/out.env`,
    `${at.root}/secrets-too/x.env`,
    "/etc/passwd",
    "/nonexistent/file",
    "link.env",
    "up/out.env",
    "up/secrets/../out.env",
    "deep/../a.env",
    ".",
    "",
    "..",
    at.dir,
  ];
  for (const way of ways) {
    const expected = way === "" ? { name: "ToolError", code: "invalid_argument" } : OUTSIDE;
    await assert.rejects(readSecretsFile(at.dir, way), expected, way);
  }
});

Deno.test("readSecretsFile() follows links that stay inside", async () => {
  using at = place();
  Deno.symlinkSync("a.env", `${at.dir}/same.env`);
  Deno.symlinkSync(at.dir, `${at.root}/alias`);
  assert.equal((await readSecretsFile(at.dir, "same.env")).path, `${at.dir}/a.env`);
  assert.equal((await readSecretsFile(`${at.root}/alias`, `${at.root}/alias/a.env`)).text, "A=1\n");
  await assert.rejects(readSecretsFile(`${at.root}/alias`, `${at.root}/alias/none`), UNREADABLE);
});

Deno.test("readSecretsFile() throws env_file_unreadable when there is no such regular file", async () => {
  using at = place();
  Deno.mkdirSync(`${at.dir}/sub`);
  Deno.symlinkSync("nowhere", `${at.dir}/dangling`);
  await new Deno.Command("mkfifo", { args: [`${at.dir}/fifo`] }).output();
  using listener = Deno.listen({ transport: "unix", path: `${at.dir}/socket` });
  assert.equal(listener.addr.transport, "unix");
  for (const name of ["none.env", "dangling", "a.env/x"]) {
    await assert.rejects(readSecretsFile(at.dir, name), UNREADABLE, name);
  }
  for (const name of ["sub", "fifo", "socket"]) {
    await assert.rejects(readSecretsFile(at.dir, name), { ...UNREADABLE, message: `"${name}" is not a regular file` });
  }
});

Deno.test("readSecretsFile() escapes the path it quotes", async () => {
  using at = place();
  await assert.rejects(readSecretsFile(at.dir, "a\n\x1b[31m"), {
    ...UNREADABLE,
    message: 'there is no file "a\\n\\x1b[31m" in the secrets directory',
  });
});

Deno.test("readSecretsFile() takes 1 MiB and throws limit_reached above it", async () => {
  using at = place();
  write(`${at.dir}/full`, "#".repeat(MAX_SECRETS_FILE_BYTES));
  write(`${at.dir}/over`, "#".repeat(MAX_SECRETS_FILE_BYTES + 1));
  assert.equal((await readSecretsFile(at.dir, "full")).text.length, MAX_SECRETS_FILE_BYTES);
  await assert.rejects(readSecretsFile(at.dir, "over"), { name: "ToolError", code: "limit_reached" });
});

Deno.test("readSecretsFile() reads an empty file as empty text", async () => {
  using at = place();
  write(`${at.dir}/empty`, "");
  assert.equal((await readSecretsFile(at.dir, "empty")).text, "");
});

Deno.test("readSecretsFile() throws env_file_unreadable when a file is not UTF-8", async () => {
  using at = place();
  write(`${at.dir}/latin1`, new Uint8Array([0x41, 0x3d, 0xe9, 0x0a]));
  await assert.rejects(readSecretsFile(at.dir, "latin1"), {
    ...UNREADABLE,
    message: '"latin1" is not UTF-8 text',
    hint: "save the file as UTF-8",
  });
});

Deno.test("readSecretsFile() warns when others can read or change the file", async () => {
  using at = place();
  for (const [mode, octal] of [[0o644, "644"], [0o640, "640"], [0o602, "602"]] as const) {
    Deno.chmodSync(`${at.dir}/a.env`, mode);
    const { warnings } = await readSecretsFile(at.dir, "a.env");
    assert.deepEqual(warnings, [
      `other users of this machine can read or change the file (mode ${octal}); chmod 600 ${at.dir}/a.env keeps them out`,
    ]);
  }
});

Deno.test("readSecretsFile() never gives what lies outside while a directory is swapped for a link", async () => {
  using at = place();
  Deno.mkdirSync(`${at.root}/out`);
  write(`${at.root}/out/a.env`, "OUTSIDE=1\n");
  Deno.mkdirSync(`${at.dir}/good`);
  write(`${at.dir}/good/a.env`, "INSIDE=1\n");
  Deno.symlinkSync(`${at.root}/out`, `${at.root}/bad`);
  Deno.symlinkSync("good", `${at.root}/fine`);
  let isSwapping = true;
  const swapper = (async () => {
    while (isSwapping) {
      for (const target of [`${at.root}/out`, `${at.dir}/good`]) {
        await Deno.symlink(target, `${at.dir}/next`);
        await Deno.rename(`${at.dir}/next`, `${at.dir}/door`);
      }
    }
  })();
  const seen = new Set<string>();
  for (let round = 0; round < 400; round++) {
    try {
      seen.add((await readSecretsFile(at.dir, "door/a.env")).text);
    } catch (error) {
      seen.add((error as { code?: string }).code ?? String(error));
    }
  }
  isSwapping = false;
  await swapper;
  seen.delete("env_file_unreadable"); // before the first swap there is no door
  assert.deepEqual([...seen].sort(), ["INSIDE=1\n", "outside_secrets_dir"]);
});

/** Runs one read in a Deno of its own with these flags, and gives what it threw or read. */
async function sandboxed(flags: string[], dir: string, file: string, env: Record<string, string> = {}) {
  const script = `import { readSecretsFile } from ${
    JSON.stringify(import.meta.resolve("../../lib/secrets/secrets_dir.ts"))
  };
    try { console.log(JSON.stringify(await readSecretsFile(${JSON.stringify(dir)}, ${JSON.stringify(file)}))); }
    catch (error) { console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint })); }`;
  const path = Deno.makeTempFileSync({ dir: `${dir}/..`, suffix: ".ts" });
  Deno.writeTextFileSync(path, script);
  const args = ["run", "--no-prompt", "--no-check", "--config", new URL("../../deno.json", import.meta.url).pathname];
  const output = await new Deno.Command(Deno.execPath(), { args: [...args, ...flags, path], env }).output();
  return JSON.parse(new TextDecoder().decode(output.stdout));
}

Deno.test("readSecretsFile() names the whole flag when the sandbox forbids it", async () => {
  using at = place();
  Deno.symlinkSync(at.dir, `${at.root}/alias`);
  const denied = (hint: string, what: string) => ({
    code: "permission_denied_locally",
    message: `${what} is not allowed by Deno's sandbox`,
    hint: `start the server with ${hint}`,
  });
  const [read, missing, alias, elsewhere, home, found] = await Promise.all([
    sandboxed([`--allow-read=${at.dir}`], at.dir, "a.env"),
    sandboxed([], at.dir, "a.env"),
    sandboxed([`--allow-read=${at.root}/alias`], `${at.root}/alias`, "a.env"),
    sandboxed([`--allow-read=${at.dir}`], at.dir, "/etc/hostname"),
    sandboxed([`--allow-read=${at.dir}`], at.dir, "~/secrets/a.env"),
    sandboxed([`--allow-read=${at.dir}`, "--allow-env=HOME"], at.dir, "~/secrets/a.env", {
      HOME: at.root,
      DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    }),
  ]);
  assert.equal(read.text, "A=1\n");
  assert.deepEqual(missing, denied(`--allow-read=${at.dir}`, "reading the secrets directory"));
  assert.deepEqual(alias, denied(`--allow-read=${at.dir}`, "reading the directory that --secrets-dir is a link to"));
  assert.equal(elsewhere.code, "outside_secrets_dir");
  assert.deepEqual(home, denied("--allow-env=HOME", "finding the home directory for ~"));
  assert.equal(found.text, "A=1\n");
});

Deno.test("secretsFiles() finds files in directories below, follows no link, and stops where it is told to", async () => {
  using at = place();
  Deno.mkdirSync(`${at.dir}/b/c`, { recursive: true });
  Deno.mkdirSync(`${at.root}/outside`);
  write(`${at.dir}/b/c/c.env`, "A=1\n");
  write(`${at.root}/outside/d.env`, "A=1\n");
  Deno.symlinkSync(`${at.root}/outside/d.env`, `${at.dir}/d.env`);
  Deno.symlinkSync(`${at.root}/outside`, `${at.dir}/outside`);
  assert.deepEqual(await secretsFiles(at.dir, 10), [`${at.dir}/a.env`, `${at.dir}/b/c/c.env`]);
  assert.deepEqual(await secretsFiles(at.dir, 1), [`${at.dir}/a.env`]);
  assert.deepEqual(await secretsFiles(`${at.dir}/none`, 10), []);
  assert.deepEqual(await secretsFiles(undefined, 10), []);
});
