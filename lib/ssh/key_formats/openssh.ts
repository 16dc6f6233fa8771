/** Private keys as ssh-keygen writes them. Source: OpenSSH PROTOCOL.key. */
import { WireReader } from "../wire.ts";
import { bcryptPbkdf } from "./bcrypt_pbkdf.ts";
import { type Cipher, decrypt, opensshCiphers } from "./ciphers.ts";
import { encrypted, malformed, refuseKeyType, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";
import { curves, isCurveName, type KeyParts } from "./key_parts.ts";

const magic = "openssh-key-v1\0";

/** Beyond this a key takes half a minute and more to open: a mistake, or a file made to keep us busy. */
const maxRounds = 1000;

/** What opens an encrypted key. */
export interface Unlock {
  /** Empty counts as none: no tool encrypts with it. */
  passphrase?: string | undefined;
  /** Ends the derivation. */
  signal?: AbortSignal | undefined;
}

/** The file's fields in the clear, and its secret section as it stands. */
interface Container {
  cipherName: string;
  kdfName: string;
  kdfOptions: Uint8Array;
  publicBlob: Uint8Array;
  secret: Uint8Array;
  /** What follows the secret section: the tag of a cipher that has one. */
  tag: Uint8Array;
}

/**
 * Reads a key.
 *
 * @param data the file's bytes, out of their base64
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 * @throws {WireError} when the data ends too early
 */
export async function parseOpenSshKey(data: Uint8Array, unlock: Unlock): Promise<KeyParts> {
  const container = readContainer(data);
  // Before any passphrase is asked for: a key that can never be used should say so first.
  refuseKeyType(new WireReader(container.publicBlob).text());
  if (container.cipherName === "none") return readSecret(container.secret, () => malformed("its check numbers differ"));
  return readSecret(await openSecret(container, unlock), wrongPassphrase);
}

function readContainer(data: Uint8Array): Container {
  const reader = new WireReader(data);
  if (new TextDecoder().decode(reader.raw(magic.length)) !== magic) throw malformed("not an OpenSSH key inside");
  const [cipherName, kdfName, kdfOptions] = [reader.text(), reader.text(), reader.string()];
  if (reader.uint32() !== 1) throw unsupported("the file holds more than one key");
  return { cipherName, kdfName, kdfOptions, publicBlob: reader.string(), secret: reader.string(), tag: reader.rest() };
}

async function openSecret(container: Container, { passphrase, signal }: Unlock): Promise<Uint8Array> {
  const cipher = opensshCiphers.get(container.cipherName);
  if (cipher === undefined) throw unsupportedName("its cipher", container.cipherName);
  if (container.kdfName !== "bcrypt") throw unsupportedName("its key derivation", container.kdfName);
  if (container.secret.length % cipher.blockSize !== 0 || container.tag.length !== cipher.tagSize) {
    throw malformed("its encrypted part has the wrong length");
  }
  if (!passphrase) throw encrypted();
  const options = new WireReader(container.kdfOptions);
  const salt = options.string();
  const rounds = options.uint32();
  if (rounds < 1 || rounds > maxRounds) {
    throw unsupported(`it is encrypted with ${rounds} rounds and the limit is ${maxRounds}`);
  }
  const size = cipher.keySize + cipher.ivSize;
  const derived = await bcryptPbkdf(new TextEncoder().encode(passphrase), salt, { size, rounds, signal });
  return await decryptSecret(cipher, derived, container);
}

async function decryptSecret(cipher: Cipher, derived: Uint8Array, { secret, tag }: Container): Promise<Uint8Array> {
  const key = derived.subarray(0, cipher.keySize);
  const iv = derived.subarray(cipher.keySize);
  const data = new Uint8Array([...secret, ...tag]);
  try {
    return await decrypt(cipher, key, iv, data);
  } catch {
    throw wrongPassphrase();
  }
}

/** @param onMismatch what it means that the two check numbers differ */
function readSecret(secret: Uint8Array, onMismatch: () => Error): KeyParts {
  const reader = new WireReader(secret);
  if (reader.uint32() !== reader.uint32()) throw onMismatch();
  const type = reader.text();
  refuseKeyType(type);
  return readFields(type, reader);
}

/** @throws {WireError} when a field is missing */
function readFields(type: string, reader: WireReader): KeyParts {
  if (type === "ssh-rsa") {
    const [n, e, d] = [reader.string(), reader.string(), reader.string()];
    const [iqmp, p, q] = [reader.string(), reader.string(), reader.string()];
    return { kind: "rsa", n, e, d, p, q, iqmp };
  }
  if (type === "ssh-ed25519") {
    const publicKey = reader.string();
    const seedAndPublic = reader.string();
    if (publicKey.length !== 32 || seedAndPublic.length !== 64) {
      throw malformed("an Ed25519 field has the wrong length");
    }
    return { kind: "ed25519", publicKey, seed: seedAndPublic.subarray(0, 32) };
  }
  const curve = type.startsWith("ecdsa-sha2-") ? reader.text() : "";
  if (isCurveName(curve) && curves[curve].type === type) {
    return { kind: "ecdsa", curve, point: reader.string(), scalar: reader.string() };
  }
  throw unsupportedName("its key type", type);
}
