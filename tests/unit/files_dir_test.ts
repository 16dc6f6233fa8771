import assert from "node:assert/strict";
import { FilesDir } from "../../lib/files_dir.ts";
import { rejectsWith } from "../support/file_tools.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("FilesDir() refuses directories of which one lies in the other, also through a link", async () => {
  await using home = await tempDir();
  await Deno.mkdir(`${home.path}/secrets/inner`, { recursive: true });
  await Deno.mkdir(`${home.path}/files`);
  await Deno.symlink("secrets", `${home.path}/alias`);
  const secrets = `${home.path}/secrets`;
  for (const files of [secrets, `${secrets}/inner`, home.path, `${home.path}/alias`, `${secrets}/../secrets/none`]) {
    assert.throws(() => new FilesDir(files, secrets), { code: "invalid_argument", message: /overlap/ });
  }
  new FilesDir(`${home.path}/files`, secrets);
  new FilesDir(`${home.path}/secrets2`, secrets);
});

Deno.test("FilesDir.source() and target() say how to give a directory when there is none", async () => {
  const none = new FilesDir(undefined, undefined);
  for (const asked of [none.source("x"), none.target("x")]) {
    const error = await rejectsWith(asked, "files_dir_missing");
    assert.match(error.hint ?? "", /--files-dir=DIR --allow-read=DIR --allow-write=DIR/);
  }
  await rejectsWith(new FilesDir("/nonexistent/dir", undefined).source("x"), "files_dir_missing");
});

Deno.test("FilesDir.source() gives real paths inside, and refuses what leads out", async () => {
  await using home = await tempDir();
  await Deno.mkdir(`${home.path}/files/sub`, { recursive: true });
  await home.write("outside", "x");
  await Deno.writeTextFile(`${home.path}/files/file`, "x");
  await Deno.symlink("file", `${home.path}/files/link`);
  await Deno.symlink("../outside", `${home.path}/files/out`);
  await Deno.symlink(`${home.path}/files`, `${home.path}/alias`);
  const files = new FilesDir(`${home.path}/alias`, undefined);
  const real = `${home.path}/files/file`;
  for (const path of ["file", "link", "sub/../file", real, `${home.path}/alias/file`]) {
    assert.equal(await files.source(path), real);
  }
  for (const path of ["out", "../outside", "sub/../../outside", "/etc/passwd", "", "..", "/etc/none"]) {
    await rejectsWith(files.source(path), "outside_files_dir");
  }
  await rejectsWith(files.source("none"), "local_file_error");
});

Deno.test("FilesDir.target() gives free names in directories that exist, inside only", async () => {
  await using home = await tempDir();
  await Deno.mkdir(`${home.path}/files/sub`, { recursive: true });
  await Deno.symlink("/etc", `${home.path}/files/etc`);
  const files = new FilesDir(`${home.path}/files`, undefined);
  assert.equal(await files.target("sub/new"), `${home.path}/files/sub/new`);
  assert.equal(await files.target("new/"), `${home.path}/files/new`);
  for (const path of ["etc/new", "../new", "/new", "sub/../../new", "sub/.."]) {
    const outcome = await files.target(path).catch((error) => error.code);
    assert.ok(outcome === "outside_files_dir" || outcome === `${home.path}/files`, `${path}: ${outcome}`);
  }
  await rejectsWith(files.target("none/new"), "local_file_error");
});

Deno.test("FilesDir.allowsLink() allows links that stay inside", async () => {
  await using home = await tempDir();
  const files = new FilesDir(home.path, undefined);
  await Deno.mkdir(`${home.path}/sub`);
  for (
    const [target, allowed] of [
      ["file", true],
      ["", false],
      ["../file", true],
      ["../../file", false],
      ["/etc", false],
      [home.path, false],
    ] as const
  ) {
    assert.equal(await files.allowsLink(`${home.path}/sub/link`, target), allowed, target);
  }
});

Deno.test("FilesDir names the whole flag when a permission is missing", async () => {
  await using home = await tempDir();
  const script = `import { FilesDir } from ${JSON.stringify(new URL("../../lib/files_dir.ts", import.meta.url).href)};
    const files = new FilesDir(Deno.args[0], undefined);
    for (const asked of [() => files.source("x"), () => files.target("x")]) {
      console.log(await asked().catch((error) => error.code + " " + error.hint));
    }`;
  const program = await home.write("program.ts", script);
  const flags = (granted: string[]): string[] => ["run", "--no-prompt", "--no-config", ...granted, program, home.path];
  const output = async (granted: string[]): Promise<string[]> => {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: flags(granted) }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  const needed = (flag: string) => `permission_denied_locally start the server with --allow-${flag}=${home.path}`;
  assert.deepEqual(await output([]), [needed("read"), needed("read")]);
  assert.match((await output([`--allow-read=${home.path}`]))[0]!, /^local_file_error/);
  assert.equal((await output([`--allow-read=${home.path}`]))[1], needed("write"));
});

Deno.test("FilesDir.allowsLink() goes by where links really lead, now and later", async () => {
  await using home = await tempDir();
  const top = `${home.path}/files`;
  await Deno.mkdir(`${top}/sub/deep`, { recursive: true });
  await Deno.mkdir(`${home.path}/outside`);
  const links = [["/etc", "etc"], ["sub/deep", "deep"], ["etc", "etc2"], ["../outside/none", "gone"], [
    "later",
    "open",
  ]];
  links.push(["loop", "loop"]);
  for (const [target, name] of links) await Deno.symlink(target!, `${top}/${name}`);
  const files = new FilesDir(top, undefined);
  for (
    const [target, allowed] of [
      ["etc/passwd", false], // a link that is there leads out
      ["etc2", false], // a link to a link
      ["etc2/passwd", false],
      ["gone", false], // what it leads to may come to be
      ["loop", false],
      ["deep", true],
      ["deep/file", true],
      ["open", true],
      ["none/file", true],
      ["deep/../../x", false], // by its letters it is ../x, and really it is sub/../x
      ["none/../../../x", false],
      ["none/../file", false], // none may become a link to wherever
      ["../files/file", false],
      ["./sub/./deep", true],
      ["sub//deep/", true],
    ] as const
  ) {
    assert.equal(await files.allowsLink(`${top}/link`, target), allowed, target);
  }
  assert.equal(await files.allowsLink(`${top}/sub/deep/link`, "../../file"), true);
  assert.equal(await files.allowsLink(`${top}/deep/link`, "../../file"), true); // the real place counts
  assert.equal(await files.allowsLink(`${top}/etc/link`, "passwd"), false);
});
