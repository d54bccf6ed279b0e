// Which releases of ffmpeg give the same output where the server's plan can't force it: a client on the other side of a
// difference would give another output, so it gets no work of such a job. Pure.
import { toNumber } from "../../base/rational.ts";
import { convertsLevels } from "../colour/level-changes.ts";
import { isFullRange } from "../colour/pixel-kind.ts";
import { askedRange } from "../colour/range-path.ts";
import {
  AFTER_FPS,
  ASKED_COLOURS,
  FULL_BY_TAG,
  LEVELS,
  PACKET_LENGTHS,
  RATE_RULE,
} from "../ffmpeg/builds/differences.ts";
import type { Difference } from "../ffmpeg/builds/other-differences.ts";
import { compareReleases, OLDEST, type Release } from "../ffmpeg/releases.ts";
import type { EncodeRequest } from "../model/encode-request.ts";
import type { SourceInfo } from "../model/source.ts";
import { probeWord } from "../request/values/colour-words.ts";
import { frameTimingOf } from "./frame-timing.ts";

/** Releases from `since` on and before another; null: all later ones. */
export interface ReleaseRange {
  readonly from: Release;
  readonly before: Release | null;
  /** What the other releases do, to follow "its ffmpeg 5.1.9". */
  readonly others: string;
}

function around(release: Release, differences: readonly Difference[], others: string): ReleaseRange {
  const sorted = differences.map(({ since }) => since).toSorted(compareReleases);
  const from = sorted.findLast((each) => compareReleases(each, release) <= 0) ?? OLDEST;
  const before = sorted.find((each) => compareReleases(each, release) > 0) ?? null;
  return { from, before, others };
}

function isVariable({ realFrameRate: real, averageFrameRate: mean }: SourceInfo["video"]): boolean {
  return real === null || mean === null || toNumber(real) !== toNumber(mean);
}

/** The parts of a job that depend on the release, with the differences responsible. */
interface Divide {
  readonly differences: readonly Difference[];
  /** What the other releases do, without "differently from the server's". */
  readonly what: string;
}

function timeDivides(video: SourceInfo["video"], request: EncodeRequest): Divide[] {
  const { frameRate, cadence } = request.video;
  if (frameRate !== null && cadence === undefined) {
    const what = `makes -r ${frameRate.replace(/\/1$/, "")} of this source`;
    return [{ differences: [RATE_RULE, PACKET_LENGTHS], what }];
  }
  const fillsGrid = frameTimingOf(request, video.timeBase)?.stages.some(({ times }) => times.kind === "grid") === true;
  return fillsGrid && isVariable(video)
    ? [{ differences: [AFTER_FPS], what: "ends a variable rate behind the filter fps" }]
    : [];
}

/** The headers of segments do not show this difference: each states what was requested. */
function colourDivides(video: SourceInfo["video"], request: EncodeRequest): Divide[] {
  const { space } = request.video.colour;
  const range = askedRange(request);
  const isOtherSpace = space !== null && probeWord("space", space) !== video.colour.space;
  const isOtherRange = range !== null && (range === "pc") !== isFullRange(video);
  // Filters may give the pictures other colours than the source's.
  const isAsked = isOtherSpace || isOtherRange || (range !== null && request.filters.length > 0);
  return [
    ...(isAsked ? [{ differences: [ASKED_COLOURS, FULL_BY_TAG], what: "converts to the colours asked for" }] : []),
    ...(isOtherRange || convertsLevels(video, request)
      ? [{ differences: LEVELS, what: "converts the levels of the picture" }]
      : []),
  ];
}

/** `request`: with its cadence, where `-r` has one. Null: all releases give the same output. */
export function alikeReleases(
  server: Release & { readonly version: string },
  { video }: Pick<SourceInfo, "video">,
  request: EncodeRequest,
): ReleaseRange | null {
  const divides = [...timeDivides(video, request), ...colourDivides(video, request)];
  if (divides.length === 0) return null;
  const what = divides.map((divide) => divide.what).join(" or ");
  const differences = divides.flatMap((divide) => divide.differences);
  return around(server, differences, `${what} otherwise than the server's ${server.version}`);
}
