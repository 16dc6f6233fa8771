import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { hostKeyFromBlob } from "../../lib/ssh/host_keys/host_key.ts";
import { formatEntry, hostName, matchesHost, parseKnownHosts } from "../../lib/ssh/host_keys/known_hosts_file.ts";
import { WireError, WireWriter } from "../../lib/ssh/wire.ts";
import { keyText, randomHostKey } from "../support/host_keys.ts";
import { ensureProgram, run } from "../support/run.ts";
import { tempDir } from "../support/temp_dir.ts";

const key = randomHostKey();
const text = keyText(key);

/** Lines of `file` that speak of `name`. */
function linesFor(file: string, name: string): number[] {
  return parseKnownHosts(file).entries.filter((entry) => matchesHost(entry, name)).map((entry) => entry.line);
}

/** A name as `HashKnownHosts yes` writes it. */
function hashed(name: string): string {
  const salt = crypto.getRandomValues(new Uint8Array(20));
  const digest = createHmac("sha1", salt).update(name).digest("base64");
  return `|1|${Buffer.from(salt).toString("base64")}|${digest}`;
}

Deno.test("parseKnownHosts() reads entries, passes over comments and counts what is malformed", () => {
  const certificate = keyText(
    hostKeyFromBlob(new WireWriter().string("ssh-ed25519-cert-v01@openssh.com").string("x").bytes()),
  );
  const lines: [string, boolean][] = [
    ["# a comment", true],
    ["   ", true],
    [`host ${text} and a comment`, true],
    [`\t host,other\t${text.replace(" ", " \t ")}\r`, true],
    [`@revoked host ${text}`, true],
    [`@cert-authority *.example.com ${text}`, true],
    ["host", false],
    ["host ssh-ed25519", false],
    [`host ssh-rsa ${text.split(" ")[1]}`, false],
    [`host ssh-ed25519 ${text.split(" ")[1]?.slice(0, 40)}`, false],
    [`host ssh-ed25519 !!!`, false],
    [`host ${certificate}`, false],
    [`@unknown host ${text}`, false],
    [`@revoked @revoked host ${text}`, false],
    [`|1|c2FsdA==|ZGlnZXN0 ${text}`, false],
    [`|2|x|y ${text}`, false],
    ["1024 35 12345678901234567890", false],
  ];
  const { entries, malformed } = parseKnownHosts(lines.map(([line]) => line).join("\n"));
  assert.deepEqual(malformed.map(({ line }) => line), lines.flatMap(([, isGood], index) => isGood ? [] : [index + 1]));
  assert.deepEqual(
    entries.map(({ line, marker, hosts }) => [line, marker, hosts]),
    [[3, "none", "host"], [4, "none", "host,other"], [5, "revoked", "host"], [6, "cert-authority", "*.example.com"]],
  );
  for (const entry of entries) assert.equal(entry.key.fingerprint, key.fingerprint);
});

Deno.test("matchesHost() knows lists, wildcards, negation, ports, hashes and upper case", () => {
  const cases: [string, string, boolean][] = [
    ["host", "host", true],
    ["host", "host2", false],
    ["Host", "host", true],
    ["a,b,host", "host", true],
    ["*.example.com", "a.b.example.com", true],
    ["*.example.com", "example.com", false],
    ["h?st", "host", true],
    ["h?st", "hst", false],
    ["*.example.com,!bad.example.com", "bad.example.com", false],
    ["!bad.example.com,*.example.com", "good.example.com", true],
    ["!bad.example.com", "good.example.com", false],
    ["*", "[host]:2222", true],
    ["host", "[host]:2222", false],
    ["[host]:2222", "[host]:2222", true],
    ["[host]:2222", "host", false],
    ["[*]:2222", "[host]:2222", true],
    ["2001:db8::1", "2001:db8::1", true],
    ["", "host", false],
    [",", "host", false],
    [hashed("host"), "host", true],
    [hashed("host"), "other", false],
    [hashed("[::1]:2222"), "[::1]:2222", true],
    // Time that doubles with each star would never end here.
    ["*a".repeat(200) + "b", "a".repeat(5000), false],
  ];
  for (const [hosts, name, expected] of cases) {
    assert.equal(matchesHost({ hosts }, name), expected, `${hosts} for ${name}`);
  }
});

