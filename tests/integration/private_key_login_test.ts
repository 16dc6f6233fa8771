import assert from "node:assert/strict";
import { type PrivateKey, readPrivateKeyFile } from "../../lib/ssh/authentication/private_key.ts";
import type { AnyAuthMethod } from "../../lib/ssh/ssh2.ts";
import { logIn } from "../support/connect.ts";
import { type KeyFile, makeKeyFiles } from "../support/key_files.ts";
import { type HostKeyType, makeKey, startSshd } from "../support/sshd.ts";
import { tempDir } from "../support/temp_dir.ts";

Deno.test("readPrivateKeyFile() gives a key that logs in to OpenSSH, of any type and format, and says when its passphrase is wrong", async () => {
  await using dir = await tempDir();
  const files = await makeKeyFiles(dir.path);
  const authorizedKeys = [...new Set(files.map((file) => file.publicKey))];
  await using sshd = await startSshd({ authorizedKeys });
  const failed: string[] = [];
  const next = files.values();
  const worker = async (): Promise<void> => {
    for (const file of next) {
      const { passphrase } = file;
      const key = await readPrivateKeyFile(file.path, { passphrase });
      if (passphrase !== undefined) {
        const wrong = await readPrivateKeyFile(file.path, { passphrase: "wrong one" }).catch((error) => error.code);
        if (wrong !== "key_wrong_passphrase") failed.push(`${file.name}: ${wrong} for a wrong passphrase`);
      }
      await logInWith(key, file, sshd.port, sshd.user).catch((error) => failed.push(`${file.name}: ${error.message}`));
    }
  };
  await Promise.all([worker(), worker(), worker()]);
  assert.deepEqual(failed, []);
  assert.ok(files.length > 120, `${files.length} files`);
  const accepted = sshd.log().match(/Accepted publickey for .* ssh2: \S+ SHA256:\S+/g) ?? [];
  assert.equal(accepted.length, files.length);
  const types = new Set(accepted.map((line) => line.split(" ").at(-2)));
  assert.deepEqual([...types].sort(), ["ECDSA", "ED25519", "RSA"]);
});

async function logInWith(key: PrivateKey, file: KeyFile, port: number, username: string): Promise<void> {
  const authHandler: AnyAuthMethod[] = [{ type: "publickey", username, key: key.parsed }];
  using session = await logIn({ host: "127.0.0.1", port, username, authHandler });
  assert.equal(session.client.listenerCount("ready"), 1, file.name);
}

Deno.test("PrivateKey.parsed logs in through an authHandler, an RSA key with SHA-2", async () => {
  await using dir = await tempDir();
  for (const type of ["rsa", "ed25519"]) await makeKey(dir.path, type as HostKeyType, type);
  const authorizedKeys = [`${dir.path}/rsa.pub`, `${dir.path}/ed25519.pub`].map((path) => Deno.readTextFileSync(path));
  await using sshd = await startSshd({ authorizedKeys, config: ["PubkeyAcceptedAlgorithms rsa-sha2-256,ssh-ed25519"] });
  const { port, user: username } = sshd;
  for (const type of ["rsa", "ed25519"]) {
    const { parsed: key, fingerprint } = await readPrivateKeyFile(`${dir.path}/${type}`);
    const methods: AnyAuthMethod[] = [{ type: "publickey", username, key }];
    using session = await logIn({ host: "127.0.0.1", port, username, authHandler: methods });
    assert.equal(await session.exec("echo in"), "in\n");
    assert.ok(sshd.log().includes(fingerprint), sshd.log());
  }
});
