// Files made by hand to hurt: absurd sizes and times, thousands of streams, compressed bombs, texts that name other
// files, and names that break careless commands. Each says what may become of it.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { rowsOf } from "../support/long-run.ts";
import { mediaPath } from "../support/media.ts";
import * as mkv from "./matroska.ts";

export interface HandMade {
  readonly what: string;
  readonly fileName: string;
  /** "any": whatever is true; "refused": before a job exists; "exact": it is a good file. */
  readonly expected: "any" | "refused" | "exact";
  /** Only in the long run: the usual one has another file that hurts in the same place. */
  readonly isMore?: true;
  /** `secret`: a good clip beside it, which must never be reached through it. */
  readonly make: (folder: string, secret: string) => Promise<Uint8Array>;
}

async function shipped(clip: string): Promise<Buffer> {
  const path = mediaPath(clip);
  if (path === null) throw new Error(`${clip} is shipped with the tests and is not there`);
  return await readFile(path);
}

const goodClip = (): Promise<Buffer> => shipped("frag-seekable.mp4");

/** Overwrites a 32-bit field `offset` bytes after the `nth` box of that name. */
function patched(bytes: Buffer, box: string, offset: number, value: number, nth = 0): Buffer {
  let at = bytes.indexOf(box);
  for (let seen = 0; seen < nth; seen += 1) at = bytes.indexOf(box, at + 1);
  if (at < 0) throw new Error(`no ${box} box`);
  bytes.writeUInt32BE(value, at + 4 + offset);
  return bytes;
}

/** A one-bit grey PNG of zeros: its pixels are `width × height`, its bytes a few. */
function png(width: number, height: number): Buffer {
  const chunk = (name: string, data: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
    const framed = Buffer.alloc(8 + body.length);
    framed.writeUInt32BE(data.length, 0);
    body.copy(framed, 4);
    framed.writeUInt32BE(Bun.hash.crc32(body), 4 + body.length);
    return framed;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * height));
  const signature = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", new Uint8Array())]);
}

/** A GIF canvas of that size with one picture of one pixel. */
function gif(width: number, height: number): Buffer {
  const size = (value: number): number[] => [value & 255, value >> 8];
  const screen = [...size(width), ...size(height), 0x80, 0, 0, 0, 0, 0, 255, 255, 255];
  const picture = [0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0];
  return Buffer.from([...Buffer.from("GIF89a"), ...screen, ...picture, ...picture, 0x3b]);
}

/** A VP8 key frame header that states a size, and nothing behind it. */
function vp8(width: number, height: number): Uint8Array {
  return Uint8Array.from([
    0x10,
    0x02,
    0,
    0x9d,
    0x01,
    0x2a,
    width & 255,
    width >> 8,
    height & 255,
    height >> 8,
    0,
    0,
    0,
  ]);
}

