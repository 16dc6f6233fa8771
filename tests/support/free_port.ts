/**
 * A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot be given port 0. Another process may
 * take it in between, so whoever starts such a program tries again with another port when it says the port is in use.
 */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
