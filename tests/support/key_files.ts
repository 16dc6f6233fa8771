/** Private keys in every format that ssh-keygen and openssl write. */
import { ensureProgram, runOk } from "./run.ts";

/** One private key file. */
export interface KeyFile {
  /** Key type, format and encryption, for the name of a test. */
  name: string;
  path: string;
  /** As SSH names it. */
  type: string;
  /** The public half as a line. */
  publicKey: string;
  passphrase: string | undefined;
}

/** Opens every encrypted file. Not ASCII, because its bytes must be UTF-8 everywhere. */
export const passphrase = "päss phräse";

/** How the key types are made: a name, ssh-keygen's arguments. */
const keyTypes: [string, string[]][] = [
  ["rsa", ["-t", "rsa", "-b", "2048"]],
  ["ecdsa-256", ["-t", "ecdsa", "-b", "256"]],
  ["ecdsa-384", ["-t", "ecdsa", "-b", "384"]],
  ["ecdsa-521", ["-t", "ecdsa", "-b", "521"]],
  ["ed25519", ["-t", "ed25519"]],
];

const opensshCiphers = [
  ...["aes128-cbc", "aes192-cbc", "aes256-cbc", "aes128-ctr", "aes192-ctr", "aes256-ctr", "3des-cbc"],
  ...["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"],
];

const pemCiphers = ["aes128", "aes192", "aes256", "des3"];

/** Arguments of `openssl pkcs8`: each cipher with OpenSSL's usual hash, each hash with one cipher, and scrypt. */
const pkcs8Encryptions = [
  ...["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "des3"].map((cipher) => ["-v2", cipher]),
  ...["SHA1", "SHA224", "SHA384", "SHA512"].map((hash) => ["-v2", "aes-192-cbc", "-v2prf", `hmacWith${hash}`]),
  ["-v2", "des3", "-v2prf", "hmacWithSHA1"],
  ["-scrypt"],
];

/**
 * Makes them in `dir`: all, some 130, or those of the types named. There is
 * one key of each type, and a second of Ed25519.
 */
export async function makeKeyFiles(dir: string, types = keyTypes.map(([name]) => name)): Promise<KeyFile[]> {
  await ensureProgram("ssh-keygen", "openssh-client");
  await ensureProgram("openssl");
  const perType = await Promise.all(
    keyTypes.filter(([name]) => types.includes(name)).map(([name, args]) => new Maker(dir, name).all(args)),
  );
  return perType.flat();
}

class Maker {
  readonly #base: string;
  readonly #name: string;
  readonly #files: KeyFile[] = [];
  #publicKey = "";

  constructor(dir: string, name: string) {
    this.#base = `${dir}/${name}`;
    this.#name = name;
  }

  async all(keygenArgs: string[]): Promise<KeyFile[]> {
    await runOk("ssh-keygen", ["-q", ...keygenArgs, "-N", "", "-C", this.#name, "-f", this.#base]);
    this.#publicKey = (await Deno.readTextFile(`${this.#base}.pub`)).trim();
    this.#add("OpenSSH", this.#base, false);
    for (const cipher of opensshCiphers) await this.#keygen(`OpenSSH ${cipher}`, ["-a", "1", "-Z", cipher], passphrase);
    const plain = await this.#plainPkcs8();
    for (const args of pkcs8Encryptions) {
      await this.#openssl(`PKCS8 ${args.join(" ")}`, ["pkcs8", "-topk8", "-in", plain, ...args]);
    }
    if (this.#name !== "ed25519") await this.#traditional();
    return this.#files;
  }

  /** Older versions of ssh-keygen neither read nor write PKCS#8 for Ed25519; openssl makes a second key then. */
  async #plainPkcs8(): Promise<string> {
    if (this.#name !== "ed25519") {
      await this.#keygen("PKCS8 of ssh-keygen, encrypted", ["-m", "PKCS8"], passphrase);
      return await this.#keygen("PKCS8", ["-m", "PKCS8"], "");
    }
    const path = this.#path("PKCS8");
    await runOk("openssl", ["genpkey", "-algorithm", "ed25519", "-out", path]);
    await runOk("openssl", ["pkey", "-in", path, "-pubout", "-outform", "DER", "-out", `${path}.der`]);
    const point = (await Deno.readFile(`${path}.der`)).slice(-32);
    const blob = new Uint8Array([0, 0, 0, 11, ...new TextEncoder().encode("ssh-ed25519"), 0, 0, 0, 32, ...point]);
    this.#publicKey = `ssh-ed25519 ${btoa(String.fromCharCode(...blob))} ed25519`;
    this.#add("PKCS8", path, false);
    return path;
  }

  /** PKCS#1 and SEC1, plain and with encryption headers. */
  async #traditional(): Promise<void> {
    const plain = await this.#keygen("PEM", ["-m", "PEM"], "");
    await this.#keygen("PEM of ssh-keygen, encrypted", ["-m", "PEM"], passphrase);
    const command = this.#name === "rsa" ? ["rsa", "-traditional"] : ["ec"];
    for (const cipher of pemCiphers) await this.#openssl(`PEM ${cipher}`, [...command, "-in", plain, `-${cipher}`]);
  }

  async #keygen(format: string, args: string[], newPassphrase: string): Promise<string> {
    const path = this.#path(format);
    await Deno.copyFile(this.#base, path);
    await runOk("ssh-keygen", ["-q", "-p", "-N", newPassphrase, ...args, "-f", path]);
    return this.#add(format, path, newPassphrase !== "");
  }

  async #openssl(format: string, args: string[]): Promise<void> {
    const path = this.#path(format);
    await runOk("openssl", [...args, "-passout", `pass:${passphrase}`, "-out", path]);
    this.#add(format, path, true);
  }

  #path(format: string): string {
    return `${this.#base}_${format.replaceAll(/[^a-zA-Z0-9]+/g, "_")}`;
  }

  #add(format: string, path: string, isEncrypted: boolean): string {
    const type = this.#publicKey.split(" ")[0] ?? "";
    const name = `${this.#name} ${format}`;
    this.#files.push({
      name,
      path,
      type,
      publicKey: this.#publicKey,
      passphrase: isEncrypted ? passphrase : undefined,
    });
    return path;
  }
}
