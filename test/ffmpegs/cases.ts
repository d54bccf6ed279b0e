// The identity corpus that every version of ffmpeg is tried on: small files, a kind each, and a request.
import { join } from "node:path";
import { makeSource } from "../differential/make-source.ts";
import type { Recipe, Request, SoundRecipe } from "../differential/recipe.ts";
import { hardCase } from "../support/media.ts";
import { mustRun, type Tools } from "../support/versus-plain/tools.ts";

export interface Case {
  readonly name: string;
  readonly container: Request["container"];
  readonly params: string;
  /** Makes the file in a folder; its path. */
  readonly make: (makers: Tools, folder: string) => Promise<string>;
  /** Encoders and filters without which there is nothing to try. */
  readonly needs: readonly string[];
  /** How plain ffmpeg is asked, where in other words. */
  readonly plainParams?: (source: string) => string;
}

const SOUND: SoundRecipe = {
  codec: 0,
  layout: "stereo",
  rate: 48_000,
  begins: 0,
  lasts: 1,
  pause: null,
  changesLayout: false,
  isEmpty: false,
};

const BASE: Recipe = {
  container: "mp4",
  codec: 0,
  frames: 60,
  rate: "25",
  pace: { kind: "constant" },
  gop: 8,
  bFrames: 2,
  isOpen: false,
  size: [192, 108],
  format: 0,
  isInterlaced: false,
  isRotated: false,
  startsAt: 0,
  sounds: [SOUND],
  subtitles: [],
  chapters: [],
  order: "video first",
  change: null,
  edits: [],
  request: { encoder: 0, filter: null, rate: null, sound: "default", map: null, container: "mkv" },
};

const X264 = "-c:v libx264 -preset ultrafast -qp 0";
const FFV1 = "-c:v ffv1";
const VARIABLE = { pace: { kind: "variable", by: 0.6 } } as const;

function encoderOf(params: string): string {
  return /-c:v (\S+)/.exec(params)?.[1] ?? "libx264";
}

function made(
  name: string,
  recipe: Partial<Recipe>,
  params = X264,
  [container, needs]: readonly [Request["container"], readonly string[]] = ["mkv", []],
): Case {
  const whole = { ...BASE, ...recipe };
  return {
    name,
    container,
    params,
    needs: [encoderOf(params), ...needs],
    make: (makers, folder) => makeSource(makers, whole, folder, "in"),
  };
}

async function withTexts(makers: Tools, folder: string): Promise<string> {
  await Bun.write(
    join(folder, "texts.srt"),
    "1\n00:00:00,200 --> 00:00:01,500\nhello\n\n2\n00:00:01,700 --> 00:00:02,200\nagain\n",
  );
  const out = join(folder, "in.mkv");
  const inputs = ["-f", "lavfi", "-i", "testsrc2=s=192x108:r=25:d=2.4", "-i", join(folder, "texts.srt")];
  const encode = ["-map", "0", "-map", "1", "-c:v", "libx264", "-preset", "superfast", "-g", "8", "-c:s", "srt"];
  await mustRun([makers.ffmpeg, "-nostdin", "-v", "error", "-y", ...inputs, ...encode, out]);
  return out;
}

