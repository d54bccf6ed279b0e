import { expect, test } from "bun:test";
import { AppError } from "../../base/errors.ts";
import { checkContainer, containerOf, extensionOf } from "./containers.ts";
import { parseEncodeParams } from "./parse-params.ts";

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
