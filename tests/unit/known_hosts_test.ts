import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import { type HostKeyPolicy, KnownHosts } from "../../lib/ssh/host_keys/known_hosts.ts";
import { keyText, randomHostKey } from "../support/host_keys.ts";
import { ensureProgram, run, runOk } from "../support/run.ts";
import { runSandboxed } from "../support/sandboxed.ts";
import { tempDir } from "../support/temp_dir.ts";

const [first, second] = [randomHostKey(), randomHostKey()];
const rsa = randomHostKey("ssh-rsa");

/** The code of the error a check fails with, or the status it ends with. */
async function verdict(known: KnownHosts, host: string, port = 22, key = first): Promise<string> {
  return await known.verify(host, port, key).then(({ status }) => status, (error) => {
    assert.ok(error instanceof ToolError, String(error));
    return error.code;
  });
}

async function failure(promise: Promise<unknown>): Promise<ToolError> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof ToolError, `not a ToolError: ${error}`);
  return error;
}

Deno.test("KnownHosts.verify() decides as OpenSSH does, under each policy", async () => {
  await using dir = await tempDir();
  const [one, two, three] = [keyText(first), keyText(second), keyText(rsa)];
  const lines = [
    `known ${one}`,
    `changed ${two}`,
    `several ${two}`,
    `several ${three}`,
    `several ${one}`,
    `othertype ${three}`,
    `@revoked revoked ${one}`,
    `revoked ${one}`,
    `@revoked otherrevoked ${two}`,
    `@cert-authority *.ca ${two}`,
    `*.wild,!not.wild ${two}`,
    `[port]:2222 ${two}`,
    `port ${one}`,
  ];
  const cases: [string, number, string, string][] = [
    // host, port, under strict, under accept-new
    ["known", 22, "known", "known"],
    ["KNOWN", 22, "known", "known"],
    ["unknown", 22, "host_key_unknown", "new_stored"],
    ["changed", 22, "host_key_changed", "host_key_changed"],
    ["several", 22, "known", "known"],
    ["othertype", 22, "host_key_changed", "host_key_changed"],
    ["revoked", 22, "host_key_revoked", "host_key_revoked"],
    ["otherrevoked", 22, "host_key_unknown", "new_stored"],
    ["host.ca", 22, "host_key_unknown", "new_stored"],
    ["a.wild", 22, "host_key_changed", "host_key_changed"],
    ["not.wild", 22, "host_key_unknown", "new_stored"],
    ["port", 2222, "host_key_changed", "host_key_changed"],
    ["port", 2223, "known", "known"], // the bare name's key is good for other ports
    ["changed", 2223, "host_key_unknown", "new_stored"], // and another key there says nothing
    ["revoked", 2223, "host_key_revoked", "host_key_revoked"],
  ];
  for (const [host, port, strict, acceptNew] of cases) {
    const file = await dir.write("known_hosts", lines.join("\n") + "\n");
    const check = (policy: HostKeyPolicy): Promise<string> => verdict(new KnownHosts({ file, policy }), host, port);
    assert.deepEqual([host, port, await check("strict")], [host, port, strict]);
    assert.deepEqual([host, port, await check("insecure")], [
      host,
      port,
      strict.endsWith("revoked") ? strict : "not_checked",
    ]);
    assert.equal((await Deno.readTextFile(file)).split("\n").length, lines.length + 1);
    assert.deepEqual([host, port, await check("accept-new")], [host, port, acceptNew]);
    if (acceptNew === "new_stored") assert.deepEqual([host, port, await check("strict")], [host, port, "known"]);
  }
});

Deno.test("KnownHosts.verify() names both keys, the place and the way out when a key has changed, and that way works", async () => {
  await using dir = await tempDir();
  const file = await dir.write("known hosts", `# mine\n[host]:2222 ${keyText(second)}\n`);
  const known = new KnownHosts({ file, policy: "accept-new" });
  const error = await failure(known.verify("host", 2222, first));
  assert.equal(
    error.message,
    `the host key of "[host]:2222" has changed: it offers ssh-ed25519 ${first.fingerprint}, ` +
      `known is ssh-ed25519 ${second.fingerprint} (${file} line 2)`,
  );
  assert.deepEqual(error.data, {
    offered: { type: "ssh-ed25519", fingerprint: first.fingerprint },
    expected: [{ type: "ssh-ed25519", fingerprint: second.fingerprint, file, line: 2 }],
  });
  await ensureProgram("ssh-keygen", "openssh-client");
  await runOk("sh", ["-c", /ssh-keygen .*/.exec(error.hint ?? "")?.[0] ?? "exit 1"]);
  assert.deepEqual(await known.verify("host", 2222, first), { status: "new_stored" });
  assert.equal(await Deno.readTextFile(file), `# mine\n[host]:2222 ${keyText(first)}\n`);
});

