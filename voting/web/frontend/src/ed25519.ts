// Checks an Ed25519 signature for browsers whose WebCrypto cannot. Loaded by those alone, as a worker.
import { verifyAsync } from "@noble/ed25519";

onmessage = async (event: MessageEvent<[Uint8Array, Uint8Array, Uint8Array]>) => {
  const [key, signature, message] = event.data;
  postMessage(await verifyAsync(signature, message, key).catch(() => false));
};
