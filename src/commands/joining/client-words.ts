// What a running client tells its user. Pure.
import { VERSION } from "../../base/version.ts";
import { formatUntil } from "../output/format.ts";

/** A segment that the client holds. */
export interface HeldSegment {
  /** Null where the server does not say, or it was encoded before this start. */
  readonly fileName: string | null;
  readonly segment: number | null;
  readonly stage: "queued" | "fetching" | "encoding" | "uploading";
  readonly frames: number;
  /** That it will have; null: not known. */
  readonly expectedFrames: number | null;
  readonly fps: number;
}

/** The part of the client loop's status that is shown; its own type has more. */
export type ToldStatus =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected"; readonly clientId: string; readonly serverVersion: string; readonly slots: number }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: number }
  | { readonly kind: "working"; readonly held: readonly HeldSegment[] }
  | { readonly kind: "paused" | "resumed" }
  | { readonly kind: "resting"; readonly reason: string; readonly until: string | null }
  | { readonly kind: "rested" }
  | { readonly kind: "ended"; readonly reason: string };

/** `vm:5001` and `attic`. */
export interface Names {
  readonly server: string;
  readonly client: string;
}

function connectedText(slots: number, version: string, { server, client }: Names, isBusy: boolean): string {
  const encodes = slots === 1 ? "1 encode" : `${slots} encodes`;
  const other = version === VERSION ? "" : ` The server has version ${version}, this client ${VERSION}.`;
  return `Connected to ${server} as ${client}, ${encodes} at a time.${other}${isBusy ? "" : " Waiting for work."}`;
}

/** A line that stays; null: it is no news. `isBusy`: it holds segments. */
export function newsOf(status: ToldStatus, names: Names, isBusy = false): string | null {
  switch (status.kind) {
    case "connected":
      return connectedText(status.slots, status.serverVersion, names, isBusy);
    case "paused":
      return "Paused on request: what it encodes is suspended until `ffcluster clients resume`.";
    case "resumed":
      return "Resumed: what was suspended goes on.";
    case "resting":
      return `Resting${status.until === null ? "" : ` until ${formatUntil(status.until)}`}: ${status.reason}.`;
    case "rested":
      return "Working again.";
    case "ended":
      return `Disconnected from ${names.server}: ${status.reason}.`;
    case "connecting":
    case "disconnected": // the client loop has logged it
    case "working":
      return null;
  }
}
