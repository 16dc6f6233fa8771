/**
 * Private keys as OpenSSL writes them: PKCS#1 and SEC1, plain or encrypted by their headers, and PKCS#8.
 * Source: RFC 7468, RFC 1421 §4.6, RFC 8018.
 *
 * node:crypto decrypts them. Of encrypted PKCS#8 Deno's leaves out 3DES, and takes a missing PRF for SHA-256 where the
 * standard says SHA-1: these are for node-forge. Our own is only the choice between the two, and the bound on the work
 * that a file may ask for.
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject } from "node:crypto";
import type * as Forge from "node-forge_types";
import type { LoadKeyOptions } from "../private_key.ts";
import type { ParsedKey } from "../../ssh2.ts";
import { encrypted, malformed, refuseKeyType, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";
import { toSsh2Key } from "./openssh.ts";

/** One block of a PEM file. */
export interface PemBlock {
  /** E.g. "RSA PRIVATE KEY". */
  label: string;
  /** Cipher and initial vector of an encrypted PKCS#1 or SEC1 key. */
  dekInfo: string | undefined;
  /** What the base64 holds. */
  data: Uint8Array;
}

const aes = "2.16.840.1.101.3.4.1";
const tripleDes = "1.2.840.113549.3.7";
const oids = {
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  scrypt: "1.3.6.1.4.1.11591.4.11",
  tripleDes,
  ciphers: [`${aes}.2`, `${aes}.22`, `${aes}.42`, tripleDes],
  /** HMAC with SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512. */
  hashes: /^1\.2\.840\.113549\.2\.([789]|10|11)$/,
};

const headerCiphers = /^(AES-(128|192|256)|DES-EDE3)-CBC,/;

/** Some three seconds each, in which nothing else runs; OpenSSL writes 2048. */
const maxIterations = { node: 1_000_000, forge: 100_000 };
/** OpenSSL writes 16 MB. */
const maxScryptBytes = 256 * 1024 * 1024;

/**
 * Reads a key of OpenSSL's formats.
 *
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 * @throws {Error} when an encrypted PKCS#8 envelope is damaged
 */
export async function parsePemKey(block: PemBlock, unlock: LoadKeyOptions): Promise<ParsedKey> {
  return await toSsh2Key(await open(block, unlock));
}

async function open(block: PemBlock, unlock: LoadKeyOptions): Promise<KeyObject> {
  const { label, dekInfo } = block;
  if (label === "DSA PRIVATE KEY") refuseKeyType("ssh-dss");
  if (label === "ENCRYPTED PRIVATE KEY") return await openPkcs8(block, unlock);
  if (!/^((RSA|EC) )?PRIVATE KEY$/.test(label)) throw unsupportedName("its format", label);
  if (dekInfo === undefined) return openPem(block, undefined, () => malformed("its fields are damaged"));
  if (!headerCiphers.test(dekInfo)) throw unsupportedName("its cipher", dekInfo.split(",")[0] ?? "");
  if (!unlock.passphrase) throw encrypted();
  return openPem(block, unlock.passphrase, wrongPassphrase);
}

/** Opens the block, written with the lines that node:crypto insists on. */
function openPem({ label, dekInfo, data }: PemBlock, passphrase: string | undefined, onError: () => Error): KeyObject {
  const headers = dekInfo === undefined ? "" : `Proc-Type: 4,ENCRYPTED\nDEK-Info: ${dekInfo}\n\n`;
  const base64 = Buffer.from(data).toString("base64").replace(/.{1,64}/g, "$&\n");
  const key = `-----BEGIN ${label}-----\n${headers}${base64}-----END ${label}-----\n`;
  try {
    return createPrivateKey({ key, format: "pem", ...passphrase !== undefined && { passphrase } });
  } catch {
    throw onError();
  }
}

async function openPkcs8(block: PemBlock, { passphrase, signal }: LoadKeyOptions): Promise<KeyObject> {
  const forge = (await import("node-forge")).default;
  const info = forge.asn1.fromDer(Buffer.from(block.data).toString("latin1"));
  const opener = checkEnvelope(forge, info);
  if (!passphrase) throw encrypted();
  signal?.throwIfAborted();
  if (opener === "node") return openPem(block, passphrase, wrongPassphrase);
  try {
    const inner = forge.pki.decryptPrivateKeyInfo(info, Buffer.from(passphrase).toString("latin1"));
    const key = Buffer.from(forge.asn1.toDer(inner).getBytes(), "latin1");
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  } catch {
    throw wrongPassphrase();
  }
}

/**
 * Refuses an envelope that no library opens or that would take long, and says which library opens it.
 * Source: RFC 8018 §5.2, §6.2 and appendix A, RFC 7914 §7.
 */
function checkEnvelope({ asn1 }: typeof Forge, info: Forge.asn1.Asn1): "node" | "forge" {
  const name = (value: Forge.asn1.Asn1 | undefined): string => asn1.derToOid(bytes(inside(value)[0]));
  const algorithm = inside(info)[0];
  if (name(algorithm) !== oids.pbes2) throw unsupported("it is encrypted with an obsolete scheme (PBES1 or PKCS#12)");
  const [kdf, encryption] = inside(inside(algorithm)[1]);
  const cipher = name(encryption);
  if (!oids.ciphers.includes(cipher)) throw unsupportedName("its cipher", cipher);
  const [, ...parameters] = inside(inside(kdf)[1]);
  const [cost = 0, r = 0, p = 0] = parameters.filter((each) => each.type === 2)
    .map((each) => asn1.derToInteger(bytes(each)));
  const prf = parameters.find((each) => typeof each.value !== "string");
  const opener = cipher === oids.tripleDes || (prf === undefined && name(kdf) === oids.pbkdf2) ? "forge" : "node";
  if (name(kdf) === oids.scrypt && opener === "node") {
    if (Math.min(cost, r, p) >= 1 && 128 * cost * r <= maxScryptBytes && p <= 16) return opener;
    throw unsupported("it is encrypted with scrypt parameters beyond 256 MB of memory or 16 passes");
  }
  if (name(kdf) !== oids.pbkdf2) throw unsupportedName("its key derivation", name(kdf));
  if (prf !== undefined && !oids.hashes.test(name(prf))) throw unsupportedName("its hash", name(prf));
  if (cost >= 1 && cost <= maxIterations[opener]) return opener;
  throw unsupported(`it is encrypted with ${cost} iterations and the limit is ${maxIterations[opener]}`);
}

function inside(value: Forge.asn1.Asn1 | undefined): Forge.asn1.Asn1[] {
  if (value === undefined || typeof value.value === "string") throw malformed("it is cut short or damaged");
  return value.value;
}

function bytes(value: Forge.asn1.Asn1 | undefined): string {
  if (typeof value?.value !== "string") throw malformed("it is cut short or damaged");
  return value.value;
}
