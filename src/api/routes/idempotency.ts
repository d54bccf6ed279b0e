// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): what a caller names so that one request makes one thing.
import { sha256Of } from "../../base/digest.ts";
import { AppError } from "../../base/errors.ts";
import { idempotencyKeySchema } from "../contract.ts";
import type { Call } from "../router.ts";

export const REPLAYED = { "idempotency-replayed": "true" } as const;

interface Once {
  readonly key: string;
  /** Of what is asked for: the same key with something else is a mistake. */
  readonly requestSha256: string;
}

/** Null: the caller sent no key. Errors: E_MALFORMED. */
export function idempotencyOf({ request }: Pick<Call, "request">, wanted: object): Once | null {
  const key = request.headers.get("idempotency-key");
  return key === null ? null : { key: checkedKey(key), requestSha256: digestOf(wanted) };
}

function checkedKey(key: string): string {
  if (idempotencyKeySchema.safeParse(key).success) return key;
  const hint = "Send 1 to 255 visible ASCII characters: a UUID, say.";
  throw new AppError("E_MALFORMED", "the Idempotency-Key is malformed", hint);
}

/** Without what is not said: a later version asks for more, and takes today's request for the same. */
function digestOf(wanted: object): string {
  const said = Object.entries(wanted).filter(([, value]) => value !== null);
  return sha256Of(JSON.stringify(said.sort(([a], [b]) => (a < b ? -1 : 1))));
}
