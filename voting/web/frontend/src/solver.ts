// A worker that solves ALTCHA challenges, so that the page stays quick while it works.
import { pbkdf2, solveChallenge } from "altcha/lib";

addEventListener("message", async (event: MessageEvent) => {
  const challenge = event.data;
  const solution = await solveChallenge({ challenge, deriveKey: pbkdf2.deriveKey, timeout: 90000 });
  // What ALTCHA's clients send: base64 of the challenge with its solution.
  postMessage(solution && btoa(JSON.stringify({ challenge, solution })));
});
