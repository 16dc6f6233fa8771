import assert from "node:assert/strict";
import { runSandboxed } from "../support/sandboxed.ts";

/** Asks for a forward in a Deno that holds only `flags`, and gives what came of it. */
async function attempt(flags: string[], request: Record<string, unknown>): Promise<unknown> {
  const program = `
    import { Forwards } from "project:lib/ssh/forward.ts";
    const forwards = new Forwards({ ended: undefined, onEnd() {}, client: {} });
    try {
      const { listen } = await forwards.open(${JSON.stringify(request)});
      forwards.close();
      console.log(JSON.stringify({ host: listen.host }));
    } catch ({ code, message, hint }) {
      console.log(JSON.stringify({ code, message, hint }));
    }`;
  return JSON.parse(await runSandboxed(flags, program));
}

const to = { host: "localhost", port: 80 };

const DENIED: [what: string, flags: string[], request: Record<string, unknown>, message: string, hint: string][] = [
  [
    "a local port",
    [],
    { direction: "local", listen: { host: "127.0.0.1", port: 8080 }, to },
    "listening on 127.0.0.1 port 8080 is not allowed by Deno's sandbox",
    "start the server with --allow-net=127.0.0.1:8080",
  ],
  [
    "any free port",
    ["--allow-net=127.0.0.1:22"],
    { direction: "dynamic", listen: { host: "127.0.0.1", port: 0 } },
    "listening on 127.0.0.1 port 0 is not allowed by Deno's sandbox",
    "start the server with --allow-net=127.0.0.1:0",
  ],
  [
    "an IPv6 port",
    [],
    { direction: "local", listen: { host: "::1", port: 8080 }, to },
    "listening on ::1 port 8080 is not allowed by Deno's sandbox",
    "start the server with '--allow-net=[::1]:8080'",
  ],
  [
    "the target of a remote forward",
    [],
    { direction: "remote", listen: { host: "127.0.0.1", port: 0 }, to: { host: "127.0.0.1", port: 5432 } },
    'connecting to "127.0.0.1" port 5432 is not allowed by Deno\'s sandbox',
    "start the server with --allow-net=127.0.0.1:5432",
  ],
];

for (const [what, flags, request, message, hint] of DENIED) {
  Deno.test(`Forwards.open() names the whole flag when the sandbox forbids ${what}`, async () => {
    assert.deepEqual(await attempt(flags, request), { code: "permission_denied_locally", message, hint });
  });
}

Deno.test("Forwards.open() needs no more than the flag it names when the port is any free one", async () => {
  const request = { direction: "dynamic", listen: { host: "127.0.0.1", port: 0 } };
  assert.deepEqual(await attempt(["--allow-net=127.0.0.1:0"], request), { host: "127.0.0.1" });
});
