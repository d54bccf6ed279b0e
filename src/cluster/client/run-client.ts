// The life of a client: takes an identity, stays connected, takes offers, and leaves nothing behind when it ends.

import { arch, hostname } from "node:os";
import { join } from "node:path";
import { delay } from "../../base/clock.ts";
import { AppError } from "../../base/errors.ts";
import { newId } from "../../base/ids.ts";
import type { Log } from "../../base/log.ts";
import { createPauseSwitch, type PauseSwitch } from "../../base/pause.ts";
import { VERSION } from "../../base/version.ts";
import { encodeRated } from "../../media/rate/run-rated.ts";
import { DEFAULT_IDLE_MS } from "../../media/stall.ts";
import type { Tools } from "../../media/tools.ts";
import type { TextPrints } from "../../media/types.ts";
import { type AttemptStage, type Hello, PROTOCOL_VERSION } from "../protocol/messages.ts";
import { type Attempts, createAttempts } from "./attempt/attempts.ts";
import type { EncodeSegment } from "./attempt/segment-runner.ts";
import { openSideFiles } from "./attempt/side-files.ts";
import {
  chooseAccess,
  type Nonce,
  type PathMapping,
  type SourceAccess,
  type SourceAccessMode,
} from "./attempt/source-access.ts";
import { openSourceGateway, type SourceGateway } from "./gateway/source-gateway.ts";
import { createBackoff } from "./link/backoff.ts";
import { type Link, type LinkEnd, openLink } from "./link/link.ts";
import { createOutbox, type SwitchableOutbox } from "./link/outbox.ts";
import { askWhyNot, protocolMismatch } from "./link/refusal.ts";
import type { ClaimedIdentity, ClientStore } from "./ports.ts";
import { createRoom, type Room } from "./room.ts";
import { createCpuSlots } from "./slots/cpu-slots.ts";
import { type ClientDevice, createPlaces, type EncodePlaces } from "./slots/encode-places.ts";
import { openLearntSlots } from "./slots/learnt-slots.ts";
import { planSlots, thisMachine } from "./slots/slots.ts";
import { endLeftoverEncoders, removeOldSegments } from "./sweep.ts";

export interface ClientOptions {
  /** "http://host:port" or "https://host:port". */
  readonly serverUrl: string;
  readonly token: string;
  readonly name: string;
  readonly slots: number | "auto";
  readonly sourceAccess: SourceAccessMode;
  readonly pathMap: readonly PathMapping[];
  /** The first wait between tries; grows to a minute. */
  readonly reconnectDelayMs: number;
  /** False: the first failure to connect, or a lost connection, ends the client with E_UNREACHABLE. */
  readonly persistent: boolean;
  readonly benchmarkSeconds: number | null;
  readonly tools: Tools;
  /** Encoders proven here. */
  readonly encoders: readonly string[];
  /** What letters look like when they are drawn here; absent: no job that draws any. */
  readonly textPrints?: TextPrints;
  /** Hardware, with what each device proved. */
  readonly devices?: readonly ClientDevice[];
  /** What was tried, for people. */
  readonly hardware?: Hello["hardware"];
  readonly store: ClientStore;
  readonly log: Log;
  readonly onStatus?: (status: ClientStatus) => void;
  /** On the way out, what will be done within this time is finished and handed over; the rest is given back. */
  readonly finishWithinMs?: number;
  /** Decode on the device that encodes; not when not given. */
  readonly hwDecode?: boolean;
  /** ffmpeg at low priority. */
  readonly nice?: boolean;
  /** Without a sign of work for this long an encode is given up; 30 s when not given. */
  readonly stallIdleMs?: number;
  /** Bound of source blocks on disk; 4 GiB when not given. */
  readonly cacheBytes?: number;
  readonly encodeSegment?: EncodeSegment;
}

