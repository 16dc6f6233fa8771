import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { generateKeyPairSync } from "node:crypto";
import { ToolError } from "../../lib/errors.ts";
import { loadPrivateKey, maxKeyBytes, readPrivateKeyFile } from "../../lib/ssh/authentication/private_key.ts";
import { WireWriter } from "../../lib/ssh/wire.ts";
import { makeKeyFiles, passphrase } from "../support/key_files.ts";
import { runOk } from "../support/run.ts";
import { runSandboxed } from "../support/sandboxed.ts";
import { tempDir } from "../support/temp_dir.ts";

/** The error of a promise that must fail with a ToolError. */
async function toolError(promise: Promise<unknown>): Promise<ToolError> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof ToolError, `not a ToolError: ${error}`);
  return error;
}

/** Fails when anything that a client could see of the error holds part of the key's base64 or the passphrase. */
function assertSilent(error: ToolError, keyText: string): void {
  const shown = JSON.stringify([error.message, error.hint, error.data]);
  assert.equal(error.cause, undefined);
  assert.ok(!shown.includes(passphrase) && !shown.includes("wrong one"), shown);
  for (const line of keyText.split("\n")) {
    for (const piece of line.match(/[A-Za-z0-9+/]{12}/g) ?? []) {
      assert.ok(!shown.includes(piece), `${piece} in ${shown}`);
    }
  }
}

/** An OpenSSH file around a public blob of any type. */
function opensshFile(type: string): string {
  const blob = new WireWriter().string(type).string("x").bytes();
  const file = new WireWriter().raw(new TextEncoder().encode("openssh-key-v1\0")).string("none").string("none")
    .string("").uint32(1).string(blob).string(new WireWriter().uint32(1).uint32(1).string(type).bytes()).bytes();
  return pem("OPENSSH PRIVATE KEY", file);
}

function pem(label: string, data: Uint8Array): string {
  return `-----BEGIN ${label}-----\n${Buffer.from(data).toString("base64")}\n-----END ${label}-----\n`;
}

Deno.test("loadPrivateKey() loads an ECDSA key in every format, and says when a passphrase is missing or wrong", async () => {
  await using dir = await tempDir();
  const keys = await makeKeyFiles(dir.path, ["ecdsa-256"]);
  assert.ok(keys.length > 25, `${keys.length} keys`);
  for (const key of keys) {
    const text = await Deno.readTextFile(key.path);
    const loaded = await loadPrivateKey(text, { passphrase: key.passphrase });
    const blob = Buffer.from(key.publicKey.split(" ")[1] ?? "", "base64");
    assert.deepEqual([key.name, loaded.type, loaded.parsed.getPublicSSH()], [key.name, key.type, blob]);
    if (key.passphrase === undefined) continue;
    const missing = await toolError(loadPrivateKey(text));
    const wrong = await toolError(loadPrivateKey(text, { passphrase: "wrong one" }));
    assert.deepEqual([key.name, missing.code, wrong.code], [key.name, "key_encrypted", "key_wrong_passphrase"]);
    assertSilent(missing, text);
    assertSilent(wrong, text);
  }
});

Deno.test("loadPrivateKey() gives a key whose signature OpenSSL verifies when the key is of any type", async () => {
  await using dir = await tempDir();
  for (const type of ["rsa", "ecdsa", "ed25519"]) {
    await runOk("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", `${dir.path}/${type}`]);
    const { parsed, fingerprint } = await readPrivateKeyFile(`${dir.path}/${type}`);
    assert.equal((await runOk("ssh-keygen", ["-lf", `${dir.path}/${type}`])).split(" ")[1], fingerprint);
    if (type === "ed25519") continue; // openssl's command line signs Ed25519 another way
    const message = Buffer.from("signed in the test");
    const data = await dir.write("data", message);
    const publicPem = await dir.write("public.pem", parsed.getPublicPEM());
    // Servers of before 2018 know RSA signatures with SHA-1 only.
    for (const hash of type === "rsa" ? ["sha1", "sha256", "sha512"] : ["sha256"]) {
      const signature = await dir.write("signature", parsed.sign(message, hash));
      const verified = await runOk("openssl", [
        "dgst",
        `-${hash}`,
        "-verify",
        publicPem,
        "-signature",
        signature,
        data,
      ]);
      assert.match(verified, /Verified OK/);
    }
  }
});

