// Texts that a running client shows to its user. Pure.
import { formatUntil } from "../output/format.ts";

/** The part of the client loop's status that is shown; its own type has more. */
export type ToldStatus =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected"; readonly clientId: string; readonly serverVersion: string; readonly slots: number }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: number }
  | { readonly kind: "working"; readonly attempts: Readonly<Record<string, number>> }
  | { readonly kind: "paused" | "resumed" }
  | { readonly kind: "resting"; readonly reason: string; readonly until: string | null }
  | { readonly kind: "rested" }
  | { readonly kind: "ended"; readonly reason: string };

/** `event`: a line that stays. `live`: replaces the line before, on terminals only. */
export interface ClientReport {
  readonly kind: "event" | "live";
  readonly text: string;
}

export function reportOf(status: ToldStatus): ClientReport {
  switch (status.kind) {
    case "connecting":
      return { kind: "live", text: "connecting" };
    case "connected": {
      const slots = status.slots === 1 ? "1 slot" : `${status.slots} slots`;
      const text = `connected as ${status.clientId}, ${slots}, server version ${status.serverVersion}`;
      return { kind: "event", text };
    }
    case "disconnected": // the client loop has logged it
      return { kind: "live", text: `not connected; next try in ${(status.retryInMs / 1000).toFixed(1)} s` };
    case "working": {
      const busy = Object.entries(status.attempts).filter(([, count]) => count > 0);
      const text = busy.map(([stage, count]) => `${stage} ${count}`).join(", ");
      return { kind: "live", text: text === "" ? "idle" : text };
    }
    case "paused":
      return { kind: "event", text: "paused on request: encodes are suspended until `ffcluster clients resume`" };
    case "resumed":
      return { kind: "event", text: "resumed: suspended encodes continue" };
    case "resting": {
      const until = status.until === null ? "" : ` until ${formatUntil(status.until)}`;
      return { kind: "event", text: `resting${until}: ${status.reason}` };
    }
    case "rested":
      return { kind: "event", text: "working again" };
    case "ended":
      return { kind: "event", text: `ended: ${status.reason}` };
  }
}