Deno.test("KnownHosts.verify() gives the offered key and the revoked line as data when it refuses", async () => {
  await using dir = await tempDir();
  const file = await dir.write("known_hosts", `@revoked * ${keyText(first)}\n`);
  const offered = { type: "ssh-ed25519", fingerprint: first.fingerprint };
  const revoked = await failure(new KnownHosts({ file, policy: "insecure" }).verify("host", 22, first));
  assert.deepEqual([revoked.code, revoked.data], ["host_key_revoked", {
    offered,
    expected: [{ ...offered, file, line: 1 }],
  }]);
  const unknown = await failure(new KnownHosts({ file, policy: "strict" }).verify("host", 22, second));
  assert.equal(unknown.code, "host_key_unknown");
  assert.equal(unknown.message, `the host key of "host" is not known: ssh-ed25519 ${second.fingerprint}`);
  assert.match(unknown.hint ?? "", /--host-keys=accept-new/);
});

Deno.test("KnownHosts.verify() makes directory and file for their owner alone, in OpenSSH's format", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/.ssh/known_hosts`;
  const known = new KnownHosts({ file, policy: "accept-new" });
  assert.deepEqual(await known.verify("Example.com", 22, first), { status: "new_stored" });
  assert.deepEqual(await known.verify("2001:db8::1", 2222, rsa), { status: "new_stored" });
  assert.equal(((await Deno.stat(`${dir.path}/.ssh`)).mode ?? 0) & 0o777, 0o700);
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  assert.equal(await Deno.readTextFile(file), `example.com ${keyText(first)}\n[2001:db8::1]:2222 ${keyText(rsa)}\n`);
  await ensureProgram("ssh-keygen", "openssh-client");
  const found = await runOk("ssh-keygen", ["-l", "-F", "[2001:db8::1]:2222", "-f", file]);
  assert.ok(found.includes(rsa.fingerprint), found);
});

Deno.test("KnownHosts.verify() ends a last line without line end before it adds its own, and follows a link", async () => {
  await using dir = await tempDir();
  const real = await dir.write("real", `other ${keyText(second)}`);
  await Deno.symlink(real, `${dir.path}/known_hosts`);
  const known = new KnownHosts({ file: `${dir.path}/known_hosts`, policy: "accept-new" });
  assert.deepEqual(await known.verify("host", 22, first), { status: "new_stored" });
  assert.equal(await Deno.readTextFile(real), `other ${keyText(second)}\nhost ${keyText(first)}\n`);
  assert.equal((await Deno.lstat(`${dir.path}/known_hosts`)).isSymlink, true);
});

Deno.test("KnownHosts.verify() remembers a key that cannot be stored, says why, and sees it change", async () => {
  await using dir = await tempDir();
  await dir.write("file", "");
  for (const file of [`${dir.path}/file/below/known_hosts`, "/dev/null", `${dir.path}/no/such/directory`]) {
    const known = new KnownHosts({ file, policy: "accept-new" });
    const { status, note } = await known.verify("host", 22, first);
    assert.equal(status, "new_for_this_process");
    assert.match(
      note ?? "",
      /the file of known hosts (cannot be (written|read)|is not a regular file)|not readable|make this one readable/,
    );
    assert.equal(await verdict(known, "HOST"), "new_for_this_process");
    const error = await failure(known.verify("host", 22, second));
    assert.equal(error.code, "host_key_changed");
    assert.match(error.message, /seen earlier by this server/);
    assert.deepEqual(error.data?.expected, [{ type: "ssh-ed25519", fingerprint: first.fingerprint }]);
    assert.equal(await verdict(known, "host", 2222, second), "new_for_this_process");
    assert.deepEqual(await known.knownKeyTypes("host", 22), ["ssh-ed25519"]);
  }
});

Deno.test("KnownHosts.verify() does not store a name that would be read as something else", async () => {
  await using dir = await tempDir();
  const file = await dir.write("known_hosts", "");
  const known = new KnownHosts({ file, policy: "accept-new" });
  for (const host of ["*", "a,b", "a b", "a\nb", "!a", "|1|a|b", "#a", "@revoked", "hôst", ""]) {
    assert.deepEqual([host, await verdict(known, host)], [host, "new_for_this_process"]);
  }
  assert.equal(await Deno.readTextFile(file), "");
});

Deno.test("KnownHosts.verify() refuses when the file is there and cannot be read whole, which could hide a changed key", async () => {
  await using dir = await tempDir();
  await runOk("mkfifo", [`${dir.path}/fifo`]);
  await Deno.truncate(await dir.write("large", ""), 10 * 1024 * 1024 + 1);
  for (const file of [dir.path, `${dir.path}/fifo`, `${dir.path}/large`]) {
    assert.equal(await verdict(new KnownHosts({ file, policy: "strict" }), "host"), "known_hosts_malformed");
    assert.equal(await verdict(new KnownHosts({ file, policy: "accept-new" }), "host"), "known_hosts_malformed");
    assert.equal(await verdict(new KnownHosts({ file, policy: "insecure" }), "host"), "not_checked");
  }
  assert.equal(
    await verdict(new KnownHosts({ file: `${dir.path}/none`, policy: "strict" }), "host"),
    "host_key_unknown",
  );
});

Deno.test("KnownHosts.verify() says so when a line that names the host cannot be read", async () => {
  await using dir = await tempDir();
  const cut = keyText(first).slice(0, -12);
  const lines = [
    `other,host ${cut}`,
    `@revoked host ${cut}`,
    "host",
    `elsewhere ${cut}`,
    "",
    `known ${keyText(first)}`,
  ];
  const file = await dir.write("known_hosts", [...lines, `known ${cut}`].join("\n"));
  const known = new KnownHosts({ file, policy: "accept-new" });
  const { status, note } = await known.verify("host", 22, second);
  assert.equal(status, "new_stored");
  assert.equal(
    note,
    `lines 1, 2, 3 of ${file} name this host and cannot be read; a key that is known or revoked may be hidden there`,
  );
  assert.match((await known.verify("known", 2222, first)).note ?? "", /^line 7 of \S+ names this host/);
  assert.deepEqual(await known.verify("new", 22, second), { status: "new_stored" });
});

Deno.test("KnownHosts.verify() reads the file anew each time", async () => {
  await using dir = await tempDir();
  const file = await dir.write("known_hosts", "");
  const known = new KnownHosts({ file, policy: "strict" });
  assert.equal(await verdict(known, "host"), "host_key_unknown");
  await dir.write("known_hosts", `host ${keyText(first)}\n`);
  assert.equal(await verdict(known, "host"), "known");
  await dir.write("known_hosts", `host ${keyText(second)}\n`);
  assert.equal(await verdict(known, "host"), "host_key_changed");
});

Deno.test("KnownHosts.verify() stores one line when a host is met many times at once, and refuses a second key", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/known_hosts`;
  const instances = [1, 2, 3].map(() => new KnownHosts({ file, policy: "accept-new" }));
  const same = await Promise.all(instances.flatMap((known) => [1, 2, 3, 4].map(() => verdict(known, "host"))));
  assert.deepEqual(same.sort(), [...Array(11).fill("known"), "new_stored"]);
  const both = await Promise.all([first, second].map((key) => verdict(instances[0] as KnownHosts, "other", 22, key)));
  assert.deepEqual(both.sort(), ["host_key_changed", "new_stored"]);
  assert.equal((await Deno.readTextFile(file)).split("\n").length, 3);
});

