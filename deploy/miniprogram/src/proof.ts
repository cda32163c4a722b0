// Solves ALTCHA challenges. A mini program has no WebCrypto: this takes a second or two with a compiler, and up to fifteen
// on iPhones, which run its script without one.
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { Problem } from "../../../voting/web/frontend/src/api";

interface Challenge {
  parameters: { algorithm: string; cost: number; keyLength: number; keyPrefix: string; nonce: string; salt: string };
}

// More than the service ever asks for.
const MOST_TRIES = 1000;

/** Returns base64 of the challenge with its solution, as ALTCHA's clients send it. Throws a Problem if there is none. */
export async function solve(challenge: unknown): Promise<string> {
  const { algorithm, cost, keyLength, keyPrefix, nonce, salt } = (challenge as Challenge).parameters;
  if (algorithm !== "PBKDF2/SHA-256") throw new Problem({ code: "failed" });
  const password = new Uint8Array([...hexToBytes(nonce), 0, 0, 0, 0]);
  const begun = Date.now();
  for (let counter = 0; counter < MOST_TRIES; counter += 1) {
    new DataView(password.buffer).setUint32(password.length - 4, counter);
    const derivedKey = bytesToHex(pbkdf2(sha256, password, hexToBytes(salt), { c: cost, dkLen: keyLength }));
    if (derivedKey.startsWith(keyPrefix)) {
      const solution = { counter, derivedKey, time: Date.now() - begun };
      const text = JSON.stringify({ challenge, solution });
      // All of it is ASCII.
      return wx.arrayBufferToBase64(Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer);
    }
    // The page stays quick.
    if (counter % 4 === 3) await new Promise((done) => setTimeout(done));
  }
  throw new Problem({ code: "failed" });
}
