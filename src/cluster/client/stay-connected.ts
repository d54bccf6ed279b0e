// Keeps a client connected, one link after the other, until it is stopped or the server sends it away: what each
// message triggers, how long to wait between tries, and how to leave.

import { delay } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import { mostTimeToEndMs } from "../../base/hangup.ts";
import { createBackoff } from "../../base/network/backoff.ts";
import type { PauseSwitch } from "../../base/process/pause.ts";
import type { SourceGateway } from "../transfer/gateway/block-gateway.ts";
import type { AccessMemory } from "./attempt/access-memory.ts";
import type { Attempts } from "./attempt/attempts.ts";
import { helloOf, type Self } from "./hello.ts";
import { type Link, type LinkEnd, openLink } from "./link/link.ts";
import type { SwitchableOutbox } from "./link/outbox.ts";
import { askWhyNot, askWithKey, protocolMismatch } from "./link/refusal.ts";
import type { Remote } from "./link/remote.ts";

const LONGEST_RECONNECT_MS = 60_000;

/** The first try after a lost link comes sooner: the server keeps the leases for only two seconds. */
const SOON_MS = 600;

export interface Session extends Self {
  readonly outbox: SwitchableOutbox;
  readonly attempts: Attempts;
  readonly gateway: SourceGateway;
  readonly access: AccessMemory;
  /** Only the server sets it; it keeps its value while there is no link. */
  readonly pause: PauseSwitch;
  readonly signal: AbortSignal;
}

export interface Ending {
  readonly text: string;
  /** Finished results that were neither handed over nor given back stay for the next start. */
  readonly keepFinished: boolean;
}

export async function stayConnected(session: Session, remote: Remote): Promise<Ending> {
  const { options, signal, outbox } = session;
  const backoff = createBackoff(options.reconnectDelayMs, LONGEST_RECONNECT_MS);
  let isRightAddress = false;
  const onWelcomed = () => {
    isRightAddress = true;
    backoff.reset();
  };
  for (;;) {
    if (signal.aborted) return { text: "stopped", keepFinished: true };
    options.onStatus?.({ kind: "connecting", clientId: session.clientId });
    await options.key?.ensure(signal);
    const link = connect(session, remote, onWelcomed);
    const leave = Promise.withResolvers<"leave">();
    const onAbort = () => leave.resolve("leave");
    signal.addEventListener("abort", onAbort, { once: true });
    const end = await Promise.race([link.ended, leave.promise]);
    signal.removeEventListener("abort", onAbort);
    if (end === "leave") return await leaveServer(session, link);
    outbox.use(null);
    if (end.kind === "goodbye" && !end.reconnect) {
      if (!end.wasWelcomed && end.code === "E_IDENTITY_IN_USE") throw identityInUse(end.reason, session);
      if (!end.wasWelcomed && end.code === "E_FORBIDDEN") {
        throw new AppError("E_FORBIDDEN", end.reason, "Make a token for each client with `ffcluster token create`.");
      }
      if (!end.wasWelcomed) {
        const why = await askWhyNot(remote, signal);
        throw why.kind === "passing" ? protocolMismatch(end.reason) : why.error;
      }
      options.log.info(`the server ended the connection: ${end.reason}`);
      return { text: end.reason, keepFinished: false };
    }
    const retryInMs = end.wasWelcomed ? soon(options.reconnectDelayMs) : backoff.next();
    await failOrWait(session, remote, { end, isRightAddress, retryInMs });
  }
}

/** Jittered, because all clients of a server lose it at the same moment. */
function soon(reconnectDelayMs: number): number {
  return createBackoff(Math.min(SOON_MS, reconnectDelayMs), SOON_MS).next();
}

/** Two clients of one name: the server gave this one a number. */
function noteName({ name, log }: Session["options"], given: string | undefined): void {
  if (given !== undefined && given !== name) log.info(`another client is called ${name}; this one is ${given}`);
}

function connect(session: Session, remote: Remote, onWelcomed: () => void): Link {
  const { options, attempts, outbox, clientId, places } = session;
  const heldAttempts = attempts.held();
  const link = openLink({
    remote,
    log: options.log,
    hello: helloOf(session, heldAttempts),
    onWelcome(welcome) {
      const wanted = new Set(welcome.keepAttempts);
      for (const attemptId of heldAttempts) if (!wanted.has(attemptId)) attempts.stop(attemptId);
      session.access.learn(welcome.nonce);
      session.pause.set(welcome.isPaused);
      onWelcomed();
      noteName(options, welcome.name);
      outbox.use(link);
      options.onStatus?.({
        kind: "connected",
        clientId,
        serverVersion: welcome.version,
        slots: places.abilities().slots,
      });
    },
    onMessage(message) {
      if (message.type === "offer") attempts.offer(message);
      if (message.type === "stop") attempts.stop(message.attemptId);
      if (message.type === "forget") session.gateway.forget(message.sourceId);
      if (message.type === "pause") session.pause.set(message.isPaused);
    },
  });
  return link;
}

function identityInUse(reason: string, { options, clientId }: Session): AppError {
  return new AppError(
    "E_IDENTITY_IN_USE",
    `${reason}, as ${options.name} here`,
    `A work directory was copied with its identity: remove client/${clientId} and db/client.db from this one.`,
  );
}

/**
 * Finishes what is nearly done, says goodbye, then gives back the rest. In this order, or the server would offer it
 * here again.
 */
async function leaveServer(session: Session, link: Link): Promise<Ending> {
  let wasGivenBack = false;
  const { finishWithinMs = 0 } = session.options;
  const withinMs = Math.min(finishWithinMs, mostTimeToEndMs(session.signal.reason));
  if (withinMs > 0 && session.outbox.send({ type: "leaving" })) {
    await Promise.race([session.attempts.finishSoon(withinMs), link.ended]);
  }
  session.outbox.send({ type: "goodbye" });
  for (const attemptId of session.attempts.held()) {
    const message = { type: "attempt-failed", attemptId, kind: "stopped", reason: "the client stops" } as const;
    wasGivenBack = session.outbox.send(message);
  }
  session.outbox.use(null);
  await link.leave();
  return { text: "stopped", keepFinished: !wasGivenBack };
}

interface Failed {
  readonly end: LinkEnd;
  /** This process was welcomed at this address before: whatever answers now, the server may come back. */
  readonly isRightAddress: boolean;
  readonly retryInMs: number;
}

/** Waits before the next try; throws an error that makes another try pointless. */
async function failOrWait(
  { options, signal }: Session,
  remote: Remote,
  { end, isRightAddress, retryInMs }: Failed,
): Promise<void> {
  const why = end.wasWelcomed ? null : await askWithKey(remote, options.key, signal);
  if (signal.aborted) return;
  if (why?.kind === "refused" || (why?.kind === "foreign" && !isRightAddress)) throw why.error;
  const reason = (why?.kind === "foreign" ? why.error.message : why?.reason) ?? end.reason;
  if (!options.persistent) {
    throw new AppError(
      "E_UNREACHABLE",
      `${end.wasWelcomed ? "lost the connection to" : "cannot reach"} ${remote.serverUrl}: ${reason}`,
      "Check that `ffcluster serve` runs there and that the address and port are right.",
      { retry: true },
    );
  }
  options.log.warn(`not connected to ${remote.serverUrl}: ${reason}; next try in ${Math.round(retryInMs / 1000)} s`);
  options.onStatus?.({ kind: "disconnected", reason, retryInMs });
  await delay(retryInMs, signal);
}