Deno.test("KnownHosts.verify() keeps every line whole when several processes store at once", async () => {
  await using dir = await tempDir();
  const file = `${dir.path}/known_hosts`;
  const store = (prefix: string): string => `
    import { KnownHosts } from "project:lib/ssh/host_keys/known_hosts.ts";
    import { randomHostKey } from "project:tests/support/host_keys.ts";
    const known = new KnownHosts({ file: "${file}", policy: "accept-new" });
    const hosts = Array.from({ length: 100 }, (_, index) => "${prefix}" + index);
    const results = await Promise.all(hosts.map((host) => known.verify(host, 22, randomHostKey("ssh-rsa"))));
    console.log(results.filter(({ status }) => status === "new_stored").length);`;
  const flags = [`--allow-read=${file},${dir.path}`, `--allow-write=${file}`];
  assert.deepEqual(await Promise.all(["a", "b", "c"].map((prefix) => runSandboxed(flags, store(prefix)))), [
    "100",
    "100",
    "100",
  ]);
  const lines = (await Deno.readTextFile(file)).split("\n").filter((line) => line !== "");
  assert.equal(lines.length, 300);
  for (const line of lines) assert.match(line, /^[abc]\d+ ssh-rsa [A-Za-z0-9+/]{372}$/);
});

Deno.test("KnownHosts works within its permissions and names the flag that is missing", async () => {
  await using dir = await tempDir();
  const file = await dir.write("known_hosts", `known ${keyText(first)}\n`);
  const code = (path: string): string => `
    import { KnownHosts } from "project:lib/ssh/host_keys/known_hosts.ts";
    import { hostKeyFromBlob } from "project:lib/ssh/host_keys/host_key.ts";
    const key = hostKeyFromBlob(Uint8Array.from(atob("${keyText(first).split(" ")[1]}"), (c) => c.charCodeAt(0)));
    for (const policy of ["strict", "accept-new", "insecure"]) {
      const known = new KnownHosts({ file: ${path}, policy });
      for (const host of ["known", "new"]) {
        const said = await known.verify(host, 22, key).catch((error) => error.code + " " + error.hint);
        console.log(host, said.status ?? said);
      }
      if (policy !== "accept-new") continue;
      const { note } = await new KnownHosts({ file: ${path}, policy }).verify("new", 22, key);
      console.log(note, (await known.knownKeyTypes("new", 22)).join());
    }`;
  const both = "start the server with --known-hosts=FILE and the permissions --allow-read=FILE and --allow-write=FILE";
  const read = `start the server with --allow-read=${file}`;
  const write = `to store it, start the server with --allow-write=${file}`;
  const without = (hint: string): string[] => [
    `known permission_denied_locally ${hint}`,
    `new permission_denied_locally ${hint}`,
    "known new_for_this_process",
    "new new_for_this_process",
    `${hint} ssh-ed25519`,
    "known not_checked",
    "new not_checked",
  ];
  assert.deepEqual((await runSandboxed([], code("undefined"))).split("\n"), without(both));
  assert.deepEqual((await runSandboxed([], code(`"${file}"`))).split("\n"), without(read));
  const readOnly = (await runSandboxed([`--allow-read=${file}`], code(`"${file}"`))).split("\n");
  assert.deepEqual([readOnly[0], readOnly[2], readOnly[3], readOnly[4]], [
    "known known",
    "known known",
    "new new_for_this_process",
    `${write} ssh-ed25519`,
  ]);
  assert.match(readOnly[1] ?? "", /^new host_key_unknown /);
  assert.equal(await Deno.readTextFile(file), `known ${keyText(first)}\n`);
});

