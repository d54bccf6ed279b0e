// Headers made by hand: additions go in, the length stays, and what cannot be done leaves everything as it is.
import { describe, expect, test } from "bun:test";
import { crc32 } from "node:zlib";
import { element, elementsIn, joined } from "./ebml.ts";
import { hdr10Mkv, hdr10Mp4 } from "./hdr10-boxes.ts";
import { mkvBytes, mkvCodecDelay, mkvProjection, withMkvData } from "./mkv-track.ts";
import { mp4PictureBoxes, withMp4Boxes } from "./mp4-track.ts";
import { reserveSpace } from "./picture-data.ts";

const text = (value: string) => Uint8Array.from(Buffer.from(value));
const byte = (value: number) => Uint8Array.of(value);
const hdr = {
  contentLight: { max: 1000, average: 400 },
  masteringDisplay: {
    red: { x: 34_000, y: 16_000 },
    green: { x: 13_250, y: 34_500 },
    blue: { x: 7500, y: 3000 },
    whitePoint: { x: 15_635, y: 16_450 },
    minLuminance: 50,
    maxLuminance: 10_000_000,
  },
};

function box(type: string, ...content: readonly Uint8Array[]): Uint8Array {
  const all = joined([new Uint8Array(4), text(type), ...content]);
  new DataView(all.buffer).setUint32(0, all.length);
  return all;
}

/** `name` ends in a zero in MP4, and begins with its length in QuickTime. */
function moov(name: Uint8Array): Uint8Array {
  const entry = box("avc1", new Uint8Array(78), box("avcC", text("codec")));
  const handler = box("hdlr", new Uint8Array(8), text("vide"), new Uint8Array(12), name);
  const table = box("stbl", box("stsd", new Uint8Array(8), entry), box("stco", text("offsets")));
  const sound = box("trak", box("mdia", box("hdlr", new Uint8Array(8), text("soun"), new Uint8Array(13)), box("minf")));
  return box("moov", box("mvhd"), sound, box("trak", box("mdia", handler, box("minf", table))), box("udta"));
}

describe("MP4 and MOV", () => {
  const added = [box("st3d", new Uint8Array(5)), ...hdr10Mp4(hdr)];
  const room = "~".repeat(joined(added).length);
  test.each([
    ["MP4", joined([text(`film${room}`), byte(0)]), joined([text("film"), byte(0)])],
    ["QuickTime", joined([byte(4 + room.length), text(`film${room}`)]), joined([byte(4), text("film")])],
  ])("%s: boxes move in where the name was long", (_, long, short) => {
    const before = moov(long);
    const after = withMp4Boxes(before, added, 0x7e);
    expect(after?.length).toBe(before.length);
    if (after === null) return;
    expect(Buffer.from(after).includes(joined([text("vide"), new Uint8Array(12), short, new Uint8Array(3)]))).toBe(
      true,
    );
    expect(Buffer.from(after).includes(joined([text("codec"), ...added]))).toBe(true);
    expect(mp4PictureBoxes(after)).toEqual([box("st3d", new Uint8Array(5))]);
    expect(after.subarray(after.length - 8)).toEqual(box("udta"));
  });
  test("a name that was not made long stays", () => {
    expect(withMp4Boxes(moov(joined([text("a name with no room at all".repeat(9)), byte(0)])), added, 0x7e)).toBeNull();
    expect(withMp4Boxes(box("moov", box("mvhd")), added, 0x7e)).toBeNull();
  });
  test("mdcv counts green, blue, red", () => {
    const [mdcv, clli] = hdr10Mp4(hdr).map((bytes) => Buffer.from(bytes).toString("hex"));
    expect(mdcv).toBe("000000206d64637633c286c41d4c0bb884d03e803d1340420098968000000032");
    expect(clli).toBe("0000000c636c6c6903e80190");
  });
});

describe("Matroska", () => {
  const colour = element(0x55_b0, element(0x55_b9, byte(1), 1), 1);
  const video = (more: readonly Uint8Array[] = []) => element(0xe0, joined([element(0xb0, byte(160), 1), ...more]), 8);
  const track = (...children: readonly Uint8Array[]) => element(0xae, joined(children), 8);
  function tracks(name: string, ...more: readonly Uint8Array[]): Uint8Array {
    const sound = track(element(0x83, byte(2), 1));
    const picture = track(element(0x83, byte(1), 1), element(0x53_6e, text(name), 4), video([colour]), ...more);
    const rest = joined([sound, picture]);
    const digest = new Uint8Array(4);
    new DataView(digest.buffer).setUint32(0, crc32(rest), true);
    return joined([element(0xbf, digest, 1), rest]);
  }
  const projection = element(0x76_70, element(0x76_71, byte(1), 1), 1);
  const added = { video: [projection], colour: hdr10Mkv(hdr) };
  test.each(Array.from({ length: 40 }, (_, more) => more))("with %d bytes more than needed", (more) => {
    const before = tracks(`reel${"~".repeat(mkvBytes(added) + more)}`, element(0x86, text("V_TEST"), 1));
    const after = withMkvData(before, 4, added);
    expect(after?.length).toBe(before.length);
    if (after === null) return;
    const [digest, , picture] = elementsIn(after, 0, after.length);
    if (digest === undefined || picture === undefined) throw new Error("elements are missing");
    expect(new DataView(after.buffer).getUint32(digest.body, true)).toBe(crc32(after.subarray(digest.end)));
    const children = elementsIn(after, picture.body, picture.end);
    expect(children.at(-1)?.end).toBe(picture.end);
    expect(children.map(({ id }) => id).filter((id) => id !== 0xec)).toEqual([0x83, 0x53_6e, 0xe0, 0x86]);
    expect(mkvProjection(after)).toEqual([projection]);
    expect(Buffer.from(after).includes(joined([element(0x55_b9, byte(1), 1), ...added.colour]))).toBe(true);
  });
  test("a track without a name loses the one it was given; without room nothing is done", () => {
    const after = withMkvData(tracks("~".repeat(mkvBytes(added))), 0, added);
    expect(after === null ? true : Buffer.from(after).includes(Uint8Array.of(0x53, 0x6e))).toBe(false);
    expect(withMkvData(tracks("reel"), 4, added)).toBeNull();
  });
});

describe("the name that gives the room", () => {
  const boxes = [new Uint8Array(5)];
  test.each([
    [[], "handler_name=VideoHandler~~~~~", 12],
    [["-metadata:s:v:0", "handler_name=one", "-metadata:s:v", "handler_name=zwölf"], "handler_name=zwölf~~~~~", 6],
    [["-metadata:s:a:0", "handler_name=sound"], "handler_name=VideoHandler~~~~~", 12],
  ])("%p", (args, option, nameBytes) => {
    expect(reserveSpace({ kind: "mp4", boxes }, args)).toEqual({ args: ["-metadata:s:v:0", option], nameBytes });
  });
  test("is never longer than QuickTime can state", () => {
    expect(reserveSpace({ kind: "mp4", boxes: [new Uint8Array(250)] }, [])).toBeNull();
  });
});

test("the delay of a track of sound is read as Matroska states it", () => {
  const track = (...children: readonly Uint8Array[]) => element(0xae, joined([element(0xd7, byte(1)), ...children]));
  expect(mkvCodecDelay(track(element(0x56_aa, Uint8Array.of(0x63, 0x2e, 0xa0))))).toBe(6_500_000);
  expect(mkvCodecDelay(track())).toBe(0);
  expect(mkvCodecDelay(new Uint8Array())).toBe(0);
});
