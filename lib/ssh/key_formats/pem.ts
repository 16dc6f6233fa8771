/**
 * Private keys as OpenSSL writes them: PKCS#1 and SEC1, plain or encrypted by their headers, and PKCS#8.
 * Source: RFC 7468, RFC 8017 appendix A.1.2, RFC 5915, RFC 5958; RFC 1421 §4.6 for the headers.
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject } from "node:crypto";
import { encrypted, malformed, refuseKeyType, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";
import { type CurveName, curves, type KeyParts } from "./key_parts.ts";
import type { Unlock } from "./openssh.ts";
import { decryptPkcs8 } from "./pbes2.ts";

/** One block of a PEM file. */
export interface PemBlock {
  /** E.g. "RSA PRIVATE KEY". */
  label: string;
  /** Headers such as DEK-Info, names as written. */
  headers: Map<string, string>;
  /** What the base64 holds. */
  data: Uint8Array;
}

/** Ciphers of encrypted PKCS#1 and SEC1 files that Deno's node:crypto opens. */
const headerCiphers = new Set(["AES-128-CBC", "AES-192-CBC", "AES-256-CBC", "DES-EDE3-CBC", "DES-CBC"]);

/**
 * Reads a key of OpenSSL's formats.
 *
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 * @throws {DerError} when an encrypted PKCS#8 envelope is damaged
 */
export async function parsePemKey(block: PemBlock, unlock: Unlock): Promise<KeyParts> {
  switch (block.label) {
    case "ENCRYPTED PRIVATE KEY": {
      const inner = await decryptPkcs8(block.data, unlock);
      return toParts(derKey(inner, "pkcs8", wrongPassphrase));
    }
    case "PRIVATE KEY":
      return toParts(derKey(block.data, "pkcs8", () => malformed("not a PKCS#8 private key inside")));
    case "RSA PRIVATE KEY":
      return toParts(headedKey(block, "pkcs1", unlock));
    case "EC PRIVATE KEY":
      return toParts(headedKey(block, "sec1", unlock));
    case "DSA PRIVATE KEY":
      refuseKeyType("ssh-dss");
  }
  throw unsupportedName("its format", block.label);
}

function derKey(data: Uint8Array, type: "pkcs1" | "pkcs8" | "sec1", onFailure: () => Error): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(data), format: "der", type });
  } catch {
    throw onFailure();
  }
}

/** A PKCS#1 or SEC1 key, which its headers may say is encrypted. */
function headedKey(block: PemBlock, type: "pkcs1" | "sec1", { passphrase }: Unlock): KeyObject {
  const info = block.headers.get("DEK-Info");
  if (info === undefined) {
    return derKey(block.data, type, () => malformed(`not a ${type === "pkcs1" ? "PKCS#1" : "SEC1"} key inside`));
  }
  const cipher = info.split(",")[0] ?? "";
  if (!headerCiphers.has(cipher)) throw unsupportedName("its cipher", cipher);
  if (!passphrase) throw encrypted();
  try {
    return createPrivateKey({ key: writePem(block), format: "pem", passphrase });
  } catch {
    throw wrongPassphrase();
  }
}

/** The block again, with line ends and line lengths that every reader takes. */
function writePem({ label, headers, data }: PemBlock): string {
  const headerLines = [...headers].map(([name, value]) => `${name}: ${value}\n`).join("");
  const base64 = Buffer.from(data).toString("base64").replace(/.{1,64}/g, "$&\n");
  return `-----BEGIN ${label}-----\n${headerLines}\n${base64}-----END ${label}-----\n`;
}

function toParts(key: KeyObject): KeyParts {
  switch (key.asymmetricKeyType) {
    case "rsa": {
      const [n, e, d, p, q, iqmp] = numbers(key, "n", "e", "d", "p", "q", "qi");
      return { kind: "rsa", n, e, d, p, q, iqmp };
    }
    case "ec":
      return ecParts(key);
    case "ed25519": {
      const [publicKey, seed] = numbers(key, "x", "d");
      return { kind: "ed25519", publicKey, seed };
    }
    case "dsa":
      refuseKeyType("ssh-dss");
  }
  throw unsupported(`SSH has no use for a key of type ${key.asymmetricKeyType}`, "use an Ed25519, ECDSA or RSA key");
}

function ecParts(key: KeyObject): KeyParts {
  const { crv } = exportJwk(key);
  const curve = (Object.keys(curves) as CurveName[]).find((name) => curves[name].jwk === crv);
  if (curve === undefined) throw unsupported("SSH has no ECDSA on its curve", "use an Ed25519, ECDSA or RSA key");
  const [x, y, scalar] = numbers(key, "x", "y", "d");
  return { kind: "ecdsa", curve, point: new Uint8Array([4, ...x, ...y]), scalar };
}

/** Fields of the key as bytes, in the order of their names. Source: RFC 7518 §6. */
function numbers<Names extends string[]>(key: KeyObject, ...names: Names): { [Index in keyof Names]: Uint8Array } {
  const jwk = exportJwk(key);
  return names.map((name) => {
    const value = jwk[name];
    if (typeof value !== "string") throw malformed("a part of the key is missing");
    return new Uint8Array(Buffer.from(value, "base64url"));
  }) as { [Index in keyof Names]: Uint8Array };
}

function exportJwk(key: KeyObject): Record<string, unknown> {
  try {
    return { ...key.export({ format: "jwk" }) };
  } catch {
    throw unsupported("SSH has no use for its curve or parameters", "use an Ed25519, ECDSA or RSA key");
  }
}
