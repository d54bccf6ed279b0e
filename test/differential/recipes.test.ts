import { expect, test } from "bun:test";
import { CONTAINER_FACTS } from "./possibilities.ts";
import { fitted, recipeOf } from "./recipes.ts";

test("FFV1 changes neither its size nor its format within a file; other codecs do", () => {
  const changed = (container: "avi" | "mkv", codec: "ffv1" | "mpeg4", change: "size" | "format" | "shape") =>
    fitted({ ...recipeOf(1), container, codec: CONTAINER_FACTS[container].video.indexOf(codec), change }).change;
  expect([changed("avi", "ffv1", "size"), changed("mkv", "ffv1", "format")]).toEqual([null, null]);
  expect([changed("mkv", "ffv1", "shape"), changed("avi", "mpeg4", "size")]).toEqual(["shape", "size"]);
});