Deno.test("loadPrivateKey() loads ECDSA keys whose secret number is short or has its highest bit set", async () => {
  await using dir = await tempDir();
  const seen = new Set<string>();
  for (let round = 0; seen.size < 3 && round < 5000; round++) {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const first = Buffer.from(String(privateKey.export({ format: "jwk" }).d), "base64url")[0] ?? 0;
    const kind = first === 0 ? "short" : first >= 0x80 ? "high" : "plain";
    if (seen.has(kind)) continue;
    seen.add(kind);
    const path = await dir.write(kind, privateKey.export({ type: "sec1", format: "pem" }));
    await runOk("ssh-keygen", ["-q", "-p", "-N", "", "-f", path]); // writes it anew in OpenSSH's format
    assert.match(await Deno.readTextFile(path), /BEGIN OPENSSH/);
    assert.equal((await readPrivateKeyFile(path)).type, "ecdsa-sha2-nistp256");
  }
  assert.equal(seen.size, 3);
});

Deno.test("loadPrivateKey() reads a key with CRLF, a byte order mark, other blocks and text around it", async () => {
  await using dir = await tempDir();
  await runOk("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", `${dir.path}/key`]);
  const text = await Deno.readTextFile(`${dir.path}/key`);
  const variants = [
    text.replaceAll("\n", "\r\n"),
    "\ufeff" + text,
    "Bag Attributes\n  a: b\n" + text,
    text.trim(),
    "\n\n" + text,
  ];
  for (const variant of variants) assert.equal((await loadPrivateKey(variant)).type, "ssh-ed25519");
  assert.equal(
    (await loadPrivateKey(new TextEncoder().encode(text), { passphrase: "not needed" })).type,
    "ssh-ed25519",
  );
  const withParameters = await runOk("openssl", ["ecparam", "-name", "prime256v1", "-genkey"]);
  assert.match(withParameters, /BEGIN EC PARAMETERS/);
  assert.equal((await loadPrivateKey(withParameters)).type, "ecdsa-sha2-nistp256");
});

Deno.test("loadPrivateKey() fails with key_malformed or key_unsupported when a key is cut or changed anywhere", async () => {
  await using dir = await tempDir();
  await runOk("ssh-keygen", ["-q", "-t", "ecdsa", "-N", "", "-C", "", "-f", `${dir.path}/key`]);
  const text = await Deno.readTextFile(`${dir.path}/key`);
  const data = Buffer.from(text.replaceAll(/-----.*-----|\n/g, ""), "base64");
  for (let length = 0; length < data.length - 8; length++) {
    const error = await toolError(loadPrivateKey(pem("OPENSSH PRIVATE KEY", data.subarray(0, length))));
    assert.ok(["key_malformed", "key_unsupported"].includes(error.code), `${length}: ${error.code}`);
  }
  for (let length = 0; length < text.length - 1; length += 7) {
    const error = await toolError(loadPrivateKey(text.slice(0, length)));
    assert.equal(error.code, "key_malformed");
    assertSilent(error, text);
  }
  // A flipped bit of the secret number makes another key: its signature no longer fits the public half.
  const scalarAt = data.length - 24;
  data[scalarAt] = (data[scalarAt] ?? 0) ^ 1;
  const error = await toolError(loadPrivateKey(pem("OPENSSH PRIVATE KEY", data)));
  assert.deepEqual([error.code, error.message], [
    "key_malformed",
    "the private key cannot be read: its private and public half do not match",
  ]);
});

