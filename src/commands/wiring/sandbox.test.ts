// --sandbox, and what `doctor` says of it: its attempts are seen to fail, and seen where they do not.
import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../base/log.ts";
import { sandboxSupport } from "../../base/sandbox/sandbox-support.ts";
import { findTools } from "../../media/ffmpeg/tools.ts";
import { checkSandbox, sayUnfit } from "./check-sandbox.ts";
import { proveSandbox } from "./prove-sandbox.ts";

const { confines, words } = await sandboxSupport();
if (confines.length < 3) console.error(`skipped: ${words}`);

test("where there is no sandbox, only one that is required is missed; one that is off is said aloud", async () => {
  const lines: string[] = [];
  const log = createLog("debug", [], { write: (line) => lines.push(line) });
  const none = async () => ({ confines: [], words: "this kernel has no Landlock" });
  await checkSandbox("auto", log, none);
  await checkSandbox("off", log, none);
  expect(lines.join("")).toMatch(/sandbox for ffmpeg: this kernel has no Landlock.*warn.*the sandbox is off/is);
  await expect(checkSandbox("require", log, none)).rejects.toMatchObject({
    code: "E_SANDBOX",
    message: "--sandbox require: this kernel has no Landlock",
  });
});

test("what macOS and Windows have is said plainly", async () => {
  expect(await sandboxSupport("darwin")).toEqual({
    confines: [],
    words:
      "only Linux has a sandbox for it; ffmpeg gets an environment without secrets and bounds of time, but it may touch all that this user may",
  });
  expect((await sandboxSupport("win32")).words).toContain("without secrets and bounds of time and memory, but");
});

test("doctor and the log say what an ffmpeg behind a launcher does not bear, and what to do", async () => {
  const losesOpenFiles = "/x/ffmpeg can't read a file that is handed over open";
  const none = { ffmpeg: "", ffprobe: "", version: "7.1", major: 7, minor: 1 };
  const tools = { ...none, sandbox: { mode: "off", programs: [], unfit: "it does not run", losesOpenFiles } } as const;
  const [sandbox, files] = await proveSandbox(tools, tmpdir(), AbortSignal.timeout(60_000));
  expect(sandbox).toMatchObject({ ok: true, detail: expect.stringMatching(/^off, because.*FFCLUSTER_FFMPEG_DIR/) });
  expect(files).toMatchObject({ ok: true, detail: expect.stringMatching(/^\/x\/ffmpeg can't.*FFCLUSTER_FFMPEG_DIR/) });
  const lines: string[] = [];
  sayUnfit(tools, createLog("warn", [], { write: (line) => lines.push(line) }));
  expect(lines.join("")).toMatch(/it does not run.*handed over open: sources are opened by name/s);
});

test.skipIf(confines.length < 3)(
  "doctor tries to read, write and connect elsewhere, and sees when that is possible",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "ffcluster-prove-"));
    const signal = AbortSignal.timeout(60_000);
    try {
      const tools = await findTools(process.env, "auto");
      const proven = await proveSandbox(tools, await mkdtemp(join(folder, "a")), signal);
      expect(proven.map(({ ok, detail }) => [ok, detail])).toEqual([
        [true, words],
        ...Array.from({ length: 3 }, () => [true, "refused"]),
      ]);
      const readable = { ...tools, sandbox: { mode: "auto", programs: [folder] } } as const;
      const [, read, write] = await proveSandbox(readable, await mkdtemp(join(folder, "b")), signal);
      expect(read).toMatchObject({ ok: false, detail: "NOT REFUSED" });
      expect(write).toMatchObject({ ok: true });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  60_000,
);
