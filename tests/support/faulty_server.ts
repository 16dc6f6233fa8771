/** Servers that are wrong on purpose, on a free port of loopback. */
import net from "node:net";

/** A running faulty server. */
export interface FaultyServer extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
}

/** Listens and hands every connection to `serve`. */
export async function faultyServer(serve: (socket: net.Socket) => void): Promise<FaultyServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => {});
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    host: "127.0.0.1",
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A relay to a real server that can be frozen: the connection stays up and nothing passes, or is read, until it thaws. */
export async function freezableRelay(target: number): Promise<FaultyServer & { freeze(): void; thaw(): void }> {
  const sockets: net.Socket[] = [];
  const server = await faultyServer((socket) => {
    const upstream = net.connect(target, "127.0.0.1");
    upstream.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("close", () => upstream.destroy());
    socket.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk) => socket.write(chunk));
    sockets.push(socket, upstream);
  });
  return {
    ...server,
    freeze: () => sockets.forEach((socket) => socket.pause()),
    thaw: () => sockets.forEach((socket) => socket.resume()),
  };
}

/**
 * A relay to a real server that sends the last eight bytes of whatever the server sends in one go a moment later, and so
 * cuts packets inside their MAC.
 */
export async function choppingRelay(target: number): Promise<FaultyServer> {
  return await faultyServer((socket) => {
    const upstream = net.connect(target, "127.0.0.1");
    upstream.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.setNoDelay(true).on("close", () => upstream.destroy());
    socket.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk: Uint8Array) => {
      upstream.pause();
      socket.write(chunk.subarray(0, -8));
      setTimeout(() => {
        socket.write(chunk.subarray(-8));
        upstream.resume();
      }, 2);
    });
  });
}

/** A port at which connections are neither accepted nor refused: its queue is full, and the system answers no more. */
export async function unansweredPort(): Promise<FaultyServer> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 1 });
  const { port } = listener.addr;
  const queued = [await Deno.connect({ port }), await Deno.connect({ port })];
  return {
    host: "127.0.0.1",
    port,
    [Symbol.asyncDispose]: () => {
      for (const each of [...queued, listener]) each.close();
      return Promise.resolve();
    },
  };
}

/** The start of an SSH server: its identification and a KEXINIT that offers only what nobody has. */
export function kexInitOf(lists: string[]): Uint8Array {
  const text = new TextEncoder();
  const body: number[] = [20, ...new Uint8Array(16)];
  for (const list of [...lists, "", ""].slice(0, 10)) {
    const bytes = text.encode(list);
    body.push(0, 0, bytes.length >> 8, bytes.length & 255, ...bytes);
  }
  body.push(0, 0, 0, 0, 0);
  return packet(body);
}

/** SSH_MSG_DISCONNECT in the clear, with reason 2, a protocol error (RFC 4253 §11.1). */
export function disconnectPacket(description: string): Uint8Array {
  const bytes = new TextEncoder().encode(description);
  return packet([1, 0, 0, 0, 2, 0, 0, 0, bytes.length, ...bytes, 0, 0, 0, 0]);
}

/** RFC 4253 §6. */
function packet(body: number[]): Uint8Array {
  const padding = 8 - ((body.length + 5) % 8) + 8;
  const length = body.length + padding + 1;
  return Uint8Array.from([0, 0, length >> 8, length & 255, padding, ...body, ...new Uint8Array(padding)]);
}
