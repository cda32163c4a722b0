// What a proof of the public log shows of a ballot (C2SP tlog-proof, tlog-checkpoint, signed-note). It uses neither the
// DOM nor the network, and the tests run it under Node.

/** The leaf's index in the log, how many leaves the log had when it was signed, and how many signatures are its own. */
export interface Proven {
  index: number;
  size: number;
  signatures: number;
}

/** Why a proof does not show what it should. `unsigned`: all is right, but another key signed it. */
export class ProofWrong extends Error {
  constructor(readonly code: "unreadable" | "unsigned" | "elsewhere") {
    super(code);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;
/** Whether an Ed25519 signature of a message is the key's. */
export type Verify = (key: Bytes, signature: Bytes, message: Bytes) => Promise<boolean>;

const KEY_ID_BYTES = 4;
const ED25519 = 1;

/** Checks that the log with this key has the statement of this receipt as a leaf. Throws ProofWrong. */
export async function checkProof(vkey: string, receipt: string, proof: string, verify: Verify): Promise<Proven> {
  const [head, note] = split(proof, "\n\n");
  const [form, numbered, ...path] = head.split("\n");
  const index = count(numbered, "index ");
  const [body, signatures] = split(note, "\n\n");
  const [origin, sized, root] = body.split("\n");
  const size = count(sized, "");
  if (form !== "c2sp.org/tlog-proof@v1" || index >= size) throw new ProofWrong("unreadable");
  const leaf = bytes((receipt.split(".")[0] || "").replace(/-/g, "+").replace(/_/g, "/"));
  const reached = await rootOf(await hash([0], leaf), index, size, path.map(bytes));
  if (!reached || !same(reached, bytes(root || ""))) throw new ProofWrong("elsewhere");
  if (!(await isSigned(vkey, origin || "", `${body}\n`, signatures, verify))) throw new ProofWrong("unsigned");
  return { index, size, signatures: signatures.split("\n").filter((line) => line.startsWith(`\u2014 ${origin} `)).length };
}

/** The root that a leaf's hash and its path lead to (RFC 9162 section 2.1.3.2); null if the path is not as long. */
async function rootOf(leaf: Bytes, index: number, size: number, path: Bytes[]): Promise<Bytes | null> {
  let [node, last] = [index, size - 1];
  let root = leaf;
  const half = (): void => {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  };
  for (const beside of path) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      root = await hash([1], beside, root);
      while (node % 2 === 0 && node > 0) half();
    } else {
      root = await hash([1], root, beside);
    }
    half();
  }
  return last === 0 ? root : null;
}

/** Whether one of a note's signatures is the key's, and the key has the log's name. */
async function isSigned(vkey: string, origin: string, body: string, signatures: string, verify: Verify): Promise<boolean> {
  // The key's base64 may hold a plus sign, too.
  const [, name, key] = /^([^+]+)\+[0-9a-f]{8}\+(.+)$/.exec(vkey) || [];
  const typed = bytes(key || "");
  if (name !== origin || typed[0] !== ED25519) return false;
  const id = (await hash(utf8(`${name}\n`), typed)).slice(0, KEY_ID_BYTES);
  for (const line of signatures.split("\n")) {
    const prefix = `\u2014 ${name} `;
    if (!line.startsWith(prefix)) continue;
    const signed = bytes(line.slice(prefix.length));
    const isOurs = same(signed.slice(0, KEY_ID_BYTES), id);
    if (isOurs && (await verify(typed.slice(1), signed.slice(KEY_ID_BYTES), utf8(body)))) return true;
  }
  return false;
}

function split(text: string, at: string): [string, string] {
  const place = text.indexOf(at);
  if (place < 0) throw new ProofWrong("unreadable");
  return [text.slice(0, place), text.slice(place + at.length)];
}

function count(line: string | undefined, name: string): number {
  const number = line && line.startsWith(name) ? line.slice(name.length) : "";
  if (!/^(0|[1-9]\d{0,14})$/.test(number)) throw new ProofWrong("unreadable");
  return Number(number);
}

function bytes(base64: string): Bytes {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch (error) {
    throw new ProofWrong("unreadable");
  }
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text) as Bytes;
}

function same(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, place) => byte === other[place]);
}

async function hash(...parts: ArrayLike<number>[]): Promise<Bytes> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  parts.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined));
}