export const CASES: readonly Case[] = [
  made("MP4, H.264", {}),
  made("MP4 to MP4", { chapters: [[0.4, 0.5]], subtitles: [[0.5, 0.5]] }, X264, ["mp4", []]),
  made("MKV, HEVC", { container: "mkv", codec: 1, subtitles: [[0.5, 1]], chapters: [[0, 1]] }),
  made("TS, MPEG-2", { container: "ts", codec: 2, sounds: [{ ...SOUND, codec: 1 }] }),
  made("TS, H.264, to TS", { container: "ts", startsAt: 10 }, X264, ["ts", []]),
  made("TS whose clock wraps", { container: "ts", edits: [{ kind: "clock-wrap", at: 0.4 }] }),
  made("WebM, VP9", { container: "webm", codec: 1 }, "-c:v libvpx-vp9 -lossless 1 -deadline realtime -cpu-used 8", [
    "webm",
    ["libopus"],
  ]),
  made("AVI, MPEG-4", { container: "avi" }),
  made("edit list inside a group", {
    edits: [{ kind: "edit-list", which: "video", entries: [{ from: 0.21, lasts: 0.7 }] }],
  }),
  made("edit list of two entries", {
    edits: [
      {
        kind: "edit-list",
        which: "video",
        entries: [
          { from: null, lasts: 0.2 },
          { from: 0, lasts: 0.9 },
        ],
      },
    ],
  }),
  made("edit list, no sync sample before it", {
    gop: 30,
    edits: [
      { kind: "edit-list", which: "video", entries: [{ from: 0.3, lasts: 0.6 }] },
      { kind: "sync-lies", how: "shifted" },
    ],
  }),
  made("open groups, H.264", { isOpen: true, container: "ts" }),
  made("open groups, HEVC", { isOpen: true, codec: 1, bFrames: 3 }),
  made("no sync samples marked", { edits: [{ kind: "sync-lies", how: "all" }] }),
  made("variable frame rate", VARIABLE),
  made("variable frame rate, FFV1", VARIABLE, FFV1),
  made("interlaced", { container: "ts", codec: 2, isInterlaced: true, sounds: [] }),
  made("full range, FFV1", { format: 1 }, FFV1),
  made("full range, H.264", { format: 1 }),
  made("full range, MJPEG", { codec: 5 }, FFV1),
  made("full range to limited", { format: 1 }, `${X264} -pix_fmt yuv420p`),
  made("gray", { format: 5 }, FFV1),
  made("4:4:4", { format: 3 }, FFV1),
  made("10 bits", { format: 4 }, FFV1),
  made("rotated", { isRotated: true }, X264, ["mp4", []]),
  {
    name: "HDR10",
    container: "mkv",
    params: "-c:v libx265 -preset ultrafast -x265-params lossless=1",
    needs: ["libx265"],
    make: () => hardCase("hdr10-hevc-23.976.mkv"),
  },
  made("raw H.264", { container: "raw", sounds: [] }),
  made("raw HEVC", { container: "raw", codec: 1, sounds: [] }),
  made("scale, hflip", {}, `${FFV1} -vf scale=64:48,hflip`),
  made("yadif", { isInterlaced: true }, `${FFV1} -vf yadif`),
  made("yadif=1", { isInterlaced: true }, `${FFV1} -vf yadif=1`),
  made("tmix", {}, `${FFV1} -vf tmix=frames=3`),
  made("fps", VARIABLE, `${FFV1} -vf fps=20`),
  made("-r, constant", {}, `${X264} -r 30`),
  made("-r, variable", VARIABLE, `${X264} -r 25`),
  made("-b:v", {}, "-c:v libx264 -preset ultrafast -b:v 300k"),
  {
    name: "burn-in",
    container: "mkv",
    params: `${FFV1} -vf subtitles=si=0`,
    needs: ["ffv1", "subtitles"],
    make: withTexts,
    plainParams: (source) => `${FFV1} -vf subtitles=${source}:si=0`,
  },
  made("libx265", {}, "-c:v libx265 -preset ultrafast -x265-params lossless=1", ["mp4", []]),
  made("libsvtav1", {}, "-c:v libsvtav1 -preset 12 -crf 40", ["mp4", []]),
  made("libaom-av1", { frames: 25 }, "-c:v libaom-av1 -cpu-used 8 -usage realtime -b:v 200k"),
  made("libvpx", {}, "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k", ["webm", ["libopus"]]),
  made("mpeg4", {}, "-c:v mpeg4 -q:v 3"),
  made("prores", {}, "-c:v prores_ks", ["mov", []]),
  made("sound as Opus", {}, `${X264} -c:a libopus`, ["mkv", ["libopus"]]),
  made("sound as AAC", { container: "mkv", sounds: [{ ...SOUND, codec: 1 }] }, `${X264} -c:a aac`, ["mp4", []]),
];
