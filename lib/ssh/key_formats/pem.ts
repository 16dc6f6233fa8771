/**
 * Private keys as OpenSSL writes them: PKCS#1 and SEC1, plain or encrypted by their headers, and PKCS#8.
 * Source: RFC 7468, RFC 1421 §4.6, RFC 8018.
 *
 * node:crypto decrypts them. Of encrypted PKCS#8 Deno's leaves out 3DES, and takes a missing PRF for SHA-256 where the
 * standard says SHA-1, so node-forge is asked next. Our own is only the bound on the work that a file may ask for.
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject } from "node:crypto";
import type { ParsedKey } from "../ssh2.ts";
import { encrypted, malformed, refuseKeyType, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";
import { type Asn1, type Forge, loadForge, loadSshpk } from "./libraries.ts";
import { toSsh2Key, type Unlock } from "./openssh.ts";

/** One block of a PEM file. */
export interface PemBlock {
  /** E.g. "RSA PRIVATE KEY". */
  label: string;
  /** Cipher and initial vector of an encrypted PKCS#1 or SEC1 key. */
  dekInfo: string | undefined;
  /** What the base64 holds. */
  data: Uint8Array;
}

const oidScrypt = "1.3.6.1.4.1.11591.4.11";

const headerCiphers = /^(AES-(128|192|256)|DES-EDE3)-CBC,/;

/** OpenSSL writes 2048; node-forge, which is asked for old files, takes some ten seconds for these. */
const maxIterations = 1_000_000;
/** OpenSSL writes 16 MB. */
const maxScryptBytes = 256 * 1024 * 1024;

/**
 * Reads a key of OpenSSL's formats.
 *
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 */
export async function parsePemKey(block: PemBlock, unlock: Unlock): Promise<ParsedKey> {
  const key = await open(block, unlock);
  const type = key.asymmetricKeyType ?? "";
  if (type === "dsa") refuseKeyType("ssh-dss");
  if (!["rsa", "ec", "ed25519"].includes(type)) {
    throw unsupported(`SSH has no use for a key of type ${type}`, "use an Ed25519, ECDSA or RSA key");
  }
  const sshpk = await loadSshpk();
  try {
    return await toSsh2Key(sshpk.parsePrivateKey(String(key.export({ type: "pkcs8", format: "pem" })), "pem"));
  } catch {
    throw unsupported("SSH has no use for its curve or parameters", "use an Ed25519, ECDSA or RSA key");
  }
}

async function open(block: PemBlock, unlock: Unlock): Promise<KeyObject> {
  switch (block.label) {
    case "ENCRYPTED PRIVATE KEY":
      return await openPkcs8(block, unlock);
    case "RSA PRIVATE KEY":
    case "EC PRIVATE KEY":
    case "PRIVATE KEY":
      break;
    case "DSA PRIVATE KEY":
      refuseKeyType("ssh-dss");
      /* falls through */
    default:
      throw unsupportedName("its format", block.label);
  }
  const { dekInfo } = block;
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

async function openPkcs8(block: PemBlock, { passphrase, signal }: Unlock): Promise<KeyObject> {
  const forge = await loadForge();
  const info = readDer(forge, block.data);
  boundWork(forge, info);
  if (!passphrase) throw encrypted();
  signal?.throwIfAborted();
  try {
    return openPem(block, passphrase, wrongPassphrase);
  } catch {
    return openOldPkcs8(forge, info, passphrase);
  }
}

function readDer(forge: Forge, data: Uint8Array): Asn1 {
  try {
    return forge.asn1.fromDer(Buffer.from(data).toString("latin1"));
  } catch {
    throw malformed("it is cut short or damaged");
  }
}

/** Refuses an envelope that would take long to open. Source: RFC 8018 §5.2, §6.2 and RFC 7914 §7. */
function boundWork({ asn1 }: Forge, info: Asn1): void {
  const [scheme, parameters] = inside(inside(info)[0]);
  if (asn1.derToOid(bytes(scheme)) !== "1.2.840.113549.1.5.13") {
    throw unsupported("it is encrypted with an obsolete scheme (PBES1 or PKCS#12)");
  }
  const [kdf, kdfParameters] = inside(inside(parameters)[0]);
  const name = asn1.derToOid(bytes(kdf));
  const [cost = 0, r = 0, p = 0] = inside(kdfParameters).slice(1).filter((each) => each.type === 2)
    .map((each) => asn1.derToInteger(bytes(each)));
  if (name === "1.2.840.113549.1.5.12") {
    if (cost >= 1 && cost <= maxIterations) return;
    throw unsupported(`it is encrypted with ${cost} iterations and the limit is ${maxIterations}`);
  }
  if (name !== oidScrypt) throw unsupportedName("its key derivation", name);
  if ([cost, r, p].every((each) => each >= 1) && 128 * cost * r <= maxScryptBytes && p <= 16) return;
  throw unsupported("it is encrypted with scrypt parameters beyond 256 MB of memory or 16 passes");
}

function inside(value: Asn1 | undefined): Asn1[] {
  if (value === undefined || typeof value.value === "string") throw malformed("it is cut short or damaged");
  return value.value;
}

function bytes(value: Asn1 | undefined): string {
  if (typeof value?.value !== "string") throw malformed("it is cut short or damaged");
  return value.value;
}

function openOldPkcs8(forge: Forge, info: Asn1, passphrase: string): KeyObject {
  try {
    const inner = forge.pki.decryptPrivateKeyInfo(info, Buffer.from(passphrase).toString("latin1"));
    if (inner === null) throw wrongPassphrase();
    const key = Buffer.from(forge.asn1.toDer(inner).getBytes(), "latin1");
    return createPrivateKey({ key, format: "der", type: "pkcs8" });
  } catch (error) {
    // node-forge says what it does not know before it decrypts. Of these only scrypt is known to node:crypto.
    if (!(error instanceof Error && "oid" in error) || error.oid === oidScrypt) throw wrongPassphrase();
    throw unsupported("its cipher or hash is not supported");
  }
}
