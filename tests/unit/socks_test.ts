import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import { outcomeOf } from "../../lib/ssh/forward/socks_handshake.ts";
import { nextSocksStep, type SocksOutcome, socksReply } from "../../lib/ssh/forward/socks.ts";

const ascii = (text: string): number[] => [...new TextEncoder().encode(text)];
const step = (greeted: boolean, ...bytes: number[]) => nextSocksStep(Uint8Array.from(bytes), greeted);

const REQUESTS: [what: string, greeted: boolean, bytes: number[], host: string, port: number][] = [
  ["version 5, IPv4", true, [5, 1, 0, 1, 192, 0, 2, 7, 0x1f, 0x90], "192.0.2.7", 8080],
  ["version 5, a name", true, [5, 1, 0, 3, 11, ...ascii("example.org"), 0, 80], "example.org", 80],
  [
    "version 5, IPv6",
    true,
    [5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 187],
    "2001:db8:0:0:0:0:0:1",
    443,
  ],
  [
    "version 5, a name of 255 bytes",
    true,
    [5, 1, 0, 3, 255, ...ascii("a".repeat(255)), 255, 255],
    "a".repeat(255),
    65535,
  ],
  ["version 4", false, [4, 1, 0, 80, 192, 0, 2, 7, ...ascii("me"), 0], "192.0.2.7", 80],
  ["version 4 without a user", false, [4, 1, 0, 80, 192, 0, 2, 7, 0], "192.0.2.7", 80],
  ["version 4a", false, [4, 1, 0, 80, 0, 0, 0, 1, 0, ...ascii("example.org"), 0], "example.org", 80],
];

for (const [what, greeted, bytes, host, port] of REQUESTS) {
  Deno.test(`nextSocksStep() reads a request when it is ${what}, however it is cut`, () => {
    for (let length = 0; length < bytes.length; length++) {
      assert.deepEqual(step(greeted, ...bytes.slice(0, length)), { kind: "more" }, `after ${length} bytes`);
    }
    const version = greeted ? 5 : 4;
    const expected = { kind: "connect", version, host, port, used: bytes.length };
    assert.deepEqual(step(greeted, ...bytes), expected);
    assert.deepEqual(step(greeted, ...bytes, ...ascii("data")), expected, "with data behind it");
    const inside = Uint8Array.from([9, 9, 9, ...bytes]).subarray(3);
    assert.deepEqual(nextSocksStep(inside, greeted), expected, "inside a larger buffer");
  });
}

Deno.test("nextSocksStep() greets when the client can do without authentication, among other methods or alone", () => {
  const greet = (used: number) => ({ kind: "greet", reply: Uint8Array.of(5, 0), used });
  assert.deepEqual(step(false, 5, 1, 0), greet(3));
  assert.deepEqual(step(false, 5, 3, 2, 1, 0, 5, 1), greet(5));
  for (const part of [[5], [5, 2], [5, 2, 2]]) assert.deepEqual(step(false, ...part), { kind: "more" });
});

const REFUSALS: [what: string, greeted: boolean, bytes: number[], reply: number[], reason: RegExp][] = [
  ["the client insists on a password", false, [5, 1, 2], [5, 255], /insists on authentication/],
  ["the client offers no method", false, [5, 0], [5, 255], /insists on authentication/],
  ["the command is BIND", true, [5, 2, 0, 1, 1, 2, 3, 4, 0, 80], [5, 7, 0, 1, 0, 0, 0, 0, 0, 0], /command 2 /],
  ["the command is UDP ASSOCIATE", true, [5, 3, 0, 1, 0, 0, 0, 0, 0, 0], [5, 7, 0, 1, 0, 0, 0, 0, 0, 0], /command 3 /],
  ["the address type is unknown", true, [5, 1, 0, 9, 0], [5, 8, 0, 1, 0, 0, 0, 0, 0, 0], /address type 9 /],
  ["the name is empty", true, [5, 1, 0, 3, 0, 0, 80], [5, 1, 0, 1, 0, 0, 0, 0, 0, 0], /malformed host name/],
  ["the name holds a NUL", true, [5, 1, 0, 3, 2, 97, 0, 0, 80], [5, 1, 0, 1, 0, 0, 0, 0, 0, 0], /malformed host name/],
  [
    "the name holds a line break",
    true,
    [5, 1, 0, 3, 1, 10, 0, 80],
    [5, 1, 0, 1, 0, 0, 0, 0, 0, 0],
    /malformed host name/,
  ],
  ["the version changes", true, [4, 1, 0, 1, 1], [], /another version/],
  ["version 4's command is BIND", false, [4, 2, 0, 80, 1, 2, 3, 4, 0], [0, 91, 0, 0, 0, 0, 0, 0], /command 2 /],
  [
    "version 4a's name is empty",
    false,
    [4, 1, 0, 80, 0, 0, 0, 1, 0, 0],
    [0, 91, 0, 0, 0, 0, 0, 0],
    /malformed host name/,
  ],
  ["the client speaks HTTP", false, ascii("GET / HTTP/1.1\r\n"), [], /does not speak SOCKS \(its first byte is 0x47\)/],
  ["the client speaks TLS", false, [22, 3, 1], [], /first byte is 0x16/],
  ["a user name never ends", false, [4, 1, 0, 80, 1, 2, 3, 4, ...new Array(1100).fill(97)], [], /too long/],
  ["a 4a host name is too long", false, [4, 1, 0, 80, 0, 0, 0, 1, 0, ...new Array(300).fill(97), 0], [
    0,
    91,
    0,
    0,
    0,
    0,
    0,
    0,
  ], /malformed host name/],
];

for (const [what, greeted, bytes, reply, reason] of REFUSALS) {
  Deno.test(`nextSocksStep() refuses when ${what}`, () => {
    const result = step(greeted, ...bytes);
    assert.equal(result.kind, "refuse");
    if (result.kind !== "refuse") return;
    assert.deepEqual([...result.reply], reply);
    assert.match(result.reason, reason);
  });
}

Deno.test("nextSocksStep() never throws and never takes more than it was given when the bytes are random", () => {
  for (let round = 0; round < 20_000; round++) {
    const bytes = crypto.getRandomValues(new Uint8Array(round % 40));
    if (bytes.length > 1) bytes[0] = 4 + round % 2;
    if (bytes.length > 2 && round % 3 === 0) bytes[1] = 1;
    const result = nextSocksStep(bytes, round % 5 === 0);
    if ("used" in result) assert.ok(result.used <= bytes.length && result.used > 0);
  }
});

Deno.test("socksReply() gives each outcome its code when the version is 5, and granted or not when it is 4", () => {
  const codes: [SocksOutcome, number][] = [
    ["granted", 0],
    ["general_failure", 1],
    ["not_allowed", 2],
    ["network_unreachable", 3],
    ["host_unreachable", 4],
    ["connection_refused", 5],
    ["command_not_supported", 7],
    ["address_type_not_supported", 8],
  ];
  for (const [outcome, code] of codes) {
    assert.deepEqual([...socksReply(5, outcome)], [5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual([...socksReply(4, outcome)], [0, code === 0 ? 90 : 91, 0, 0, 0, 0, 0, 0]);
  }
});

Deno.test("outcomeOf() says that the host cannot be reached when the far end has not answered in time", () => {
  assert.equal(outcomeOf(new ToolError("timed_out", "no answer")), "host_unreachable");
  assert.equal(outcomeOf(new ToolError("session_dropped", "gone")), "general_failure");
});
