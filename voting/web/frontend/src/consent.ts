// The voter's consent to the notice of what is stored: asked for before the first ballot, kept here and by the service.
import { call, Problem } from "./api";
import { Store } from "./store";

/** Whether the voter agrees to this version of the notice; asks where no answer is known. */
export async function agrees(version: string, store: Store): Promise<boolean> {
  const dialog = document.querySelector<HTMLDialogElement>("#consent");
  if (!dialog || store.get("consent") === version) return true;
  const isAgreed = await asked(dialog);
  if (isAgreed) store.set("consent", version);
  return isAgreed;
}

/** Stores the consent with the service, once. What fails is sent with the next page. */
export async function sendConsent(base: string, version: string, store: Store): Promise<void> {
  if (store.get("consent") !== version || store.get("consent_sent") === version) return;
  const language = document.documentElement.lang.slice(0, 2);
  try {
    await call("PUT", `${base}/me/consent`, { version, language });
    store.set("consent_sent", version);
  } catch (error) {
    // The notice has changed since this page was made: the next page asks for its new version.
    if (error instanceof Problem && error.code === "stale") store.set("consent", null);
  }
}

/** Old web views have no modal dialogs; there the stylesheet lays it over the page. */
function asked(dialog: HTMLDialogElement): Promise<boolean> {
  const isModal = typeof dialog.showModal === "function";
  return new Promise((done) => {
    const finish = (isAgreed: boolean): void => {
      if (isModal) dialog.close();
      else dialog.removeAttribute("open");
      done(isAgreed);
    };
    dialog.querySelectorAll<HTMLButtonElement>("button").forEach((button) => {
      button.onclick = () => finish(button.value === "yes");
    });
    // The key that closes a dialog.
    dialog.oncancel = () => done(false);
    if (isModal) dialog.showModal();
    else dialog.setAttribute("open", "");
  });
}
