// Reads ffmpeg's messages when it refuses a first picture: which lines give the reason, and what helps. Pure.
import { endsEveryFailure, lastWords } from "../ffmpeg/stderr.ts";

/** Lines that libraries print at the start. */
const SAYS_NOTHING = [/\[info\]/i, /\[warn(ing)?\]/i, /^\[?(svt|libsvtav1).*(-{10}|\bversion\b|\bbuild\b)/i];

const MOST_LINES = 2;

/**
 * The lines that give the reason, at most two, joined into one. `demuxer`: what it says of the source is no reason of a
 * filter or an encoder (a file that ends early).
 */
export function reasonIn(stderr: string, demuxer: string | null = null): string {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const telling = lines.filter(
    (line) => !SAYS_NOTHING.some((pattern) => pattern.test(line)) && !endsEveryFailure(line),
  );
  const others = telling.filter((line) => demuxer === null || !line.startsWith(`[${demuxer} @ `));
  const best = others.length > 0 ? others : telling;
  return lastWords((best.length === 0 ? lines : best.slice(0, MOST_LINES)).join("\n"));
}

/** Another build or version may work: no reason to refuse the request. */
const OF_THIS_BUILD = [
  /Unknown encoder|Encoder not found|Automatic encoder selection failed/i,
  /Unknown decoder|Decoder .*not found/i,
  /No such filter|Filter not found|filter .* not (found|present)/i,
  /Unrecognized option|Option (\S+ )?not found|Error (parsing|setting) option|Error applying .*options/i,
  /Undefined constant or missing '\('|Unable to parse option value|Invalid option/i,
  /Cannot allocate memory|Out of memory|Resource temporarily unavailable/i,
];

/** The server's own ffmpeg lacks something that the request names; the clients' may have it. */
export function isOfThisBuild(stderr: string): boolean {
  return OF_THIS_BUILD.some((pattern) => pattern.test(stderr));
}

const EVEN =
  "Make width and height even: add scale=trunc(iw/2)*2:trunc(ih/2)*2 (or pad=ceil(iw/2)*2:ceil(ih/2)*2) at the end " +
  "of -vf, or keep the colours whole with -pix_fmt yuv444p.";

const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /not divisible by|must be even|multiple of (the specified )?chroma|requires? even|Xvid: Could not create encoder|has to be divisible|must be a multiple of|not a multiple of/i,
    EVEN,
  ],
  [
    /too small|at least \d|must be at least/i,
    "The encoder takes no picture that small: scale it up with -vf scale=…, or use another encoder.",
  ],
  [
    /invalid width x height|too (large|big)|exceeds?|at most|less than or equal|maximum/i,
    "The encoder takes no picture that large: scale it down with -vf scale=…, or use another encoder.",
  ],
  [
    /does not support \S+ fps/i,
    "MPEG-1 and MPEG-2 have a few frame rates only: ask for the nearest, such as -r 25 or -r 30, or use another encoder.",
  ],
  [/DNxHD/, "DNxHD has fixed sizes and rates; -profile:v dnxhr_hq takes any size."],
  [/profile/i, "Leave out -profile:v, or give the pixel format that it holds, such as -pix_fmt yuv420p."],
  [/level/i, "Leave out -level: the encoder picks the one that fits."],
  [
    /(pixel|pix) ?_?f(or)?m(a)?t|colorspace|chroma/i,
    "Leave out -pix_fmt, or give one that `ffmpeg -h encoder=…` lists.",
  ],
];

const EVEN_SIZE = "Give -s an even width and height, or keep the colours whole with -pix_fmt yuv444p.";

/** The hint for such a refusal. `hasSize`: the request sets the size with -s, after all filters. */
export function hintFor(reason: string, hasSize = false): string {
  const known = HINTS.find(([pattern]) => pattern.test(reason))?.[1];
  if (known === EVEN && hasSize) return EVEN_SIZE;
  return known ?? "ffmpeg refuses this source with these options; change the option that it names.";
}