/** The first picture of a real VP9 stream: the payload of the first SimpleBlock of the WebM shipped. */
async function vp9Frame(): Promise<Uint8Array> {
  const bytes = await shipped("odd-161x121-vp9.webm");
  const cluster = bytes.indexOf(Uint8Array.from([0x1f, 0x43, 0xb6, 0x75]));
  const block = bytes.indexOf(0xa3, cluster + 4);
  const width = Math.clz32(bytes[block + 1] ?? 0) - 23;
  const marked = bytes.readUIntBE(block + 1, width);
  const length = marked - 2 ** (7 * width);
  return bytes.subarray(block + 1 + width + 4, block + 1 + width + length);
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

const VIDEO = { codec: "V_VP9", width: 161, height: 121 };

const SIZES: readonly HandMade[] = [
  {
    what: "an MP4 whose sample entry says 65535×65535",
    fileName: "huge-avc1.mp4",
    expected: "any",
    isMore: true,
    make: async () => patched(await goodClip(), "avc1", 24, 0xffffffff),
  },
  {
    what: "a Matroska track of 2^31 pixels a side",
    fileName: "huge-track.mkv",
    expected: "any",
    isMore: true,
    make: async () => {
      const track = mkv.videoTrack({ codec: "V_VP8", width: 2 ** 31, height: 2 ** 31 });
      return mkv.matroska([mkv.element(mkv.ID.tracks, track), mkv.cluster(0, vp8(16383, 16383))]);
    },
  },
  {
    what: "a VP8 picture of 16383×16383 in 13 bytes",
    fileName: "huge-vp8.mkv",
    expected: "any",
    make: async () => {
      const track = mkv.videoTrack({ codec: "V_VP8", width: 16383, height: 16383 });
      return mkv.matroska([mkv.element(mkv.ID.tracks, track), mkv.cluster(0, vp8(16383, 16383))]);
    },
  },
  {
    what: "a GIF canvas of 65535×65535",
    fileName: "huge.gif",
    expected: "any",
    isMore: true,
    make: async () => gif(65535, 65535),
  },
  {
    what: "a GIF canvas of 16000×16000, a gigabyte a picture",
    fileName: "large.gif",
    expected: "refused",
    make: async () => gif(16000, 16000),
  },
  {
    what: "raw video that says 100000×100000",
    fileName: "huge.y4m",
    expected: "any",
    isMore: true,
    make: async () => text("YUV4MPEG2 W100000 H100000 F25:1 Ip A1:1 C420\nFRAME\n0000"),
  },
  {
    what: "raw video of no size",
    fileName: "none.y4m",
    expected: "refused",
    make: async () => text("YUV4MPEG2 W0 H0 F0:0\nFRAME\n"),
  },
];

const TIMES: readonly HandMade[] = [
  {
    what: "every frame shown for 2^31 ticks",
    fileName: "long-frames.mp4",
    expected: "any",
    isMore: true,
    make: async () => patched(await shipped("audio-shorter.mp4"), "stts", 8, 0x7fffffff),
  },
  {
    what: "a time scale of nought",
    fileName: "no-scale.mp4",
    expected: "any",
    make: async () => patched(await shipped("audio-shorter.mp4"), "mdhd", 12, 0),
  },
  {
    what: "a time scale of 2^32 - 1",
    fileName: "fine-scale.mp4",
    expected: "any",
    isMore: true,
    make: async () => patched(await shipped("audio-shorter.mp4"), "mdhd", 12, 0xffffffff),
  },
  {
    what: "fragments that begin near 2^63",
    fileName: "late-fragments.mp4",
    expected: "any",
    isMore: true,
    make: async () => patched(patched(await goodClip(), "tfdt", 0, 0x01000000), "tfdt", 4, 0x7fffffff),
  },
  {
    what: "a frame duration of 10^9 seconds",
    fileName: "long-default.mkv",
    expected: "any",
    isMore: true,
    make: async () => {
      const track = mkv.videoTrack({ ...VIDEO, defaultDuration: 1_000_000_000_000_000_000n });
      return mkv.matroska([mkv.element(mkv.ID.tracks, track), mkv.cluster(0, await vp9Frame())]);
    },
  },
  {
    what: "a frame duration of one nanosecond",
    fileName: "short-default.mkv",
    expected: "any",
    isMore: true,
    make: async () => {
      const track = mkv.videoTrack({ ...VIDEO, defaultDuration: 1 });
      const frame = await vp9Frame();
      return mkv.matroska([mkv.element(mkv.ID.tracks, track), mkv.cluster(0, frame), mkv.cluster(40, frame)]);
    },
  },
  {
    what: "clusters at 0, 2^62 and back at 40 ms",
    fileName: "leaping.mkv",
    expected: "any",
    make: async () => {
      const frame = await vp9Frame();
      const clusters = [0n, 2n ** 62n, 40n, 2n ** 63n].map((at) => mkv.cluster(at, frame));
      return mkv.matroska([mkv.element(mkv.ID.tracks, mkv.videoTrack(VIDEO)), ...clusters]);
    },
  },
  {
    what: "a timestamp scale of 2^62 ns",
    fileName: "coarse-clock.mkv",
    expected: "any",
    isMore: true,
    make: async () => {
      const frame = await vp9Frame();
      const parts = [mkv.element(mkv.ID.tracks, mkv.videoTrack(VIDEO)), mkv.cluster(0, frame), mkv.cluster(1, frame)];
      return mkv.matroska(parts, 2n ** 62n);
    },
  },
];

const CROWDS: readonly HandMade[] = [
  {
    what: "3000 subtitle tracks",
    fileName: "crowd-3000.mkv",
    expected: "any",
    isMore: true,
    make: async () => {
      const others = Array.from({ length: 3000 }, (_, number) => mkv.subtitleTrack(number + 2));
      const tracks = mkv.element(mkv.ID.tracks, mkv.videoTrack(VIDEO), ...others);
      return mkv.matroska([tracks, mkv.cluster(0, await vp9Frame())]);
    },
  },
  {
    what: "600 subtitle tracks",
    fileName: "crowd-600.mkv",
    expected: "any",
    isMore: true,
    make: async () => {
      const others = Array.from({ length: 600 }, (_, number) => mkv.subtitleTrack(number + 2));
      const tracks = mkv.element(mkv.ID.tracks, mkv.videoTrack(VIDEO), ...others);
      return mkv.matroska([tracks, mkv.cluster(0, await vp9Frame())]);
    },
  },
  {
    what: "a frame that zlib blows up to 64 MiB",
    fileName: "bomb-frame.mkv",
    expected: "any",
    make: async () => {
      const track = mkv.videoTrack({ ...VIDEO, isZlib: true });
      return mkv.matroska([
        mkv.element(mkv.ID.tracks, track),
        mkv.cluster(0, deflateSync(Buffer.alloc(64 * 1024 * 1024))),
      ]);
    },
  },
  {
    what: "a cover of 16000×16000 in a few kilobytes, and an attachment that names a path",
    fileName: "bomb-cover.mkv",
    expected: "any",
    make: async () => {
      const cover = mkv.attachment("cover.png", "image/png", png(16_000, 16_000));
      const climbing = mkv.attachment("../../../../tmp/escaped.ttf", "font/ttf", Buffer.alloc(4096));
      const tracks = mkv.element(mkv.ID.tracks, mkv.videoTrack(VIDEO));
      return mkv.matroska([tracks, mkv.element(mkv.ID.attachments, cover, climbing), mkv.cluster(0, await vp9Frame())]);
    },
  },
];

/** Of one way to name another file each; the others only in the long run. */
const USUAL_POINTERS = new Set(["list.mp4", "list.m3u8", "hls-http.mkv", "manifest.mpd", "session.sdp"]);

/** None of these may make ffmpeg open `secret`. */
const POINTERS: readonly HandMade[] = [
  ["list.ffconcat", (secret: string) => `ffconcat version 1.0\nfile '${secret}'\n`],
  ["list.mp4", (secret: string) => `ffconcat version 1.0\nfile '${secret}'\n`],
  [
    "list.m3u8",
    (secret: string) =>
      `#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:${secret}\n#EXT-X-ENDLIST\n`,
  ],
  ["hls.ts", (secret: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n${secret}\n#EXT-X-ENDLIST\n`],
  [
    "hls-http.mkv",
    () => "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n",
  ],
  [
    "manifest.mpd",
    (secret: string) =>
      `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>${secret}</BaseURL></Representation></AdaptationSet></Period></MPD>`,
  ],
  ["session.sdp", () => "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"],
  ["images.txt", (secret: string) => `${secret}\n`],
  ["subs.ass", () => "[Script Info]\nScriptType: v4.00+\n[Events]\n"],
  ["vapoursynth.vpy", (secret: string) => `import vapoursynth\nopen('${secret}')\n`],
  ["playlist.asx", (secret: string) => `<asx version="3.0"><entry><ref href="${secret}"/></entry></asx>`],
].map(([fileName, content]) => ({
  what: `${fileName as string}, which names another file`,
  fileName: fileName as string,
  expected: "refused" as const,
  ...(USUAL_POINTERS.has(fileName as string) ? {} : { isMore: true as const }),
  make: async (_: string, secret: string) => text((content as (secret: string) => string)(secret)),
}));

const USUAL_NAMES = 2;

/** Good clips under names that a careless command line, list or JSON would break on. */
const NAMES: readonly HandMade[] = [
  "quote ' and \" double, new\nline, tab\t, percent %03d %s %%.mp4",
  "-i.mp4",
  "file:concat:x|y.mp4",
  "back\\slash $(id) `id`;& ünïcödé 🎬.mp4",
  `${"n".repeat(240)}.mp4`,
].map((fileName, number) => ({
  what: `a good clip called ${JSON.stringify(fileName).slice(0, 60)}`,
  fileName,
  expected: "exact" as const,
  ...(number < USUAL_NAMES ? {} : { isMore: true as const }),
  make: goodClip,
}));

const ALL: readonly HandMade[] = [...SIZES, ...TIMES, ...CROWDS, ...POINTERS, ...NAMES];

export const HAND_MADE = rowsOf(
  ALL.filter(({ isMore }) => isMore === undefined),
  ALL.filter(({ isMore }) => isMore),
);

export async function makeByHand(one: HandMade, folder: string, secret: string): Promise<string> {
  const path = join(folder, one.fileName);
  await writeFile(path, await one.make(folder, secret));
  return path;
}
