// What can be done with a job.
import { ask } from "../live/api.ts";
import { attempt } from "../live/notices.ts";

type Move = { readonly to: "first" | "last" } | { readonly before: string };

const act = (id: string, what: string, body?: unknown) =>
  ask(`/api/v1/jobs/${id}/${what}`, { method: "POST", ...(body === undefined ? {} : { body }) });

export const cancelJob = (id: string) =>
  attempt(() => act(id, "cancel"), "Cancelled. Retry goes on from what is done.");
export const retryJob = (id: string) =>
  attempt(() => act(id, "retry"), "It goes on from the segments that are verified.");
export const moveJob = (id: string, move: Move) => attempt(() => act(id, "move", move), "Moved.");
