// The state machine of a client: its hello, signs of life, closed links, silence, and disconnection on request.
import { isReachable } from "../ability/capability.ts";
import type { Client } from "../model/client.ts";
import type { Verdict } from "../model/decision.ts";
import type { AttemptId, ClientId } from "../model/ids.ts";
import type { HelloFacts, Input } from "../model/input.ts";
import { changeClientStatus } from "../model/state-changes.ts";
import { LEASE_MS, RECONNECT_GRACE_MS, SILENT_MS } from "../model/timing.ts";
import type { Turn } from "../model/turn.ts";
import { distinctName } from "./client-names.ts";
import { forgiveUnfit } from "./election.ts";
import { refusal } from "./job-rules.ts";
import { reclaimLeases } from "./lease-reclaim.ts";
import { loseAttempt, loseAttemptsOf, shortenLeases } from "./lease-rules.ts";

/**
 * Takes a hello. Attempts that the client names go on under the lease that they have, or under a new one if their
 * segments still wait; its other attempts are lost.
 */
export function greetClient(turn: Turn, hello: HelloFacts): void {
  const known = turn.clients.get(hello.id);
  if (known !== undefined && hello.link <= known.link) return; // from an older link, or a repetition
  const { heldAttempts, ...facts } = hello;
  const isSameProcess = known !== undefined && known.instance === hello.instance;
  const greeted: Client = {
    ...facts,
    name: distinctName(turn, hello),
    status: known?.status ?? "Disconnected",
    connectedAt: turn.moment.at,
    lastHeardAt: turn.now,
    slotFps: known?.slotFps ?? {},
    performance: known?.performance ?? null,
    isDraining: known?.isDraining ?? false,
    isPaused: known?.isPaused ?? false,
    quarantine: isSameProcess ? known.quarantine : null,
    ...(isSameProcess && known.troubles !== undefined ? { troubles: known.troubles } : {}),
    ...(known?.encoderRates === undefined ? {} : { encoderRates: known.encoderRates }),
  };
  if (known?.quarantine != null && !isSameProcess) {
    turn.event("client-resumed", { clientId: hello.id }, "a new process ends its quarantine");
  }
  changeClientStatus(turn, turn.putClient(greeted), "Connected");
  if (heldAttempts.length === 0) forgiveUnfit(turn, hello.id);

  const keepAttempts: AttemptId[] = [];
  for (const attempt of turn.attemptsOf(hello.id)) {
    if (heldAttempts.includes(attempt.id)) {
      keepAttempts.push(attempt.id);
      turn.putAttempt({ ...attempt, leaseEndsAt: turn.now + LEASE_MS, progressedAt: turn.now });
    } else {
      loseAttempt(turn, attempt, "the client came back without it", "client knows");
    }
  }
  keepAttempts.push(...reclaimLeases(turn, greeted, heldAttempts));
  turn.effect({ type: "welcome", clientId: hello.id, keepAttempts, name: greeted.name, isPaused: greeted.isPaused });
}

/** The client behind a link; null: the link was replaced or closed. */
function clientOn(turn: Turn, clientId: ClientId, link: number): Client | null {
  const client = turn.clients.get(clientId);
  return client !== undefined && client.link === link && isReachable(client) ? client : null;
}

/** A connected client can do more or less than before: it lost a device, or its disk is full, or no longer full. */
export function changeAbilities(turn: Turn, input: Extract<Input, { type: "client-changed" }>): void {
  const client = clientOn(turn, input.clientId, input.link);
  if (client === null) return;
  const { type: _type, clientId: _id, link: _link, ...abilities } = input;
  const {
    slotsReason: _slotsReason,
    pools: _pools,
    limits: _limits,
    hardware: _hardware,
    noRoom: _noRoom,
    resting: _resting,
    ...rest
  } = client;
  const changed: Client = { ...rest, ...abilities };
  turn.putClient(changed);
  noteRest(turn, client, changed);
  if (changed.noRoom === client.noRoom) return;
  if (changed.noRoom === undefined) turn.event("client-resumed", { clientId: client.id }, "its disk has space again");
  else turn.event("client-full", { clientId: client.id }, changed.noRoom);
}

function noteRest(turn: Turn, { resting: before }: Client, { id: clientId, resting }: Client): void {
  if (resting?.reason === before?.reason) return;
  if (resting === undefined) turn.event("client-resumed", { clientId }, "it works again");
  else turn.event("client-resting", { clientId }, resting.reason);
}

export function hearClient(turn: Turn, clientId: ClientId, link: number): void {
  const client = clientOn(turn, clientId, link);
  if (client === null) return;
  const heard = { lastHeardAt: turn.now };
  changeClientStatus(turn, client, client.status === "Connected" ? "Idle" : client.status, heard);
}

