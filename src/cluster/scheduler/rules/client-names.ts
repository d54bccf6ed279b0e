// Names of clients: two that people see side by side never have the same one.
import type { Client } from "../model/client.ts";
import type { HelloFacts } from "../model/input.ts";
import type { Turn } from "../model/turn.ts";

/** The name of a client that has been gone for so long is free. */
export const NAME_KEPT_MS = 24 * 3600_000;

/** Of a Disconnected client, since when. Rows of earlier versions know only when it came. */
export function goneSince({ status, goneSince: since, connectedAt }: Client): string | null {
  return status === "Disconnected" ? (since ?? connectedAt) : null;
}

function holdsName(client: Client, now: number): boolean {
  return client.status !== "Disconnected" || now - client.lastHeardAt <= NAME_KEPT_MS;
}

/** `attic`, or `attic-2` where another client is called attic. A client keeps its number as long as nobody has it too. */
export function distinctName(turn: Turn, { id, name }: Pick<HelloFacts, "id" | "name">): string {
  const others = [...turn.clients.values()].filter((each) => each.id !== id && holdsName(each, turn.now));
  const taken = new Set(others.map((each) => each.name));
  const own = turn.clients.get(id)?.name;
  if (own !== undefined && isNumbered(own, name) && !taken.has(own)) return own;
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  return free;
}

function isNumbered(own: string, name: string): boolean {
  return own.startsWith(`${name}-`) && /^[1-9]\d*$/.test(own.slice(name.length + 1));
}
