import { expect, test } from "bun:test";
import { libraryOptions } from "./options.ts";
import { requireFiles } from "./requests.ts";

test("outputs of several files go into a folder here, never into one that is named like an address", () => {
  const parse = (text: string) => libraryOptions["output-dir"].parse([text]);
  expect(parse("encoded/s3")).toBe("encoded/s3");
  for (const address of ["s3://bucket/out", "s3+studio://bucket/out", "https://host/out"])
    expect(() => parse(address)).toThrow("named by -o, one by one");
});

test("an address among several inputs is refused, and it is said how to submit it", () => {
  expect(() => requireFiles(["a.mp4", "s3://films/b.mkv"])).toThrow(
    expect.objectContaining({ code: "E_USAGE", hint: expect.stringContaining("--detach") }),
  );
  expect(() => requireFiles(["a.mp4", "folder"])).not.toThrow();
});
