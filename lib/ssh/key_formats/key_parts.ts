/**
 * A private key as its numbers, and the one form in which ssh2 gets it.
 *
 * ssh2 1.17 reads several formats, and under Deno most of them fail: it hands an ECDSA number on with OpenSSH's sign
 * byte, which Deno rejects; it derives P-521 points with a function Deno does not have; it leaves the padding of a
 * decrypted PEM in place; PKCS#8 it does not know. What always works is an unencrypted OpenSSH file whose ECDSA number
 * has exactly the curve's length, so every key is brought into that form.
 */
import { Buffer } from "node:buffer";
import { WireWriter, withLength, withoutLeadingZeros } from "../wire.ts";

/** The NIST curves of SSH. Source: RFC 5656 §10.1. */
export const curves = {
  nistp256: { type: "ecdsa-sha2-nistp256", jwk: "P-256", size: 32 },
  nistp384: { type: "ecdsa-sha2-nistp384", jwk: "P-384", size: 48 },
  nistp521: { type: "ecdsa-sha2-nistp521", jwk: "P-521", size: 66 },
} as const;

/** The name of a curve as SSH writes it. */
export type CurveName = keyof typeof curves;

/** Narrows a name from a file. */
export function isCurveName(name: string): name is CurveName {
  return Object.hasOwn(curves, name);
}

/** An RSA key; every number big-endian and not negative. */
export interface RsaParts {
  /** What it is. */
  kind: "rsa";
  /** Modulus. */
  n: Uint8Array;
  /** Public exponent. */
  e: Uint8Array;
  /** Private exponent. */
  d: Uint8Array;
  /** First prime. */
  p: Uint8Array;
  /** Second prime. */
  q: Uint8Array;
  /** The inverse of q modulo p. */
  iqmp: Uint8Array;
}

/** An ECDSA key. */
export interface EcdsaParts {
  /** What it is. */
  kind: "ecdsa";
  /** The curve. */
  curve: CurveName;
  /** The public point, uncompressed. */
  point: Uint8Array;
  /** The secret number. */
  scalar: Uint8Array;
}

/** An Ed25519 key. */
export interface Ed25519Parts {
  /** What it is. */
  kind: "ed25519";
  /** The public point, 32 bytes. */
  publicKey: Uint8Array;
  /** The secret, 32 bytes. */
  seed: Uint8Array;
}

/** A private key as its numbers. */
export type KeyParts = RsaParts | EcdsaParts | Ed25519Parts;

/**
 * The key as an unencrypted OpenSSH file that ssh2 reads and Deno signs with. Source: OpenSSH PROTOCOL.key.
 *
 * @returns undefined when the ECDSA number is too large for its curve
 */
export function toOpenSshFile(parts: KeyParts): string | undefined {
  if (parts.kind === "ecdsa" && withoutLeadingZeros(parts.scalar).length > curves[parts.curve].size) return undefined;
  // The two equal numbers exist to detect a wrong passphrase; without encryption any value does.
  const secret = new WireWriter().uint32(0).uint32(0).raw(privateFields(parts)).string("");
  const section = pad(secret.bytes());
  const file = new WireWriter().raw(new TextEncoder().encode("openssh-key-v1\0"))
    .string("none").string("none").string("").uint32(1).string(publicBlob(parts)).string(section).bytes();
  const base64 = Buffer.from(file).toString("base64").replace(/.{70}/g, "$&\n");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** The public key as it travels in SSH. Source: RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4. */
function publicBlob(parts: KeyParts): Uint8Array {
  const writer = new WireWriter();
  switch (parts.kind) {
    case "rsa":
      return writer.string("ssh-rsa").mpint(parts.e).mpint(parts.n).bytes();
    case "ecdsa":
      return writer.string(curves[parts.curve].type).string(parts.curve).string(parts.point).bytes();
    case "ed25519":
      return writer.string("ssh-ed25519").string(parts.publicKey).bytes();
  }
}

function privateFields(parts: KeyParts): Uint8Array {
  const writer = new WireWriter();
  switch (parts.kind) {
    case "rsa":
      return writer.string("ssh-rsa").mpint(parts.n).mpint(parts.e).mpint(parts.d).mpint(parts.iqmp)
        .mpint(parts.p).mpint(parts.q).bytes();
    case "ecdsa": {
      const { type, size } = curves[parts.curve];
      return writer.string(type).string(parts.curve).string(parts.point).string(withLength(parts.scalar, size)).bytes();
    }
    case "ed25519":
      return writer.string("ssh-ed25519").string(parts.publicKey)
        .uint32(parts.seed.length + parts.publicKey.length).raw(parts.seed).raw(parts.publicKey).bytes();
  }
}

/** Fills up to a whole block of 8 with 1, 2, 3, … */
function pad(bytes: Uint8Array): Uint8Array {
  const missing = (8 - bytes.length % 8) % 8;
  return new WireWriter().raw(bytes).raw(Uint8Array.from({ length: missing }, (_, index) => index + 1)).bytes();
}
