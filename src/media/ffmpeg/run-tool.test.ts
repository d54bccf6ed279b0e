import { expect, test } from "bun:test";
import { runTool } from "./run-tool.ts";
import { toolEnvironment } from "./tool-environment.ts";

test.skipIf(process.platform !== "linux")("a program of another C library reads no cache of this one's", async () => {
  const { stdout } = await runTool({ program: "/bin/sh", args: ["-c", 'echo "$GCONV_PATH"'] });
  expect(stdout.trim()).toBe(process.env.GCONV_PATH ?? "/nonexistent/gconv");
  expect(toolEnvironment({ GCONV_PATH: "/opt/gconv" }).GCONV_PATH).toBe("/opt/gconv");
});

test("a tool that isn't there is named, with what to do", async () => {
  await expect(runTool({ program: "/nonexistent/ffmpeg", args: [] })).rejects.toMatchObject({
    code: "E_FFMPEG_MISSING",
    message: "cannot start /nonexistent/ffmpeg",
    hint: expect.stringContaining("FFCLUSTER_FFMPEG_DIR"),
  });
});
