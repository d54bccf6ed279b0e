// Live attempts by client: what the rules ask for most, found without looking at all of them. An index belongs to one map
// of attempts; the decision that makes the next map takes it over and changes it by what it changes itself. A map without
// one, of a state that is decided on twice or was just loaded, gets one when it is first asked for.
import type { AttemptId, ClientId } from "./ids.ts";
import type { Attempt } from "./segment.ts";

type Attempts = ReadonlyMap<AttemptId, Attempt>;
type ByClient = Map<ClientId, readonly Attempt[]>;

const indexes = new WeakMap<Attempts, ByClient>();

function build(attempts: Attempts): ByClient {
  const byClient = new Map<ClientId, Attempt[]>();
  for (const attempt of attempts.values()) {
    const own = byClient.get(attempt.clientId);
    if (own === undefined) byClient.set(attempt.clientId, [attempt]);
    else own.push(attempt);
  }
  return byClient;
}

function indexOf(attempts: Attempts): ByClient {
  const known = indexes.get(attempts);
  if (known !== undefined) return known;
  const built = build(attempts);
  indexes.set(attempts, built);
  return built;
}

/** The live attempts of a client, in the order in which they were leased. */
export function attemptsOfClient(attempts: Attempts, clientId: ClientId): readonly Attempt[] {
  return indexOf(attempts).get(clientId) ?? [];
}

/** `change` makes the next map of attempts; `id` is what it sets, replaces or deletes. */
export function changeAttempt(attempts: Attempts, id: AttemptId, change: () => Attempts): void {
  const byClient = indexes.get(attempts);
  const before = attempts.get(id);
  const next = change();
  if (byClient === undefined) return;
  indexes.delete(attempts);
  const after = next.get(id);
  if (before !== undefined && after?.clientId === before.clientId) {
    byClient.set(before.clientId, replaced(byClient.get(before.clientId) ?? [], before, after));
  } else {
    if (before !== undefined) take(byClient, before);
    if (after !== undefined) byClient.set(after.clientId, [...(byClient.get(after.clientId) ?? []), after]);
  }
  indexes.set(next, byClient);
}

function replaced(own: readonly Attempt[], before: Attempt, after: Attempt): readonly Attempt[] {
  return own.map((each) => (each === before ? after : each));
}

function take(byClient: ByClient, attempt: Attempt): void {
  const left = (byClient.get(attempt.clientId) ?? []).filter((each) => each !== attempt);
  if (left.length === 0) byClient.delete(attempt.clientId);
  else byClient.set(attempt.clientId, left);
}
