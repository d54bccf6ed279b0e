import { expect, test } from "bun:test";
import { AppError } from "../../../base/errors.ts";
import { parseEncodeParams } from "../parse/parse-params.ts";
import { checkContainer, containerOf, extensionOf } from "./containers.ts";

test("the extension decides, then -f, else it is refused", () => {
  const matroska = parseEncodeParams("-f matroska");
  expect(containerOf("/a.b/out.MP4", matroska)).toBe("mp4");
  expect(containerOf("out", matroska)).toBe("mkv");
  expect(() => containerOf("out.avi", parseEncodeParams(""))).toThrow(AppError);
  expect(extensionOf("ts")).toBe(".ts");
});

test("a container that cannot hold the codec is refused", () => {
  expect(() => checkContainer("webm", parseEncodeParams("-c:v libx264"))).toThrow("webm cannot hold h264");
  checkContainer("webm", parseEncodeParams("-c:v libsvtav1"));
});

test.each([
  ["mov", "-c:a libopus", "mov cannot hold opus audio", "Use .mp4, .mkv, .webm, .ts, or one of aac"],
  ["webm", "-c:v libvpx -c:a libopus -c:a:1 aac", "webm cannot hold aac audio", "libopus, libvorbis"],
  ["mp4", "-c:s srt", "mp4 cannot hold subrip subtitle", "mov_text"],
  ["ts", "-c:s:1 webvtt", "ts cannot hold webvtt subtitle", "leave it out"],
] as const)("sound and subtitles too, before any work: %s %s", (container, params, message, hint) => {
  try {
    checkContainer(container, parseEncodeParams(params));
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    expect(thrown.code).toBe("E_CONTAINER");
    expect(thrown.message).toContain(message);
    expect(thrown.hint).toContain(hint);
    return;
  }
  throw new Error("taken");
});
