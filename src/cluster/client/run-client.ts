// Runs a client: claims an identity, opens what it works with, stays connected, and cleans up at the end.
import { join } from "node:path";
import { newId } from "../../base/ids.ts";
import { startThrottle, type Throttle } from "../../base/machine/throttle.ts";
import { createPauseSwitch, eitherPaused, type Pausable } from "../../base/process/pause.ts";
import { encodeAtBitrate } from "../../media/bitrate/encode-at-bitrate.ts";
import { DEFAULT_IDLE_MS } from "../../media/ffmpeg/stall.ts";
import { checkBurnInFile } from "../../media/subtitles/check-burn-in-file.ts";
import { createAccessMemory } from "./attempt/access-memory.ts";
import { Attempts } from "./attempt/attempts.ts";
import { openBurnInFiles } from "./attempt/burn-in-files.ts";
import type { SegmentParts } from "./attempt/segment-runner.ts";
import type { ClientOptions } from "./client-options.ts";
import { createDiskSpace } from "./disk-space.ts";
import { openSourceGateway } from "./gateway/source-gateway.ts";
import { abilitiesOf } from "./hello.ts";
import { createOutbox } from "./link/outbox.ts";
import type { Remote } from "./link/remote.ts";
import type { ClaimedIdentity } from "./ports.ts";
import { NO_RULES } from "./rest/may-work.ts";
import { createRestWatch, watchThisMachine } from "./rest/rest-watch.ts";
import { createCpuSlots } from "./slots/cpu-slots.ts";
import { createPlaces } from "./slots/encode-places.ts";
import { openLearntSlots } from "./slots/learnt-slots.ts";
import { partOf, planSlots, thisMachine } from "./slots/slots.ts";
import { stayConnected } from "./stay-connected.ts";
import { endLeftoverEncoders, removeOldSegments } from "./sweep.ts";

/**
 * Runs until `signal` is aborted or the server sends this client away; both end it normally.
 * Errors: E_TOKEN, E_PROTOCOL when the server refuses it, E_UNREACHABLE when it is not persistent.
 */
export async function runClient(options: ClientOptions, signal: AbortSignal): Promise<void> {
  const identity = options.identity ?? options.store.claimIdentity(options.name);
  try {
    await runAs(identity, options, signal);
  } finally {
    identity.release();
  }
}

function remoteOf({ serverUrl, token, key, tls }: ClientOptions): Remote {
  return {
    serverUrl: serverUrl.replace(/\/+$/, ""),
    get token() {
      return key?.token ?? token;
    },
    ...(tls === undefined ? {} : { tls }),
  };
}

function throttleOf({ cpuShare, throttles }: ClientOptions): Throttle | null {
  return cpuShare === undefined || throttles !== true ? null : startThrottle({ share: cpuShare });
}

function segmentParts(
  options: ClientOptions,
  clientId: string,
  pausable: Pausable,
  throttle: Throttle | null,
): SegmentParts {
  return {
    tools: options.tools,
    clientId,
    encodeSegment: options.encodeSegment ?? encodeAtBitrate,
    stallIdleMs: options.stallIdleMs ?? DEFAULT_IDLE_MS,
    nice: options.nice ?? false,
    pausable,
    throttle: throttle?.pausable,
    hwDecode: options.hwDecode ?? false,
  };
}

async function runAs(identity: ClaimedIdentity, options: ClientOptions, signal: AbortSignal): Promise<void> {
  const { store, log, tools } = options;
  const { clientId, folder } = identity;
  const remote = remoteOf(options);
  const kept = store.keptResults(clientId);
  await endLeftoverEncoders(folder, tools.ffmpeg, log);
  await removeOldSegments(folder, new Set(kept.map((result) => join(result.path, ".."))));
  const cacheBytes = options.cacheBytes === undefined ? {} : { cacheBytes: options.cacheBytes };
  const gateway = await openSourceGateway({ remote, cacheFolder: join(folder, "cache"), log, ...cacheBytes });
  const burnInFiles = await openBurnInFiles(remote, join(folder, "side"), (path, signal) =>
    checkBurnInFile(tools, path, signal),
  );
  const machine = partOf(thisMachine(), options.cpuShare ?? 1);
  const learnt = await openLearntSlots({
    path: join(folder, "slots.json"),
    machine: { cores: machine.cores, ffmpeg: tools.version },
    log,
  });
  const outbox = createOutbox();
  const pause = createPauseSwitch();
  pause.onChange((isPaused) => options.onStatus?.({ kind: isPaused ? "paused" : "resumed" }));
  const rest = createRestWatch({
    rules: options.rest ?? NO_RULES,
    machine: options.machine ?? watchThisMachine(),
    log,
    onChange: (resting) => {
      if (resting === null) attempts.wake();
      tellAbilities(); // before what it gives back, or the server would offer that here again
      options.onStatus?.(resting === null ? { kind: "rested" } : { kind: "resting", ...resting });
    },
    onRest: (reason, mostRemainingMs) => attempts.rest(reason, mostRemainingMs),
  });
  const pausable = eitherPaused(pause, rest.pausable);
  const throttle = throttleOf(options);
  const cpu = createCpuSlots({
    wanted: options.slots,
    machine,
    learnt,
    pausable,
    log,
    onChange: () => tellAbilities(),
  });
  const places = createPlaces(
    {
      cpu,
      isShared: options.slots !== "auto",
      deviceThreads: planSlots(options.slots, machine).threads,
      encoders: options.encoders,
      devices: options.devices ?? [],
    },
    () => tellAbilities(),
  );
  const diskSpace = createDiskSpace({ folder, log, onChange: () => tellAbilities() });
  const tellAbilities = () => outbox.send({ type: "abilities", ...abilitiesOf({ options, places, diskSpace, rest }) });
  const access = createAccessMemory(options.sourceAccess, options.pathMap);
  const attempts = new Attempts({
    identityFolder: folder,
    outbox,
    store,
    gateway,
    burnInFiles,
    log,
    accessTo: access.of,
    places,
    diskSpace,
    segment: segmentParts(options, clientId, pausable, throttle),
    upload: { remote, outbox, log, firstDelayMs: Math.min(1000, options.reconnectDelayMs) },
    onChange: () => options.onStatus?.({ kind: "working", held: attempts.shown() }),
  });
  await rest.start();
  for (const result of kept) attempts.resume(result);
  let keepFinished = true;
  try {
    const held = { places, diskSpace, outbox, attempts, gateway, access, pause, rest };
    const session = { options, clientId, instance: newId(), ...held, signal };
    const reason = await stayConnected(session, remote);
    keepFinished = reason.keepFinished;
    options.onStatus?.({ kind: "ended", reason: reason.text });
  } finally {
    rest.stop();
    throttle?.stop();
    pausable.release();
    diskSpace.stop();
    await attempts.stopAll({ keepFinished });
    await gateway.close();
    cpu.stop();
    await learnt.written();
  }
}