Deno.test("KnownHosts reads ~/.ssh/known_hosts when it is given no file and HOME may be read", async () => {
  await using dir = await tempDir();
  await Deno.mkdir(`${dir.path}/.ssh`);
  await dir.write(".ssh/known_hosts", `host ${keyText(first)}\n`);
  const code = `
    import { KnownHosts } from "project:lib/ssh/host_keys/known_hosts.ts";
    const known = new KnownHosts({ policy: "strict" });
    console.log(await known.knownKeyTypes("host", 22));`;
  const flags = ["--allow-env=HOME", `--allow-read=${dir.path}/.ssh/known_hosts`];
  // The child's HOME is the directory; its cache of modules stays where it is.
  const cache = Deno.env.get("DENO_DIR") ?? JSON.parse((await run(Deno.execPath(), ["info", "--json"])).stdout).denoDir;
  assert.equal(await runSandboxed(flags, code, { HOME: dir.path, DENO_DIR: cache }), '[ "ssh-ed25519" ]');
});

Deno.test("KnownHosts.knownKeyTypes() lists the types of a host, of its bare name for a port not known, and no revoked one", async () => {
  await using dir = await tempDir();
  const lines = [
    `host ${keyText(rsa)}`,
    `host ${keyText(first)}`,
    `host ${keyText(second)}`,
    `@revoked r ${keyText(first)}`,
  ];
  const file = await dir.write("known_hosts", [...lines, `[host]:23 ${keyText(first)}`].join("\n"));
  const known = new KnownHosts({ file, policy: "strict" });
  assert.deepEqual(await known.knownKeyTypes("Host", 22), ["ssh-rsa", "ssh-ed25519"]);
  assert.deepEqual(await known.knownKeyTypes("host", 2222), ["ssh-rsa", "ssh-ed25519"]);
  assert.deepEqual(await known.knownKeyTypes("host", 23), ["ssh-ed25519"]);
  assert.deepEqual(await known.knownKeyTypes("r", 22), []);
});
