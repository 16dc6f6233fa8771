/** What is used of the libraries that read key files and have no types of their own; each is imported on first use. */

/** npm:sshpk 1.18. */
export interface Sshpk {
  /**
   * Reads an unencrypted PEM, or a PuTTY key. It must not decrypt a PEM: with a wrong passphrase it throws in an event
   * listener, which ends the program.
   */
  parsePrivateKey(text: string, format: "pem" | "putty", options?: { passphrase?: string | undefined }): SshpkKey;
}

/** A key as sshpk holds it. */
export interface SshpkKey {
  /** "rsa", "ecdsa", "ed25519" and more. */
  type: string;
  /** As SSH names it, for "ecdsa". */
  curve?: string;
  /** Bits of the curve or the modulus. */
  size?: number;
  /** Its numbers by their names in the standards. */
  part: Record<string, { data: Uint8Array } | undefined>;
  /** The key as an unencrypted OpenSSH file. */
  toString(format: "ssh-private"): string;
}

/** A value of ASN.1 in npm:node-forge 1.4: its contents, or the values inside. */
export interface Asn1 {
  /** The tag's number. */
  type: number;
  /** Bytes as a binary string, unless it has values inside. */
  value: string | Asn1[];
}

/** npm:node-forge 1.4; bytes are binary strings. */
export interface Forge {
  /** DER. */
  asn1: {
    fromDer(bytes: string): Asn1;
    toDer(value: Asn1): { getBytes(): string };
    derToOid(bytes: string): string;
    derToInteger(bytes: string): number;
  };
  /** Opens an EncryptedPrivateKeyInfo; null or an error when the passphrase is wrong. */
  pki: { decryptPrivateKeyInfo(info: Asn1, passphrase: string): Asn1 | null };
  /** Ciphers. */
  cipher: {
    createDecipher(name: "AES-CBC", key: string): {
      start(options: { iv: string }): void;
      update(data: unknown): void;
      finish(unpad: () => boolean): boolean;
      output: { getBytes(): string };
    };
  };
  /** Byte buffers. */
  util: { createBuffer(bytes: string): unknown };
}

/** Imports sshpk. */
export async function loadSshpk(): Promise<Sshpk> {
  return (await import("sshpk")).default;
}

/** Imports node-forge. */
export async function loadForge(): Promise<Forge> {
  return (await import("node-forge")).default;
}