Deno.test("loadPrivateKey() says what a file is when it is no private key that can be used", async () => {
  const ed448 = generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" });
  const cases: [string, string | Buffer, string, RegExp][] = [
    ["empty", "", "key_malformed", /it is empty/],
    ["text", "hello", "key_malformed", /no private key is in it/],
    ["public", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me", "key_malformed", /this is a public key/],
    [
      "SSH2 public",
      "---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----",
      "key_malformed",
      /this is a public key/,
    ],
    [
      "PEM public",
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
      "key_malformed",
      /this is a public key/,
    ],
    ["security key", opensshFile("sk-ssh-ed25519@openssh.com"), "key_unsupported", /security key/],
    ["security key, ECDSA", opensshFile("sk-ecdsa-sha2-nistp256@openssh.com"), "key_unsupported", /security key/],
    ["DSA", opensshFile("ssh-dss"), "key_unsupported", /DSA keys are obsolete/],
    ["DSA, PEM", pem("DSA PRIVATE KEY", new Uint8Array(9)), "key_unsupported", /DSA keys are obsolete/],
    [
      "unknown type",
      opensshFile("ssh-\x1b[31mred"),
      "key_unsupported",
      /key type "ssh-\\x1b\[31mred" is not supported/,
    ],
    ["unknown label", pem("FANCY PRIVATE KEY", new Uint8Array(9)), "key_unsupported", /format "FANCY PRIVATE KEY"/],
    ["X25519", ed448, "key_unsupported", /SSH has no use for/],
    ["other curve", await runOk("openssl", ["ecparam", "-name", "secp256k1", "-genkey"]), "key_unsupported", /curve/],
    ["PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "key_unsupported", /it is PuTTY's/],
    ["not base64", "-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----", "key_malformed", /not base64/],
  ];
  for (const [name, text, code, message] of cases) {
    const error = await toolError(loadPrivateKey(text));
    assert.equal(error.code, code, `${name}: ${error.message}`);
    assert.match(error.message, message, name);
  }
});

Deno.test("loadPrivateKey() derives nothing when its signal is aborted, and refuses rounds that would take hours", async () => {
  await using dir = await tempDir();
  const path = `${dir.path}/key`;
  await runOk("ssh-keygen", ["-q", "-t", "ed25519", "-a", "17", "-N", "x", "-f", path]);
  const controller = new AbortController();
  const loading = readPrivateKeyFile(path, { passphrase: "x", signal: controller.signal });
  controller.abort(new Error("the test is over"));
  await assert.rejects(loading, { name: "Error", message: "the test is over" });
  const data = Buffer.from((await Deno.readTextFile(path)).replaceAll(/-----.*-----|\n/g, ""), "base64");
  const rounds = data.indexOf(Buffer.from([0, 0, 0, 17])); // the only 17 before the key itself
  data.writeUInt32BE(0x7fffffff, rounds);
  const error = await toolError(loadPrivateKey(pem("OPENSSH PRIVATE KEY", data), { passphrase: "x" }));
  assert.deepEqual([error.code, /2147483647 rounds and the limit is 10000/.test(error.message)], [
    "key_unsupported",
    true,
  ]);
});

Deno.test("readPrivateKeyFile() says what is wrong with the path when it is not a readable key file", async () => {
  await using dir = await tempDir();
  await runOk("mkfifo", [`${dir.path}/fifo`]);
  await dir.write("large", new Uint8Array(maxKeyBytes + 1));
  await dir.write("key.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== me");
  const cases: [string, string, RegExp][] = [
    [`${dir.path}/missing`, "key_not_found", /there is no private key ".*missing"/],
    [dir.path, "key_unreadable", /it is a directory/],
    [`${dir.path}/fifo`, "key_unreadable", /it is not a regular file/],
    ["/dev/zero", "key_unreadable", /it is not a regular file/],
    [`${dir.path}/large`, "key_unreadable", /it has 65537 bytes and the limit is 65536/],
    [`${dir.path}/large/below`, "key_unreadable", /the system cannot read it/],
    [`${dir.path}/key.pub`, "key_malformed", /the private key ".*key\.pub" cannot be read: this is a public key/],
    [`${dir.path}/new\nline`, "key_not_found", /new\\nline/],
    ["~/no such key for this test", "key_not_found", /there is no private key "\/.*no such key for this test"/],
  ];
  for (const [path, code, message] of cases) {
    const error = await toolError(readPrivateKeyFile(path));
    assert.equal(error.code, code, `${path}: ${error.message}`);
    assert.match(error.message, message);
  }
});

Deno.test("readPrivateKeyFile() needs --allow-read of the keys alone, and names the flag when it is missing", async () => {
  await using dir = await tempDir();
  await runOk("ssh-keygen", ["-q", "-t", "rsa", "-b", "2048", "-a", "1", "-N", passphrase, "-f", `${dir.path}/key`]);
  // Each of these goes through another library.
  const old = ["pkcs8", "-topk8", "-in", `${dir.path}/plain`, "-v2", "des3", "-passout", `pass:${passphrase}`];
  await runOk("openssl", ["ecparam", "-name", "secp521r1", "-genkey", "-noout", "-out", `${dir.path}/plain`]);
  await runOk("openssl", [...old, "-out", `${dir.path}/old`]);
  const code = `
    import { readPrivateKeyFile } from "project:lib/ssh/authentication/private_key.ts";
    for (const path of ["${dir.path}/key", "${dir.path}/old", "~/key"]) {
      const key = await readPrivateKeyFile(path, { passphrase: "${passphrase}" }).catch((error) => error);
      console.log(key.code ?? key.type, key.hint ?? "");
    }`;
  assert.equal(
    await runSandboxed([], code),
    `permission_denied_locally start the server with --allow-read=${dir.path}/key\n` +
      `permission_denied_locally start the server with --allow-read=${dir.path}/old\n` +
      "permission_denied_locally start the server with --allow-env=HOME",
  );
  assert.equal(
    await runSandboxed([`--allow-read=${dir.path}/key,${dir.path}/old`], code),
    "ssh-rsa \necdsa-sha2-nistp521 \npermission_denied_locally start the server with --allow-env=HOME",
  );
});

Deno.test("loadPrivateKey() refuses PKCS#8 encryption that is unknown, obsolete or made to take long", async () => {
  await using dir = await tempDir();
  const plain = `${dir.path}/plain`;
  await runOk("openssl", ["genpkey", "-algorithm", "ed25519", "-out", plain]);
  const encrypt = async (...args: string[]): Promise<Buffer> => {
    const text = await runOk("openssl", ["pkcs8", "-topk8", "-in", plain, "-passout", "pass:x", ...args]);
    return Buffer.from(text.replaceAll(/-----.*-----|\n/g, ""), "base64");
  };
  /** The key with the only place that holds `from` changed. */
  const patched = (data: Buffer, from: number[], to: number[]): Buffer => {
    const at = data.indexOf(Buffer.from(from));
    assert.ok(at > 0 && from.length === to.length);
    return Buffer.concat([data.subarray(0, at), Buffer.from(to), data.subarray(at + from.length)]);
  };
  const million = await encrypt("-iter", "1000000");
  const cases: [string, Buffer, RegExp][] = [
    ["PBES1", await encrypt("-v1", "PBE-SHA1-3DES"), /obsolete scheme/],
    [
      "cipher",
      await encrypt("-v2", "camellia-128-cbc"),
      /its cipher "1\.2\.392\.200011\.61\.1\.1\.1\.2" is not supported/,
    ],
    [
      "hash",
      patched(await encrypt("-v2prf", "hmacWithSHA512"), [0x0d, 0x02, 0x0b], [0x0d, 0x02, 0x7b]),
      /its hash/,
    ],
    ["iterations", patched(million, [2, 3, 0x0f, 0x42, 0x40], [2, 3, 0x7f, 0xff, 0xff]), /8388607 iterations/],
    ["old iterations", await encrypt("-v2", "des3", "-iter", "100001"), /100001 iterations and the limit is 100000/],
    ["no iterations", patched(million, [2, 3, 0x0f, 0x42, 0x40], [2, 3, 0, 0, 0]), /0 iterations/],
    ["scrypt", patched(await encrypt("-scrypt"), [2, 1, 8, 2, 1, 1], [2, 1, 8, 2, 1, 127]), /scrypt parameters/],
  ];
  for (const [name, data, message] of cases) {
    const error = await toolError(loadPrivateKey(pem("ENCRYPTED PRIVATE KEY", data), { passphrase: "x" }));
    assert.equal(error.code, "key_unsupported", name);
    assert.match(error.message, message);
  }
});

Deno.test("loadPrivateKey() fails with a ToolError and nothing else wherever an encrypted PKCS#8 key is cut or changed", async () => {
  await using dir = await tempDir();
  const plain = `${dir.path}/plain`;
  await runOk("openssl", ["genpkey", "-algorithm", "ed25519", "-out", plain]);
  const text = await runOk("openssl", ["pkcs8", "-topk8", "-in", plain, "-iter", "1", "-passout", "pass:x"]);
  const data = Buffer.from(text.replaceAll(/-----.*-----|\n/g, ""), "base64");
  assert.equal((await loadPrivateKey(pem("ENCRYPTED PRIVATE KEY", data), { passphrase: "x" })).type, "ssh-ed25519");
  const expected = ["key_malformed", "key_unsupported", "key_wrong_passphrase"];
  let failures = 0;
  for (let index = 0; index < data.length; index++) {
    const changed = Buffer.from(data);
    changed[index] = (changed[index] ?? 0) ^ 0x41;
    const cut = await toolError(
      loadPrivateKey(pem("ENCRYPTED PRIVATE KEY", data.subarray(0, index)), { passphrase: "x" }),
    );
    assert.equal(cut.code, "key_malformed", `${index}: ${cut.message}`);
    // CBC detects nothing by itself: a change in the secret's own bytes makes another key of the same form.
    const result = await loadPrivateKey(pem("ENCRYPTED PRIVATE KEY", changed), { passphrase: "x" }).catch((error) =>
      error
    );
    if (!(result instanceof Error)) continue;
    failures++;
    assert.ok(result instanceof ToolError && expected.includes(result.code), `${index}: ${result}`);
  }
  assert.ok(failures > data.length / 2, `${failures} of ${data.length}`);
});

Deno.test("loadPrivateKey() refuses an OpenSSH key whose cipher, key derivation or key count is unknown", async () => {
  const file = (cipher: string, kdf: string, count = 1): string => {
    const blob = new WireWriter().string("ssh-ed25519").string(new Uint8Array(32)).bytes();
    const data = new WireWriter().raw(new TextEncoder().encode("openssh-key-v1\0")).string(cipher).string(kdf)
      .string("").uint32(count).string(blob).string(new Uint8Array(16)).bytes();
    return pem("OPENSSH PRIVATE KEY", data);
  };
  const cases: [string, string, RegExp][] = [
    [file("rot13", "bcrypt"), "key_unsupported", /its cipher "rot13" is not supported/],
    [file("aes256-ctr", "argon2"), "key_unsupported", /its key derivation "argon2" is not supported/],
    [file("none", "none", 2), "key_unsupported", /more than one key/],
    [file("aes256-ctr", "bcrypt"), "key_malformed", /it is cut short or damaged/],
    [
      pem("OPENSSH PRIVATE KEY", new TextEncoder().encode("openssh-key-v2\0 and more")),
      "key_malformed",
      /not an OpenSSH key/,
    ],
  ];
  for (const [text, code, message] of cases) {
    const error = await toolError(loadPrivateKey(text, { passphrase: "x" }));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
  }
});