Deno.test("hostName() is bare for port 22, in brackets for others, in lower case, and the same for a bracketed IPv6", () => {
  assert.equal(hostName("Example.COM", 22), "example.com");
  assert.equal(hostName("Example.COM", 2222), "[example.com]:2222");
  assert.equal(hostName("2001:DB8::1", 22), "2001:db8::1");
  assert.equal(hostName("[2001:db8::1]", 22), "2001:db8::1");
  assert.equal(hostName("[::1]", 2222), "[::1]:2222");
});

Deno.test("formatEntry() writes a line that reads back as the same key", () => {
  const { entries } = parseKnownHosts(formatEntry("[host]:2222", key));
  assert.deepEqual(entries, [{ line: 1, marker: "none", hosts: "[host]:2222", key }]);
});

Deno.test("hostKeyFromBlob() refuses a type that is not a name", () => {
  for (const type of ["", "two words", "line\nend", "x".repeat(65), "ünicode"]) {
    const blob = new WireWriter().string(type).string("x").bytes();
    assert.throws(() => hostKeyFromBlob(blob), new WireError("the key's type is not a name"));
  }
  assert.throws(() => hostKeyFromBlob(new Uint8Array(3)), new WireError("the data ends in the middle of a value"));
});

Deno.test("matchesHost() agrees with ssh-keygen -F on random files", async () => {
  await ensureProgram("ssh-keygen", "openssh-client");
  await using dir = await tempDir();
  const names = ["host", "a.example.com", "[host]:2222", "10.0.0.1", "2001:db8::1"];
  let found = 0;
  for (let seed = 1; seed <= 40; seed++) {
    const random = generator(seed);
    const file = Array.from({ length: 30 }, () => randomLine(random, names)).join(random(2) === 0 ? "\n" : "\r\n");
    const path = await dir.write("known_hosts", random(2) === 0 ? file : file + "\n");
    for (const name of names) {
      const { stdout } = await run("ssh-keygen", ["-l", "-F", name, "-f", path]);
      const expected = [...stdout.matchAll(/found: line (\d+)/g)].map((match) => Number(match[1]));
      assert.deepEqual(linesFor(file, name), expected, `seed ${seed}, ${name}:\n${file}`);
      found += expected.length;
    }
  }
  assert.ok(found > 500, `only ${found} lines were found in all`);
});

/** Numbers below a limit, the same for the same seed. Source: Marsaglia, "Xorshift RNGs", 2003. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  for (let warm = 0; warm < 10; warm++) next();
  function next(): number {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  }
  return (limit) => next() % limit;
}

const keyTexts = [text, keyText(randomHostKey()), keyText(randomHostKey("ssh-rsa"))];

function randomLine(random: (limit: number) => number, names: string[]): string {
  const pick = <T>(items: T[]): T => items[random(items.length)] as T;
  const pattern = (): string => {
    const name = pick(names);
    const cut = random(name.length);
    const wild = [name, name.toUpperCase(), "*", name.slice(0, cut) + "*", "*" + name.slice(cut)];
    const odd = [
      name.slice(0, cut) + "?" + name.slice(cut + 1),
      "*" + pick(["a", ".", ":"]) + "*",
      "",
      "h**t",
      "[*]:*",
    ];
    return pick(["", "", "", "!"]) + pick([...wild, ...odd]);
  };
  const plain = (): string => Array.from({ length: 1 + random(3) }, pattern).join(",");
  const hosts = random(4) === 0 ? hashed(pick(names)) : plain();
  const whole = pick(["", "", "", "@revoked ", "@cert-authority ", " \t", "@other ", "#"]) + hosts +
    pick([" ", "  ", "\t"]) +
    pick(keyTexts) + pick(["", " comment", " # two words", "\tx"]);
  switch (random(12)) {
    case 0:
      return whole.slice(0, random(whole.length)); // cut anywhere
    case 1:
      return whole.replace("ssh-ed25519", pick(["ssh-rsa", "ssh-new", "42"]));
    default:
      return whole;
  }
}
