import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../base/errors.ts";
import { checkInput, type InputUse } from "./check-input.ts";

test("what is no file is answered with what to do", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-input-"));
  const hint = async (input: string, use?: InputUse) => {
    const thrown = await checkInput(input, folder, use).catch((reason: unknown) => reason);
    return thrown instanceof AppError ? thrown.hint : "";
  };
  try {
    await Bun.write(join(folder, "[final] film.mp4"), "x");
    expect(await checkInput("[final] film.mp4", folder)).toBe(join(folder, "[final] film.mp4"));
    expect(await hint("*.mp4")).toBe(
      "It looks like a pattern: without quotes, the shell puts the names of the files in its place. " +
        "Or name the folder: ffcluster submit FOLDER --output-dir DIR.",
    );
    expect(await hint("*.mp4", "look")).not.toContain("--output-dir");
    expect(await hint(".")).toContain("encode all of them with --output-dir DIR");
    expect(await hint(".", "look")).not.toContain("--output-dir");
    expect(await hint("ftp://host/film.mp4")).toContain("Addresses begin with https:// or s3://");
    expect(await hint("https://host/film.mp4", "look")).toContain("download it first");
    expect(await hint("file:///films/film.mp4")).toBe("Write the path alone, without file://.");
    expect(await hint("film.mp4")).toBe("Check the path; a file on the server needs --on-server.");
    expect(await hint("C:\\films\\film.mp4")).toBe("Check the path; a file on the server needs --on-server.");
  } finally {
    await rm(folder, { recursive: true });
  }
});
