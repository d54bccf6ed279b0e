// A version that dies of a file is named as that; the tool is a stand-in, a script that kills itself.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firstFrameSideData } from "../source/first-frame.ts";
import { probeSource } from "../source/probe.ts";
import type { Tools } from "./tools.ts";

let folder: string;
let tools: Tools;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-crash-"));
  const ffprobe = join(folder, "ffprobe");
  const sandbox = { mode: "auto", programs: [ffprobe] } as const;
  tools = { ffmpeg: "ffmpeg", ffprobe, sandbox, version: "6.0-static", major: 6, minor: 0 };
  await writeFile(tools.ffprobe, "#!/bin/sh\nkill -SEGV $$\n");
  await chmod(tools.ffprobe, 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const refusal = {
  code: "E_SOURCE_REFUSED",
  message: expect.stringContaining("ffprobe 6.0-static crashed (SIGSEGV) on "),
};

test.skipIf(process.platform === "win32")("a source that ffprobe dies of is refused by that name", async () => {
  const hint = expect.stringContaining("Another version of ffmpeg may read it");
  await expect(probeSource(tools, tools.ffprobe)).rejects.toMatchObject({ ...refusal, hint });
});

test.skipIf(process.platform === "win32")(
  "and so is one whose first picture it dies of, not taken for plain",
  async () => {
    const file = { path: "/films/film.mkv", formats: "matroska", streamIndex: 0 };
    await expect(firstFrameSideData(tools, file)).rejects.toMatchObject(refusal);
  },
);
