/** Set by build.mjs. */
declare const SERVICE: string;
declare const CONTEST: string;
