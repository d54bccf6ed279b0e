// Runs one encode on the CPU, or on one hardware device after the other until one succeeds. Does not know what is
// encoded.
import type { Log } from "../../../base/log.ts";
import type { EncodeDevice } from "../../../media/ffmpeg/encode-device.ts";
import type { Work } from "../slots/cpu-slots.ts";
import type { EncodePlaces, Place } from "../slots/encode-places.ts";
import { failed, type SegmentOutcome } from "./segment-runner.ts";

export interface FailoverParts {
  readonly places: EncodePlaces;
  readonly log: Log;
  readonly attemptId: string;
  readonly signal: AbortSignal;
}

/** Fails as `unfit` when no device is left. Throws the abort reason while it waits for a slot. */
export async function withDeviceFailover(
  { places, log, attemptId, signal }: FailoverParts,
  work: Work,
  run: (place: Place) => Promise<SegmentOutcome>,
): Promise<SegmentOutcome> {
  const useless = new Set<EncodeDevice | null>();
  let reason = `no device for ${work.encoder} is left here`;
  for (;;) {
    const place = await places.take(work, useless, signal);
    if (place === null) return failed("unfit", reason);
    try {
      const outcome = await run(place);
      if (outcome.kind !== "failed" || outcome.hardware === undefined) return outcome;
      reason = `${outcome.hardware.meaning}: ${outcome.reason}`;
      const next = places.failed(place, outcome.hardware);
      log.warn("a hardware encode failed", { attempt: attemptId, device: place.device?.id ?? null, next, reason });
      if (next === "elsewhere") useless.add(place.device);
    } finally {
      place.free();
    }
  }
}
