// Releases that make the same of a source where the server's plan can't make them: a client on the other side of a
// difference would give another output, so it is told apart before it gets any. Pure.
import { toNumber } from "../../base/rational.ts";
import { outputPlan } from "../output-plan.ts";
import type { EncodeRequest } from "../request/encode-request.ts";
import type { SourceInfo } from "../types.ts";
import { AFTER_FPS, PACKET_LENGTHS, RATE_RULE } from "./differences.ts";
import { compareReleases, OLDEST, type Release } from "./releases.ts";

/** Releases from one on, and before another; null: all later ones. */
export interface ReleaseRange {
  readonly from: Release;
  readonly before: Release | null;
  /** What the others do, behind "its ffmpeg 5.1.9". */
  readonly others: string;
}

function around(release: Release, boundaries: readonly Release[], others: string): ReleaseRange {
  const sorted = boundaries.toSorted(compareReleases);
  const from = sorted.findLast((each) => compareReleases(each, release) <= 0) ?? OLDEST;
  const before = sorted.find((each) => compareReleases(each, release) > 0) ?? null;
  return { from, before, others };
}

function isVariable({ realFrameRate: real, averageFrameRate: mean }: SourceInfo["video"]): boolean {
  return real === null || mean === null || toNumber(real) !== toNumber(mean);
}

/** `request`: with its cadence, where `-r` has one. Null: all releases make the same. */
export function alikeReleases(
  server: Release & { readonly version: string },
  { video }: Pick<SourceInfo, "video">,
  request: EncodeRequest,
): ReleaseRange | null {
  const { frameRate, cadence } = request.video;
  const as = `otherwise than the server's ${server.version}`;
  if (frameRate !== null && cadence === undefined)
    return around(
      server,
      [RATE_RULE.since, PACKET_LENGTHS.since],
      `makes -r ${frameRate.replace(/\/1$/, "")} of this source ${as}`,
    );
  const fillsGrid = outputPlan(request, video.timeBase)?.stages.some(({ times }) => times.kind === "grid") === true;
  if (fillsGrid && isVariable(video))
    return around(server, [AFTER_FPS.since], `ends a variable rate behind the filter fps ${as}`);
  return null;
}
