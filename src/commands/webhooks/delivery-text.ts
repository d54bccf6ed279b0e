// What became of a delivery, in words.
import type { DeliveryView } from "../../api/webhooks/webhook-contract.ts";
import { printable } from "../../base/printable.ts";

/** Of the last try: `200 in 12 ms`, or why there was no answer. */
export function lastTry({ tries }: DeliveryView): string {
  const last = tries.at(-1);
  if (last === undefined) return "not tried yet";
  return last.status === null ? printable(last.error ?? "no answer") : `${last.status} in ${last.ms} ms`;
}

/** The beginning of what the other side said; empty: nothing. */
export function lastAnswer({ tries }: DeliveryView, most = 60): string {
  const answer = printable(tries.at(-1)?.answer ?? "").trim();
  return answer.length > most ? `${answer.slice(0, most)}…` : answer;
}
