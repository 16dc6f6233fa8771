import assert from "node:assert/strict";
import { clientAlgorithms } from "../../lib/ssh/transport/algorithms.ts";
import { logIn } from "../support/connect.ts";
import { startSshd } from "../support/sshd.ts";

Deno.test("clientAlgorithms() offers only what connects under Deno, one algorithm at a time", async () => {
  await using sshd = await startSshd({
    hostKeyTypes: ["ed25519", "rsa", "ecdsa-256", "ecdsa-384", "ecdsa-521"],
    config: [
      "KexAlgorithms +diffie-hellman-group14-sha1,diffie-hellman-group-exchange-sha1",
      "Ciphers +aes128-cbc,aes256-cbc",
      "HostKeyAlgorithms +ssh-rsa",
    ],
  });
  const login = { host: sshd.host, port: sshd.port, username: sshd.user };
  const privateKey = await Deno.readTextFile(sshd.clientKeyPath);
  const all = clientAlgorithms();
  // OpenSSH's server has neither of these groups; nothing else tells them from group 16.
  const notInOpenSsh = ["diffie-hellman-group15-sha512", "diffie-hellman-group17-sha512"];
  for (const kex of all.kex.filter((name) => !notInOpenSsh.includes(name))) {
    using session = await logIn({ ...login, privateKey, algorithms: { ...all, kex: [kex] } });
    assert.equal(session.negotiated.kex, kex);
  }
  for (const cipher of all.cipher) {
    using session = await logIn({ ...login, privateKey, algorithms: { ...all, cipher: [cipher] } });
    assert.equal(session.negotiated.cs.cipher, cipher);
    assert.equal((await session.exec("head -c 100000 /dev/zero | tr '\\0' x")).length, 100_000);
  }
  for (const mac of all.hmac) {
    const algorithms = { ...all, cipher: ["aes128-ctr" as const], hmac: [mac] };
    using session = await logIn({ ...login, privateKey, algorithms });
    assert.equal(session.negotiated.cs.mac, mac);
  }
  for (const serverHostKey of all.serverHostKey) {
    using session = await logIn({ ...login, privateKey, algorithms: { ...all, serverHostKey: [serverHostKey] } });
    assert.equal(session.negotiated.serverHostKey, serverHostKey);
  }
  // The whole offer: the best of each, and strict key exchange, which both sides say.
  let log = "";
  const debug = (line: string): void => void (log += line + "\n");
  using session = await logIn({ ...login, privateKey, algorithms: all, debug });
  const { kex, serverHostKey, cs } = session.negotiated;
  assert.deepEqual([kex, serverHostKey, cs.cipher], [
    "curve25519-sha256",
    "ssh-ed25519",
    "chacha20-poly1305@openssh.com",
  ]);
  assert.match(log, /strict KEX mode enabled/);
});
