// Estimates how a job would be cut for a number of equal clients, by simulating the scheduler's own sizing. Real
// clients differ in speed, and their first measurement changes the sizes that follow. Pure.
import type { IndexedGop } from "../model/job.ts";
import { cutCosts } from "../sizing/cut-rule.ts";
import { benchmarkFrames, takeGops, wantedFrames } from "../sizing/sizing.ts";

export interface OutlookOptions {
  readonly clients: number;
  /** Frames per second of the video, which is also taken for the speed of a client. */
  readonly frameRate: number;
  readonly secondsPerTick: number;
  readonly benchmarkSeconds: number;
  readonly encoder: string;
}

export interface Outlook {
  readonly clients: number;
  readonly segments: number;
  /** Clients that would get at least one segment. */
  readonly busyClients: number;
  readonly longestSegmentSeconds: number;
}

/** Simulates clients that each take the next segment when they are free. */
export function outlookFor(gops: readonly IndexedGop[], options: OutlookOptions): Outlook {
  const { clients, frameRate, secondsPerTick, benchmarkSeconds } = options;
  const speed = frameRate;
  const freeAt = Array.from({ length: clients }, () => 0);
  const known = new Set<number>();
  let rest = gops.reduce((sum, gop) => sum + gop.frames, 0);
  let segments = 0;
  let longest = 0;
  for (let from = 0; from < gops.length; ) {
    const now = Math.min(...freeAt);
    const client = freeAt.indexOf(now);
    const inFlight = freeAt.reduce((sum, at) => sum + (at - now) * speed, 0);
    const isFirst = !known.has(client);
    const first = benchmarkFrames(benchmarkSeconds, frameRate, rest + inFlight, clients);
    const wanted = isFirst
      ? { frames: first, shareFrames: Math.max(first, (rest + inFlight) / clients), minFrames: 0 }
      : wantedFrames({
          slotFps: speed,
          clusterFps: speed * clients,
          remainingFrames: rest + inFlight,
          aheadFrames: 0,
          frameRate,
          maxSegmentSeconds: null,
        });
    const costs = cutCosts(options.encoder, isFirst ? null : speed, frameRate);
    const maxSeconds = isFirst ? benchmarkSeconds : null;
    const count = takeGops(gops, from, wanted, { maxSeconds, secondsPerTick, indexComplete: true, costs });
    const taken = gops.slice(from, from + count);
    const frames = taken.reduce((sum, gop) => sum + gop.frames, 0);
    const seconds = ((taken.at(-1)?.endPts ?? 0) - (taken[0]?.startPts ?? 0)) * secondsPerTick;
    longest = Math.max(longest, seconds);
    known.add(client);
    freeAt[client] = now + Math.max(1, frames) / speed;
    rest -= frames;
    from += count;
    segments += 1;
  }
  return { clients, segments, busyClients: known.size, longestSegmentSeconds: longest };
}