export function closeLink(turn: Turn, clientId: ClientId, link: number, saidGoodbye: boolean): void {
  const client = clientOn(turn, clientId, link);
  if (client === null) return;
  if (saidGoodbye) {
    leave(turn, client, "the client said goodbye");
    return;
  }
  turn.putClient({ ...client, isLinkDown: true });
  shortenLeases(turn, clientId, turn.now + RECONNECT_GRACE_MS);
}

function leave(turn: Turn, client: Client, reason: string): void {
  loseAttemptsOf(turn, client.id, reason);
  const left = turn.clients.get(client.id) ?? client;
  changeClientStatus(turn, left, "Disconnected");
}

/** The client leaves: it finishes what it can, and gets no more offers until its next hello. */
export function noteLeaving(turn: Turn, clientId: ClientId, link: number): void {
  const client = clientOn(turn, clientId, link);
  if (client !== null) turn.putClient({ ...client, isLeaving: true });
}

function unknownClient(clientId: ClientId): Verdict {
  return refusal("E_UNKNOWN_ID", `no client with id or name ${clientId}`, "`ffcluster clients list` shows the ids.");
}

/** The client finishes what it holds and gets nothing more. Idempotent. */
export function drainClient(turn: Turn, clientId: ClientId): Verdict {
  const client = turn.clients.get(clientId);
  if (client === undefined) return unknownClient(clientId);
  if (client.isDraining) return { ok: true };
  turn.putClient({ ...client, isDraining: true });
  turn.event("client-draining", { clientId }, "drained on request: it finishes what it holds");
  return { ok: true };
}

/** The client suspends what it runs, keeps its leases and gets nothing more. Idempotent. */
export function pauseClient(turn: Turn, clientId: ClientId): Verdict {
  const client = turn.clients.get(clientId);
  if (client === undefined) return unknownClient(clientId);
  if (client.isPaused) return { ok: true };
  turn.putClient({ ...client, isPaused: true });
  turn.event("client-paused", { clientId }, "paused on request: what it runs is suspended");
  turn.effect({ type: "pause-client", clientId, isPaused: true });
  return { ok: true };
}

/** Ends a drain, a pause and a quarantine. */
export function resumeClient(turn: Turn, clientId: ClientId): Verdict {
  const client = turn.clients.get(clientId);
  if (client === undefined) return unknownClient(clientId);
  if (!client.isDraining && !client.isPaused && client.quarantine === null) {
    return refusal("E_WRONG_STATE", `client ${client.name} takes work already`, "There is nothing to resume.");
  }
  turn.putClient({ ...client, isDraining: false, isPaused: false, quarantine: null, troubles: [] });
  turn.event("client-resumed", { clientId }, "resumed on request");
  if (client.isPaused) turn.effect({ type: "pause-client", clientId, isPaused: false });
  return { ok: true };
}

export function disconnectClient(turn: Turn, clientId: ClientId): Verdict {
  const client = turn.clients.get(clientId);
  if (client === undefined) return unknownClient(clientId);
  if (client.status === "Disconnected") {
    return refusal("E_WRONG_STATE", `client ${client.name} is not connected`, "There is nothing to disconnect.");
  }
  const reason = "disconnected on request";
  leave(turn, client, reason);
  turn.effect({ type: "close-client", clientId, reason, reconnect: false });
  return { ok: true };
}

/**
 * Disconnects clients whose links are dead, whatever the sockets say: silent for a lease time, or for less while one of
 * their leases ends.
 */
export function dropSilentClients(turn: Turn): void {
  for (const client of turn.clients.values()) {
    if (client.status === "Disconnected" || !isSilent(turn, client)) continue;
    shortenLeases(turn, client.id, turn.now + RECONNECT_GRACE_MS);
    if (isReachable(client)) {
      const reason = "it was silent for a lease time";
      turn.effect({ type: "close-client", clientId: client.id, reason, reconnect: true });
    }
    changeClientStatus(turn, client, "Disconnected");
  }
}

function isSilent(turn: Turn, { id, lastHeardAt }: Client): boolean {
  const silentMs = turn.now - lastHeardAt;
  if (silentMs <= SILENT_MS || silentMs > LEASE_MS) return silentMs > LEASE_MS;
  return turn.attemptsOf(id).some(({ leaseEndsAt }) => leaseEndsAt <= turn.now);
}

/** Sets Benchmarking or Processing by what a client holds; Idle when it holds nothing any more. */
export function settleClientStatuses(turn: Turn): void {
  for (const client of turn.clients.values()) settleClientStatus(turn, client);
}

function settleClientStatus(turn: Turn, client: Client): void {
  if (client.status === "Disconnected") return;
  const own = turn.attemptsOf(client.id);
  if (own.length > 0)
    changeClientStatus(turn, client, own.every(({ isBenchmark }) => isBenchmark) ? "Benchmarking" : "Processing");
  else if (client.status !== "Connected") changeClientStatus(turn, client, "Idle");
}
