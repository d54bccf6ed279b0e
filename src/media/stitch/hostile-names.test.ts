// Whatever titles, languages and names a source or a request has, what the stitch hands to ffmpeg reads back as exactly
// those: no word becomes an option, an input, an output or a line of a script.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { readArgs, readConcatScript, readMetadataFile } from "../../../test/support/read-args.ts";
import { type EncodeRequest, emptyEncodeRequest } from "../model/encode-request.ts";
import { encodeRequestSchema } from "../model/encode-request-schema.ts";
import type { Container } from "../model/source.ts";
import { planStreams } from "../plan/stream-plan.ts";
import { toSourceInfo } from "../source/probe-answer.ts";
import { probeSchema } from "../source/probe-schema.ts";
import { chapterSchema, toChapter } from "../verify/extras/chapter-list.ts";
import { metadataFile } from "../verify/extras/chapters-as-written.ts";
import { concatList } from "./concat-list.ts";
import { stitchArgs } from "./stitch-args.ts";

const PIECES = [
  ...["'", '"', "\\", "\n", "\r", "\t", "\0", "\u202e", " ", "=", ";", "#", ":", "-", "a", "é", "\ud800", "'\\''"],
  ...["-i", "-map", "file:/etc/passwd", "[CHAPTER]", "title=", "file 'x'", "ffconcat version 1.0", "/../"],
];
const hostile = fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 10 }).map((parts) => parts.join(""));
const RUNS = { numRuns: 50 };

/** As a program in C sees it: ffprobe's own answer has no NUL, that of one which a file has taken over may. */
function asC(text: string): string {
  return text.split("\0", 1)[0] ?? "";
}

const CONTAINERS_TRIED: readonly Container[] = ["mp4", "mov", "mkv", "webm", "ts"];
const TAGS = ["title", "language", "filename", "timecode"] as const;
const STREAMS = [
  { codec_type: "video", codec_name: "h264", width: 64, height: 36, pix_fmt: "yuv420p" },
  { codec_type: "audio", codec_name: "opus", sample_rate: "48000", channels: 2 },
  { codec_type: "audio", codec_name: "pcm_s24le", sample_rate: "48000", channels: 2 },
  { codec_type: "subtitle", codec_name: "subrip" },
  { codec_type: "attachment", codec_name: "ttf" },
  { codec_type: "data", codec_name: "bin_data" },
  { codec_type: "video", codec_name: "png", width: 9, height: 9, pix_fmt: "rgb24", disposition: { attached_pic: 1 } },
];

/** Gives each tag of each stream a text. */
type Texts = (stream: number, tag: string) => string;

function argsOf(container: Container, text: Texts, requestText: string): string[] {
  const streams = STREAMS.map((stream, index) => ({
    ...{ index, time_base: "1/1000", r_frame_rate: "25/1", avg_frame_rate: "25/1", ...stream },
    tags: Object.fromEntries(TAGS.map((tag) => [tag, text(index, tag)])),
  }));
  const format = { format_name: "matroska,webm", duration: "1.0" };
  const info = toSourceInfo(probeSchema.parse({ streams, format, chapters: [] }), "/s.mkv", 1000);
  const empty = emptyEncodeRequest();
  const tags: EncodeRequest["metadata"]["tags"] = [
    { stream: null, key: "title", value: requestText },
    { stream: { type: "a", index: 0 }, key: "title", value: requestText },
  ];
  const every = { exclude: false, optional: true, type: null, index: null, language: null } as const;
  const maps = [every, ...["-y", "-attach"].map((language) => ({ ...every, language }))];
  const request: EncodeRequest = { ...empty, maps, metadata: { ...empty.metadata, tags } };
  const plan = planStreams(info, request, container);
  const facts = {
    encoderTimeBase: { num: 1, den: 1000 },
    firstFrameUs: 0,
    zeroUs: 0,
    audioDelaysUs: [],
    lastFrame: null,
  };
  const io = { concatList: "file:/w/list", audio: ["file:/w/a", "file:/w/b"], covers: ["file:/w/cover"], reserved: [] };
  return stitchArgs(info, request, plan, facts, { ...io, source: "file:/s.mkv", output: "file:/w/o" });
}

test("titles, languages, names and timecodes stay values of their options", () => {
  const texts = fc.array(hostile, { minLength: STREAMS.length * TAGS.length, maxLength: STREAMS.length * TAGS.length });
  const asked = hostile.filter((value) => {
    const tags = [{ stream: null, key: "title", value }];
    const { metadata, ...empty } = emptyEncodeRequest();
    return encodeRequestSchema.safeParse({ ...empty, metadata: { ...metadata, tags } }).success;
  });
  fc.assert(
    fc.property(fc.constantFrom(...CONTAINERS_TRIED), texts, asked, (container, values, requested) => {
      const at = (stream: number, tag: string) => stream * TAGS.length + (TAGS as readonly string[]).indexOf(tag);
      const hostileAt = (position: number) => values[position] ?? "";
      const harmless = argsOf(
        container,
        (stream, tag) => (asC(hostileAt(at(stream, tag))) === "" ? "" : `<${at(stream, tag)}>`),
        "<asked>",
      );
      const filled = harmless.map((word) =>
        word
          .replaceAll(/<(\d+)>/g, (_, position) => asC(hostileAt(Number(position))))
          .replaceAll("<asked>", () => requested),
      );
      const written = argsOf(container, (stream, tag) => hostileAt(at(stream, tag)), requested);
      expect(written).toEqual(filled);
      const [read, plain] = [readArgs(written), readArgs(harmless)];
      expect(read.outputs).toEqual(["file:/w/o"]);
      expect(read.options.map(([name]) => name)).toEqual(plain.options.map(([name]) => name));
      for (const [name, value] of read.options) if (name === "map") expect(value).toMatch(/^\d+:(?:\d+|v:0|a:0)$/);
    }),
    RUNS,
  );
});

test("no name of a file becomes a directive of the list of segments", () => {
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (names) => {
      const segments = names.map((name, n) => ({ path: `/w/${name}`, firstPts: n, lastPts: n, ownStartUs: n * 1e6 }));
      const list = () => concatList(segments, { num: 1, den: 1 }, 1);
      if (names.some((name) => /[\0\r\n]/.test(name))) return void expect(list).toThrow("more than one line");
      expect(readConcatScript(list())).toEqual([
        ["ffconcat", "version 1.0"],
        ...segments.flatMap(({ path }, n) => [
          ["file", `file:${path}`] as const,
          ["inpoint", `${n}.000001`] as const,
          ["duration", "1.000000"] as const,
        ]),
      ]);
    }),
    RUNS,
  );
});

test("no title of a chapter becomes a section or a tag of the list of chapters", () => {
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 1, maxLength: 4 }), (titles) => {
      const chapters = titles.map((title, n) =>
        toChapter(chapterSchema.parse({ start: n, end: n + 1, time_base: "1/1", tags: { title } })),
      );
      expect(readMetadataFile(metadataFile(chapters)).slice(1)).toEqual(
        titles.map((title, n) => [
          "[CHAPTER]",
          {
            ...{ TIMEBASE: "1/1000000", START: String(n * 1e6), END: String((n + 1) * 1e6) },
            ...(asC(title) === "" ? {} : { title: asC(title) }),
          },
        ]),
      );
    }),
    RUNS,
  );
});
