// Whether the output has the frames that are planned, each at its time. Pure.
import type { Pts, Rational } from "../../../base/rational.ts";
import type { ProofCheck } from "../../model/proof.ts";
import type { OutputPackets } from "../output-packets.ts";
import { compareTimes } from "./compare-times.ts";

export interface PlannedTimes {
  /** Sorted PTS of every planned output frame on the job's clock, encoder ticks; null: times follow from filters, only the count holds. */
  readonly framePts: readonly Pts[] | null;
  readonly frames: number;
  readonly encoderTimeBase: Rational;
  /** Describes those times: "the source's times", or the exact rate that they represent. */
  readonly timesAre: string;
}

export interface FrameTimes {
  readonly equal: boolean;
  readonly max_error_ticks: number;
}

/** Their number, and each one's time. */
export function checkFrameTimes(
  output: OutputPackets,
  expected: PlannedTimes,
): { readonly pts: FrameTimes; readonly checks: readonly ProofCheck[] } {
  const video = output.streams.find((stream) => stream.type === "video");
  const count: ProofCheck = {
    name: "frame count",
    ok: output.videoPts.length === expected.frames,
    detail: `${output.videoPts.length} in the output, ${expected.frames} planned`,
  };
  if (video === undefined)
    return {
      pts: { equal: false, max_error_ticks: 0 },
      checks: [count, { name: "frame times", ok: false, detail: "no video stream" }],
    };
  if (expected.framePts === null) {
    const rising = output.videoPts.every(
      (pts, position) => position === 0 || pts > (output.videoPts[position - 1] ?? Number.NEGATIVE_INFINITY),
    );
    return {
      pts: { equal: rising, max_error_ticks: 0 },
      checks: [count, { name: "frame times", ok: rising, detail: "in rising order; the filters give the times" }],
    };
  }
  const compared = compareTimes(output.videoPts, video.timeBase, expected.framePts, expected.encoderTimeBase);
  return {
    pts: { equal: compared.equal, max_error_ticks: compared.maxErrorTicks },
    checks: [
      count,
      {
        name: "frame times",
        ok: compared.equal,
        detail:
          compared.problem ??
          `${expected.timesAre}; largest error ${compared.maxErrorTicks} ticks of 1/${video.timeBase.den} s`,
      },
    ],
  };
}
