// Writes a cadence as ffmpeg filters: each frame's time is shifted to its output frame, the filter fps fills the grid,
// and the last frame is held as long as needed. The result is the same in every version of ffmpeg. Pure.
import { formatRational, invert, type Pts, type Rational } from "../../../base/rational.ts";
import type { FilterText } from "../../ffmpeg/filter-graph.ts";
import type { Cadence } from "../../model/cadence.ts";
import { renderFilters } from "./render-filters.ts";

type Shifts = Cadence["shifts"];

/** A tree of comparisons, so that ffmpeg's parser, which nests, gets no deeper than their logarithm. */
function shiftExpression(shifts: Shifts): string {
  const middle = shifts[shifts.length >>> 1];
  if (shifts.length <= 1 || middle === undefined) return String(shifts[0]?.[1] ?? 0);
  const [from] = middle;
  const at = shifts.length >>> 1;
  return `if(lt(PTS,${from}),${shiftExpression(shifts.slice(0, at))},${shiftExpression(shifts.slice(at))})`;
}

/**
 * So many frames of the output are all frames early while the filter fps works, and are put back behind it: it gives the
 * last frame only if the stream ends after it, and not every version shifts the end. A whole number of frames and of ticks.
 */
function headStart({ shifts, tick }: Cadence, rate: Rational): { readonly frames: number; readonly ticks: number } {
  const ticks = rate.den * tick.den;
  const latest = Math.max(...shifts.map(([, shift]) => -shift));
  const times = Math.max(1, Math.ceil((2 * latest) / ticks) + 1);
  return { frames: times * rate.num * tick.num, ticks: times * ticks };
}

/** One chain of filters. `rate`: frames of the output a second. */
export function renderCadence(cadence: Cadence, rate: Rational): FilterText {
  const early = headStart(cadence, rate);
  return renderFilters([
    { name: "settb", options: [["expr", formatRational(cadence.tick)]] },
    { name: "setpts", options: [["expr", `PTS-${early.ticks}-(${shiftExpression(cadence.shifts)})`]] },
    {
      name: "fps",
      options: [
        ["fps", formatRational(rate)],
        ["eof_action", "pass"],
      ],
    },
    { name: "settb", options: [["expr", formatRational(invert(rate))]] },
    // The end of the stream may come before the last frame has been shown as often as it is wanted. It comes before setpts,
    // behind which ffmpeg 7 knows no frame rate (builds/differences.ts): frames would be added without end.
    {
      name: "tpad",
      options: [
        ["stop", "-1"],
        ["stop_mode", "clone"],
      ],
    },
    { name: "setpts", options: [["expr", `PTS+${early.frames}`]] },
    { name: "trim", options: [["end_pts", String(cadence.end)]] },
  ]);
}

/** The part of a cadence that a range needs: bounds on the job's clock, ticks of the cadence; null: open. */
export function cadenceWithin(cadence: Cadence, startAt: Pts | null, endAt: Pts | null): Cadence {
  const { shifts } = cadence;
  const first =
    startAt === null
      ? 0
      : Math.max(
          0,
          shifts.findLastIndex(([from]) => from <= startAt),
        );
  // The frame that ends the range may be the first of another shift.
  const after = endAt === null ? -1 : shifts.findIndex(([from]) => from >= endAt);
  return { ...cadence, shifts: shifts.slice(first, after < 0 ? shifts.length : after + 1) };
}
