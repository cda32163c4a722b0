// A mini program has no `crypto`. The key of a ballot must differ from the voter's other keys, and need not be secret.
export const crypto = {
  getRandomValues(bytes: Uint8Array): Uint8Array {
    return bytes.map((_, place) => (Math.random() * 256) ^ (place < 4 ? Date.now() >> (8 * place) : 0));
  },
};
