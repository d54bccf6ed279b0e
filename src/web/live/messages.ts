// What a tab and the shared worker tell each other.
import type { Connection } from "./event-stream.ts";
import type { Changes } from "./stream-state.ts";

export type ToWorker =
  | { readonly type: "follow"; readonly path: string }
  /** The tab is hidden or goes. */
  | { readonly type: "leave" }
  | { readonly type: "signed-out" };

export type FromWorker =
  | { readonly type: "changes"; readonly changes: Changes }
  | { readonly type: "connection"; readonly connection: Connection }
  | { readonly type: "signed-out" };
