import { expect, test } from "bun:test";
import { mkdtemp, open, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inheritedFiles, openPath } from "./inherited-files.ts";
import { runProcess } from "./run-process.ts";

test("only whole arguments that name an open file are changed", () => {
  const args = ["-i", "file:/proc/self/fd/57", "title=/proc/self/fd/9", "/proc/self/fd/8", "file:/proc/self/fd/57"];
  const files = inheritedFiles(args);
  expect(files.descriptors).toEqual([57, 8]);
  expect(args.map(files.forProgram)).toEqual([
    ...["-i", "file:/proc/self/fd/3", "title=/proc/self/fd/9", "/proc/self/fd/4", "file:/proc/self/fd/3"],
  ]);
  expect(files.fromProgram("/proc/self/fd/4: no; /proc/self/fd/3: no; /proc/self/fd/11")).toBe(
    "/proc/self/fd/8: no; /proc/self/fd/57: no; /proc/self/fd/11",
  );
  expect(inheritedFiles(["/proc/self/fd/1"]).descriptors).toEqual([]);
});

test.skipIf(process.platform !== "linux")(
  "a program reads the open file, and says its name as we know it",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "ffcluster-inherit-"));
    const path = join(folder, "a");
    await writeFile(path, "first");
    await using handle = await open(path);
    await using other = await open("/dev/null");
    await writeFile(join(folder, "b"), "second");
    await rename(join(folder, "b"), path);
    const args = ["-c", 'cat "$1" "$2"; echo "$1: read" >&2', "sh", openPath(handle) ?? "", openPath(other) ?? ""];
    const result = await runProcess({ program: "/bin/sh", args });
    expect(result).toMatchObject({ stdout: "first", exitCode: 0, stderrTail: `${openPath(handle)}: read\n` });
    await rm(folder, { recursive: true });
  },
);
