// What a client's state is called. Pure.
import type { ClientView } from "../../cluster/server/views.ts";
import type { Tone } from "../parts/bar.tsx";

export interface ClientState {
  readonly word: string;
  readonly tone: Tone;
  /** What to know, or to do, about it; null: nothing. */
  readonly note: string | null;
}

export function stateOf(client: ClientView): ClientState {
  if (client.status === "Disconnected") {
    const note = client.leased_job === null ? null : "It holds segments until it comes back, or its lease ends.";
    return { word: "Away", tone: "idle", note };
  }
  if (client.quarantine !== null) {
    return { word: "Quarantined", tone: "failed", note: `${client.quarantine}. Resume lets it work again.` };
  }
  if (client.no_room !== null) return { word: "No room", tone: "failed", note: client.no_room };
  if (client.paused)
    return { word: "Paused", tone: "paused", note: "What it encodes is suspended until it is resumed." };
  if (client.draining)
    return { word: "Draining", tone: "paused", note: "It finishes what it holds and gets nothing more." };
  if (client.current_job !== null) return { word: "Encoding", tone: "busy", note: null };
  return { word: "Idle", tone: "ok", note: null };
}

/** Those that are here first, then by name. */
export function byPresence(a: ClientView, b: ClientView): number {
  const away = (client: ClientView) => (client.status === "Disconnected" ? 1 : 0);
  return away(a) - away(b) || a.name.localeCompare(b.name) || (a.client_id < b.client_id ? -1 : 1);
}
