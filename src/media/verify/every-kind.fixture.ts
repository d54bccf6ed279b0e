// A source with a stream of each kind, for tests of what becomes of them and of argument lists.

import type { SourceInfo, SourceStream } from "../model/source.ts";
import { TEN_BITS } from "../model/source-video.fixture.ts";

export function sourceStream(
  index: number,
  type: SourceStream["type"],
  codec: string,
  more: Partial<SourceStream> = {},
): SourceStream {
  return {
    index,
    type,
    codec,
    language: null,
    title: null,
    isAttachedPicture: false,
    dispositions: [],
    startPts: 0,
    timeBase: { num: 1, den: 1000 },
    sampleRate: null,
    channels: null,
    ...more,
  };
}

export const EVERY_KIND: SourceInfo = {
  formatName: "matroska,webm",
  bytes: 1000,
  startMicroseconds: -7000,
  durationMicroseconds: 10_000_000,
  streams: [
    sourceStream(0, "video", "hevc", { language: "eng", dispositions: ["default"] }),
    sourceStream(1, "audio", "aac", { language: "eng", dispositions: ["default"] }),
    sourceStream(2, "audio", "vorbis", { language: "deu", title: "Kommentar" }),
    sourceStream(3, "subtitle", "subrip"),
    sourceStream(4, "subtitle", "hdmv_pgs_subtitle"),
    sourceStream(5, "attachment", "ttf"),
    sourceStream(6, "data", "bin_data"),
  ],
  chapterCount: 2,
  video: {
    ...TEN_BITS,
    timeBase: { num: 1, den: 1000 },
    realFrameRate: { num: 25, den: 1 },
    averageFrameRate: { num: 25, den: 1 },
    sampleAspectRatio: null,
    colour: { range: "tv", space: "bt2020nc", transfer: "smpte2084", primaries: "bt2020", chromaLocation: null },
  },
};
const cover = (index: number, codec: string): SourceStream => ({
  ...sourceStream(index, "video", codec),
  isAttachedPicture: true,
  dispositions: ["attached_pic"],
});

export const WITH_COVERS: SourceInfo = {
  ...EVERY_KIND,
  streams: [...EVERY_KIND.streams, cover(7, "mjpeg"), { ...cover(8, "png"), fileName: "back.png" }],
};