export type ClientStatus =
  | { readonly kind: "connecting"; readonly clientId: string }
  | { readonly kind: "connected"; readonly clientId: string; readonly serverVersion: string; readonly slots: number }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: number }
  /** Attempts by stage, at every change. */
  | { readonly kind: "working"; readonly attempts: Readonly<Record<AttemptStage, number>> }
  /** The server suspends what runs here, or lets it go on. */
  | { readonly kind: "paused" | "resumed" }
  | { readonly kind: "ended"; readonly reason: string };

const LONGEST_RECONNECT_MS = 60_000;
/** The first try after a link broke comes sooner: the server keeps the leases for two seconds only. */
const SOON_MS = 600;

/**
 * Runs until `signal` is aborted or the server sends this client away; both end it normally.
 * Errors: E_TOKEN, E_PROTOCOL when the server refuses it, E_UNREACHABLE when it is not persistent.
 */
export async function runClient(options: ClientOptions, signal: AbortSignal): Promise<void> {
  const identity = options.store.claimIdentity(options.name);
  try {
    await runAs(identity, options, signal);
  } finally {
    identity.release();
  }
}

interface Session {
  readonly options: ClientOptions;
  readonly clientId: string;
  /** This process, for the server to tell from another with the same id. */
  readonly instance: string;
  readonly places: EncodePlaces;
  readonly room: Room;
  readonly outbox: SwitchableOutbox;
  readonly attempts: Attempts;
  readonly gateway: SourceGateway;
  readonly access: AccessMemory;
  /** Set by the server alone; as it was while no server is there. */
  readonly pause: PauseSwitch;
  readonly signal: AbortSignal;
}

async function runAs(identity: ClaimedIdentity, options: ClientOptions, signal: AbortSignal): Promise<void> {
  const { store, log, tools } = options;
  const { clientId, folder } = identity;
  const remote = { serverUrl: options.serverUrl.replace(/\/+$/, ""), token: options.token };
  const kept = store.keptResults(clientId);
  await endLeftoverEncoders(folder, tools.ffmpeg, log);
  await removeOldSegments(folder, new Set(kept.map((result) => join(result.path, ".."))));
  const cacheBytes = options.cacheBytes === undefined ? {} : { cacheBytes: options.cacheBytes };
  const gateway = await openSourceGateway({ remote, cacheFolder: join(folder, "cache"), log, ...cacheBytes });
  const sideFiles = await openSideFiles(remote, join(folder, "side"));
  const machine = thisMachine();
  const learnt = await openLearntSlots({
    path: join(folder, "slots.json"),
    machine: { cores: machine.cores, ffmpeg: tools.version },
    log,
  });
  const outbox = createOutbox();
  const pause = createPauseSwitch();
  pause.onChange((isPaused) => options.onStatus?.({ kind: isPaused ? "paused" : "resumed" }));
  const cpu = createCpuSlots({
    ...{ wanted: options.slots, machine, learnt, pausable: pause, log },
    onChange: () => tellAbilities(),
  });
  const places = createPlaces(
    {
      ...{ cpu, isShared: options.slots !== "auto", deviceThreads: planSlots(options.slots, machine).threads },
      ...{ encoders: options.encoders, devices: options.devices ?? [] },
    },
    () => tellAbilities(),
  );
  const room = createRoom({ folder, log, onChange: () => tellAbilities() });
  const tellAbilities = () => outbox.send({ type: "abilities", ...abilitiesOf(places, room, options) });
  const access = createAccessMemory(options);
  const attempts = createAttempts({
    ...{ identityFolder: folder, outbox, store, gateway, sideFiles, log, accessTo: access.of },
    ...{ places, room },
    segment: {
      ...{ tools, clientId, encodeSegment: options.encodeSegment ?? encodeRated },
      stallIdleMs: options.stallIdleMs ?? DEFAULT_IDLE_MS,
      nice: options.nice ?? false,
      pausable: pause,
      hwDecode: options.hwDecode ?? false,
    },
    upload: { remote, outbox, log, firstDelayMs: Math.min(1000, options.reconnectDelayMs) },
    onChange: () => options.onStatus?.({ kind: "working", attempts: attempts.counts() }),
  });
  for (const result of kept) attempts.resume(result);
  let keepFinished = true;
  try {
    const holdings = { places, room, outbox, attempts, gateway, access, pause };
    const session = { options, clientId, instance: newId(), ...holdings, signal };
    const reason = await stayConnected(session, remote);
    keepFinished = reason.keepFinished;
    options.onStatus?.({ kind: "ended", reason: reason.text });
  } finally {
    room.stop();
    await attempts.stopAll({ keepFinished });
    await gateway.close();
    cpu.stop();
    await learnt.written();
  }
}

