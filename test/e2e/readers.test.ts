// Outputs as readers that are not ffmpeg see them: mkvmerge and mediainfo must find the tracks, languages, frames,
// duration and colour that were planned, and a browser must play the MP4. Skipped where such a program isn't there.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Cluster } from "../support/cluster.ts";
import { hardCase, mediaPath } from "../support/media.ts";
import { playSeconds } from "../support/play-in-browser.ts";
import { CHROMIUM, MEDIAINFO, MKVTOOLNIX, outputOf, testWithProgram } from "../support/programs.ts";

const TIMEOUT_MS = 120_000;

interface Row {
  readonly source: "everything" | "colour";
  readonly output: string;
  readonly params: string;
  readonly frames: number;
  readonly seconds: number;
  /** Kind and ISO 639-2 language of each track, as mkvmerge says them; null: not a file that it reads. */
  readonly tracks: readonly string[];
  /** Mediainfo's own names for the kinds; it gives ISO 639-1. */
  readonly seen: readonly string[];
}

/** 2 audio tracks (eng, jpn), 2 subtitles (ger, eng), 3 chapters; 144 frames of 23.976 fps. */
const EVERYTHING = {
  source: "everything",
  frames: 144,
  seconds: 6.037,
  tracks: ["video und", "audio eng", "audio jpn", "subtitles ger", "subtitles eng"],
  seen: ["Video", "Audio en", "Audio ja", "Text de", "Text en"],
} as const;

/** BT.601 primaries, matrix and transfer; 150 frames of 29.97 fps and one audio track without a language. */
const COLOUR = {
  source: "colour",
  frames: 150,
  seconds: 5.055,
  tracks: ["video und", "audio und"],
  seen: ["Video", "Audio"],
} as const;

const X264 = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";
const ROWS: readonly Row[] = [
  { ...EVERYTHING, output: "everything.mkv", params: X264 },
  { ...EVERYTHING, output: "everything.mp4", params: `${X264} -c:a aac` },
  { ...COLOUR, output: "colour.mp4", params: X264 },
  { ...COLOUR, output: "colour.mov", params: "-c:v libx265 -preset ultrafast" },
  { ...COLOUR, output: "colour.webm", params: "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus" },
  { ...COLOUR, output: "colour.ts", params: X264 },
];

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.make();
  await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "2"] });
  await cluster.join("one", ["--slots", "2"]);
}, 180_000);

afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const made = new Map<string, Promise<string>>();

/** The row's output, encoded on first use. */
function outputFile(row: Row): Promise<string> {
  const known = made.get(row.output);
  if (known !== undefined) return known;
  const making = encode(row);
  made.set(row.output, making);
  return making;
}

async function encode({ source, output, params }: Row): Promise<string> {
  const input =
    source === "everything"
      ? await hardCase("multi-everything.mkv")
      : (mediaPath("flower-540p29.97-5s.mp4") ?? "flower-540p29.97-5s.mp4");
  const path = cluster.path(output);
  const ended = await cluster.command(["submit", input, "-o", path, "--ffmpeg-params", params, "--json"]);
  expect({ exitCode: ended.exitCode, talk: ended.stderr + ended.stdout.slice(-500) }).toMatchObject({ exitCode: 0 });
  return path;
}

interface Identified {
  readonly container: { readonly recognized: boolean; readonly supported: boolean };
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly chapters: readonly { readonly num_entries: number }[];
  readonly attachments: readonly { readonly file_name: string }[];
  readonly tracks: readonly {
    readonly type: string;
    readonly properties: { readonly language?: string; readonly color_primaries?: number };
  }[];
}

for (const row of ROWS.filter(({ output }) => /\.(mkv|webm)$/.test(output))) {
  testWithProgram(
    MKVTOOLNIX,
    `mkvmerge reads ${row.output}: tracks, languages, chapters, attachments, colour`,
    async (mkvmerge) => {
      const found = JSON.parse(await outputOf(mkvmerge, ["-J", await outputFile(row)])) as Identified;
      expect(found).toMatchObject({ container: { recognized: true, supported: true }, errors: [], warnings: [] });
      expect(found.tracks.map(({ type, properties }) => `${type} ${properties.language}`)).toEqual([...row.tracks]);
      if (row.source === "colour")
        expect(found.tracks[0]?.properties.color_primaries).toBe(6); // BT.601, 525 lines
      else {
        expect(found.chapters.map((chapters) => chapters.num_entries)).toEqual([3]);
        expect(found.attachments.map((file) => file.file_name)).toEqual(["FakeSans.ttf", "cover.png"]);
      }
    },
    TIMEOUT_MS,
  );
}

interface MediaInfo {
  readonly media: { readonly track: readonly Readonly<Record<string, string | undefined>>[] };
}

for (const row of ROWS) {
  testWithProgram(
    MEDIAINFO,
    `mediainfo reads ${row.output}: tracks, languages, frames, duration, colour`,
    async (mediainfo) => {
      const { media } = JSON.parse(await outputOf(mediainfo, ["--Output=JSON", await outputFile(row)])) as MediaInfo;
      const kinds = media.track.filter((track) => ["Video", "Audio", "Text"].includes(track["@type"] ?? ""));
      expect(kinds.map((track) => `${track["@type"]} ${track.Language ?? ""}`.trim())).toEqual([...row.seen]);
      const video = kinds[0] ?? {};
      const isStream = row.output.endsWith(".ts"); // nothing in it states a count, and the last frame has no length
      // Where an edit list delays the picture, mediainfo's count is of the delay too; its Source_Duration is not.
      const { FrameCount, FrameRate, Source_Duration: shown } = video;
      const counted = shown === undefined ? Number(FrameCount) : Math.round(Number(shown) * Number(FrameRate));
      if (!isStream) expect(counted).toBe(row.frames);
      const seconds = Number(media.track[0]?.Duration);
      expect(Math.abs(seconds - row.seconds)).toBeLessThan(isStream ? 0.2 : 0.05);
      if (row.source === "colour") {
        expect(video.colour_primaries).toBe("BT.601 NTSC");
        expect(video.colour_range).toBe("Limited");
      }
    },
    TIMEOUT_MS,
  );
}

for (const output of ["everything.mp4", "colour.mp4"]) {
  testWithProgram(
    CHROMIUM,
    `a browser plays ${output} past its first second`,
    async (chromium) => {
      const row = ROWS.find((each) => each.output === output);
      if (row === undefined) throw new Error(`no row makes ${output}`);
      const played = await playSeconds(chromium, await outputFile(row), 1, 60_000);
      expect(played).toMatchObject({ error: null });
      expect(played.seconds).toBeGreaterThan(1);
      expect(Math.abs(played.duration - row.seconds)).toBeLessThan(0.1);
    },
    TIMEOUT_MS,
  );
}

test("every row has a source here", () => {
  expect(mediaPath("flower-540p29.97-5s.mp4")).not.toBeNull();
});
