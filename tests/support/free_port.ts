/** Ports below these are often somebody's. */
const LOWEST = 10_000;
/** Fewer ports than these to choose from are soon chosen twice. */
const LEAST_CHOICE = 5000;

/**
 * A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot be given port 0. It is none of those that
 * the system gives out by itself, as it does for every connection that another test makes: only another call of this may
 * give the same one. Whoever starts a program with it tries again with another port when it says the port is in use.
 */
export function freePort(): number {
  const choice = firstGivenOut() - LOWEST;
  while (choice >= LEAST_CHOICE) {
    const port = LOWEST + Math.floor(Math.random() * choice);
    if (isFree(port)) return port;
  }
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** The first of the ports that the system gives out by itself (ip(7), ip_local_port_range). */
function firstGivenOut(): number {
  try {
    return Number.parseInt(Deno.readTextFileSync("/proc/sys/net/ipv4/ip_local_port_range"));
  } catch {
    return 0; // not known on this system
  }
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