interface Ending {
  readonly text: string;
  /** Finished results that were not handed over or given back stay for the next start. */
  readonly keepFinished: boolean;
}

async function stayConnected(session: Session, remote: { serverUrl: string; token: string }): Promise<Ending> {
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

/** Spread out, because all clients of a server lose it in the same instant. */
function soon(reconnectDelayMs: number): number {
  return createBackoff(Math.min(SOON_MS, reconnectDelayMs), SOON_MS).next();
}

function connect(session: Session, remote: { serverUrl: string; token: string }, onWelcomed: () => void): Link {
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

function abilitiesOf(places: EncodePlaces, room: Room, { hardware }: ClientOptions) {
  const noRoom = room.noRoom();
  return {
    ...places.abilities(),
    ...(hardware === undefined ? {} : { hardware }),
    ...(noRoom === null ? {} : { noRoom }),
  };
}

function helloOf(session: Session, heldAttempts: string[]): Hello {
  const { options, clientId, instance, places, room } = session;
  return {
    type: "hello",
    protocol: PROTOCOL_VERSION,
    version: VERSION,
    ...{ clientId, instance, host: hostname(), name: options.name },
    platform: `${process.platform}-${arch()}`,
    ffmpeg: options.tools.version,
    ...abilitiesOf(places, room, options),
    ...(options.textPrints === undefined ? {} : { textPrints: options.textPrints }),
    benchmarkSeconds: options.benchmarkSeconds,
    heldAttempts,
  };
}

function identityInUse(reason: string, { options, clientId }: Session): AppError {
  return new AppError(
    "E_IDENTITY_IN_USE",
    `${reason}, as ${options.name} here`,
    `A work directory was copied with its identity: remove client/${clientId} and db/client.db from this one.`,
  );
}

/**
 * Finishes what is nearly done, says goodbye and gives back the rest: in this order, or it would come straight back.
 */
async function leaveServer(session: Session, link: Link): Promise<Ending> {
  let wasGivenBack = false;
  const { finishWithinMs = 0 } = session.options;
  if (finishWithinMs > 0 && session.outbox.send({ type: "leaving" })) {
    await Promise.race([session.attempts.finishSoon(finishWithinMs), link.ended]);
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
  /** This process has been welcomed there: whatever answers now, the server may come back. */
  readonly isRightAddress: boolean;
  readonly retryInMs: number;
}

/** Waits before the next try, or throws what makes another try pointless. */
async function failOrWait(
  { options, signal }: Session,
  remote: { serverUrl: string; token: string },
  { end, isRightAddress, retryInMs }: Failed,
): Promise<void> {
  const why = end.wasWelcomed ? null : await askWhyNot(remote, signal);
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

/** Remembers how each source is reached, for as long as the server's nonce is the same. */
interface AccessMemory {
  learn(nonce: Nonce): void;
  of(source: Parameters<typeof chooseAccess>[1]): Promise<SourceAccess>;
}

function createAccessMemory(options: ClientOptions): AccessMemory {
  let nonce: Nonce = { path: "", sha256: "" };
  const known = new Map<string, Promise<SourceAccess>>();
  return {
    learn(next) {
      if (next.sha256 !== nonce.sha256) known.clear();
      nonce = next;
    },
    of(source) {
      const remembered = known.get(source.sourceId);
      if (remembered) return remembered;
      const choice = chooseAccess(options.sourceAccess, source, nonce, options.pathMap);
      known.set(source.sourceId, choice);
      return choice;
    },
  };
}
