import { expect, test } from "bun:test";
import { probeTimeoutMs, runTool } from "./run-tool.ts";
import { toolEnvironment } from "./sandbox/tool-environment.ts";

const nothing = { reads: [], writes: [] };
const off = { mode: "off", programs: [] } as const;

test.skipIf(process.platform !== "linux")("a program of another C library reads no cache of this one's", async () => {
  const tools = { ffmpeg: "/bin/sh", ffprobe: "/bin/sh", sandbox: off };
  const { stdout } = await runTool({ tools, program: "ffmpeg", args: ["-c", 'echo "$GCONV_PATH"'], ...nothing });
  expect(stdout.trim()).toBe(process.env.GCONV_PATH ?? "/nonexistent/gconv");
  expect(toolEnvironment({ GCONV_PATH: "/opt/gconv" }).GCONV_PATH).toBe("/opt/gconv");
});

test.skipIf(process.platform === "win32")("an ffprobe that never ends is ended, and says so", async () => {
  const tools = { ffmpeg: "/bin/sh", ffprobe: "/bin/sh", sandbox: off };
  const options = { tools, args: ["-c", "sleep 60 & wait"], reads: [import.meta.path], writes: [] };
  const sizes: number[] = [];
  const soon = (bytes: number) => {
    sizes.push(bytes);
    return 100;
  };
  const result = await runTool({ ...options, program: "ffprobe" }, soon);
  expect(result).toMatchObject({ ended: "timeout", stderrTail: "ffprobe did not come to an end within its time" });
  expect(sizes).toEqual([Bun.file(import.meta.path).size]);
  await runTool({ ...options, args: ["-c", "exit 0"], program: "ffmpeg" }, soon);
  await runTool({ ...options, args: ["-c", "exit 0"], program: "ffprobe", timeoutMs: 9000 }, soon);
  expect(sizes).toHaveLength(1);
  expect(probeTimeoutMs(100 * 1024 ** 3) / 3_600_000).toBeCloseTo(28.6, 1);
});

test("a tool that isn't there is named, with what to do", async () => {
  const tools = { ffmpeg: "/nonexistent/ffmpeg", ffprobe: "/nonexistent/ffprobe", sandbox: off };
  await expect(runTool({ tools, program: "ffmpeg", args: [], ...nothing })).rejects.toMatchObject({
    code: "E_FFMPEG_MISSING",
    message: "cannot start /nonexistent/ffmpeg",
    hint: expect.stringContaining("FFCLUSTER_FFMPEG_DIR"),
  });
});

test("of this program's environment a tool gets what its libraries read: no token, key or proxy", () => {
  const secrets = { FFCLUSTER_TOKEN: "a", HTTPS_PROXY: "b", AWS_SECRET_ACCESS_KEY: "c", FFREPORT: "file=d" };
  const kept = { PATH: "/bin", HOME: "/home/me", LC_ALL: "C", LIBVA_DRIVER_NAME: "iHD", CUDA_VISIBLE_DEVICES: "0" };
  const got = toolEnvironment({ ...secrets, ...kept });
  expect(got).toMatchObject(kept);
  expect(Object.keys(got).filter((name) => name in secrets)).toEqual([]);
});
