// What builds say they have: lines that ffmpeg printed, and the ffmpeg of this machine.
import { expect, test } from "bun:test";
import { lackOf, requireNeeds } from "../../plan/needs.ts";
import { runFfmpeg } from "../run-ffmpeg.fixture.ts";
import { findTools } from "../tools.ts";
import { parseCodecs, parseEncoders, parseFilters, readInventory } from "./inventory.ts";

test("encoders are read from the list of codecs: those it names, else the codec's own", () => {
  // 5.1 and 8.0.
  const text = [
    "Codecs:",
    " .E.... = Encoding supported",
    " -------",
    " DEV.LS h264                 H.264 / AVC (decoders: h264 h264_v4l2m2m ) (encoders: libx264 libx264rgb h264_nvenc )",
    " DEV.L. av1                  Alliance for Open Media AV1 (decoders: libdav1d av1) (encoders: libsvtav1)",
    " DEVI.S ffv1                 FFmpeg video codec #1",
    " D.VI.. 012v                 Uncompressed 4:2:2 10-bit",
    " DEAIL. aac                  AAC (Advanced Audio Coding) (decoders: aac aac_fixed)",
    " DES... ssa                  SSA (SubStation Alpha) subtitle (decoders: ass) (encoders: ass)",
  ].join("\n");
  expect(parseEncoders(text)).toEqual(
    new Set(["libx264", "libx264rgb", "h264_nvenc", "libsvtav1", "ffv1", "aac", "ass"]),
  );
});

test("a codec that only hardware decodes is not decoded", () => {
  // 8.1 without libdav1d, and 6.0.
  const without = [
    " D..... = Decoding supported",
    " DEV.LS av1                  Alliance for Open Media AV1 (encoders: libsvtav1)",
    " DEV.LS hevc                 H.265 / HEVC (decoders: hevc hevc_v4l2m2m) (encoders: libx265 hevc_v4l2m2m)",
    " D.V.L. vvc                  H.266 / VVC (Versatile Video Coding)",
    " ..V.L. y41p                 made up: neither",
  ].join("\n");
  expect(parseCodecs(without)).toEqual(new Set(["hevc", "vvc"]));
  const withIt =
    " DEV.L. av1                  Alliance for Open Media AV1 (decoders: libdav1d libaom-av1 av1 ) (encoders: libaom-av1 )";
  expect(parseCodecs(withIt)).toEqual(new Set(["av1"]));
});

test("filters are listed with three letters until 7.1, with two since 8.0", () => {
  const old =
    "  T.. = Timeline support\n ..C scale             V->V       Scale the input video size.\n .SC zscale            V->V       Apply.";
  const recent =
    "  .S. = Slice threading\n .. split             V->N       Pass on.\n TS tblend            V->V       Blend.\n .. testsrc2          |->V       Generate.";
  expect(parseFilters(old)).toEqual(new Set(["scale", "zscale"]));
  expect(parseFilters(recent)).toEqual(new Set(["split", "tblend", "testsrc2"]));
});

test("the ffmpeg of this machine has what the method itself needs", async () => {
  const tools = await findTools(process.env);
  const inventory = await readInventory(tools);
  expect(
    lackOf(inventory, {
      codec: "h264",
      filters: ["fps", "scale", "select", "setpts", "settb", "split", "tpad", "trim"],
    }),
  ).toBeNull();
  const listed = await runFfmpeg(tools, ["-encoders"]);
  const names = Array.from(listed.matchAll(/^ [VAS][.FSXBD]{5} (\w\S*)/gm), ([, name = ""]) => name);
  expect(names).toContain("mov_text");
  expect([...inventory.encoders].sort()).toEqual(names.sort());
  // Once for each build, whoever asks.
  expect(await readInventory({ ...tools })).toBe(inventory);
});

test("what a build lacks is said before any work, with its version", () => {
  const sandbox = { mode: "off", programs: [] } as const;
  const tools = { ffmpeg: "ffmpeg", ffprobe: "ffprobe", sandbox, version: "8.1.2", major: 8, minor: 1 };
  const inventory = { decodes: new Set(["h264"]), encoders: new Set(["aac"]), filters: new Set(["scale"]) };
  const check =
    (codec: string, filters: string[], audioEncoders: string[], outputCodec = "h264") =>
    () =>
      requireNeeds(tools, inventory, { codec, filters }, { audioEncoders, outputCodec });
  expect(check("av1", [], [])).toThrow("the server's ffmpeg 8.1.2 cannot decode av1");
  expect(check("h264", ["scale", "zscale"], [])).toThrow("the server's ffmpeg 8.1.2 has no filter zscale");
  expect(check("h264", [], ["libopus"])).toThrow("the server's ffmpeg 8.1.2 has no encoder libopus");
  expect(check("h264", [], [], "av1")).toThrow("8.1.2 cannot decode av1, so the output could not be proven");
  // Letters are drawn by clients alone.
  expect(check("h264", ["drawtext", "subtitles"], ["aac"])).not.toThrow();
});
