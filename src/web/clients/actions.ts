// What an admin can do with a client.
import type { ClientView } from "../../cluster/server/views.ts";
import { ask } from "../live/api.ts";
import { attempt } from "../live/notices.ts";

type Action = "pause" | "resume" | "drain" | "disconnect";

const DONE: Readonly<Record<Action, string>> = {
  pause: "paused. What it encodes is suspended.",
  resume: "works again.",
  drain: "finishes what it holds and gets nothing more.",
  disconnect: "is disconnected. It does not come back by itself.",
};

export function actOn({ client_id: id, name }: ClientView, action: Action): Promise<boolean> {
  return attempt(() => ask(`/api/v1/clients/${id}/${action}`, { method: "POST" }), `${name} ${DONE[action]}`);
}

/** Ends its own keys: it can't join again without a new join line. */
export function revoke({ name, keys }: ClientView): Promise<boolean> {
  const end = (key: string) => ask(`/api/v1/tokens/${encodeURIComponent(key)}/revoke`, { method: "POST" });
  return attempt(() => Promise.all(keys.map(end)), `${name} can't join any more.`);
}
