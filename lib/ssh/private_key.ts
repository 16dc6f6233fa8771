/** Private keys (placeholder of the branch point; replaced by the full module). */
import { loadSsh2, type ParsedKey } from "./ssh2.ts";
export async function readPrivateKeyFile(path: string, passphrase?: string): Promise<ParsedKey> {
  const { utils } = await loadSsh2();
  const parsed = utils.parseKey(await Deno.readTextFile(path), passphrase);
  if (parsed instanceof Error) throw parsed;
  return parsed;
}
