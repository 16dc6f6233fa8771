/** A directory that is gone when the test is. */
export interface TempDir extends AsyncDisposable {
  /** Its real path. */
  readonly path: string;
  /** Writes a file in it (mode 0600 unless told) and gives its path. */
  write(name: string, content: string | Uint8Array, mode?: number): Promise<string>;
}

/** Makes a temporary directory, mode 0700; disposing removes it with everything in it. */
export async function tempDir(prefix = "mcp-remote-ssh-test-"): Promise<TempDir> {
  const path = await Deno.realPath(await Deno.makeTempDir({ prefix }));
  return {
    path,
    async write(name, content, mode = 0o600) {
      const file = `${path}/${name}`;
      const data = typeof content === "string" ? new TextEncoder().encode(content) : content;
      await Deno.writeFile(file, data, { mode });
      await Deno.chmod(file, mode);
      return file;
    },
    async [Symbol.asyncDispose]() {
      await Deno.remove(path, { recursive: true });
    },
  };
}
