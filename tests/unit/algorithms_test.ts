import assert from "node:assert/strict";
import { clientAlgorithms } from "../../lib/ssh/transport/algorithms.ts";

Deno.test("clientAlgorithms() puts the known key types first and keeps every other", () => {
  const usual = clientAlgorithms().serverHostKey;
  assert.equal(usual[0], "ssh-ed25519");
  const rsa = clientAlgorithms(["ssh-rsa"]).serverHostKey;
  assert.deepEqual(rsa.slice(0, 4), ["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa", "ssh-ed25519"]);
  const two = clientAlgorithms(["ssh-rsa", "ecdsa-sha2-nistp256", "never-heard-of"]).serverHostKey;
  assert.deepEqual(two.slice(0, 2), ["ecdsa-sha2-nistp256", "rsa-sha2-512"]);
  for (const list of [rsa, two]) assert.deepEqual([...list].sort(), [...usual].sort());
});

Deno.test("clientAlgorithms() gives lists of their own, so that changing one changes no other", () => {
  clientAlgorithms().cipher.pop();
  clientAlgorithms().serverHostKey.length = 0;
  assert.deepEqual(clientAlgorithms().cipher.slice(-1), ["aes128-cbc"]);
  assert.equal(clientAlgorithms().serverHostKey.length, 7);
});
