import { expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readInventory } from "../media/ffmpeg/builds/inventory.ts";
import { findTools } from "../media/ffmpeg/tools.ts";
import { detectEncoders, workingEncoders } from "./detect.ts";
import { nvencDetector } from "./detectors/nvenc.ts";
import { qsvDetector } from "./detectors/qsv.ts";
import { softwareDetector } from "./detectors/software.ts";
import { vaapiDetector } from "./detectors/vaapi.ts";
import { firstWords, trialCommand } from "./trial.ts";

setDefaultTimeout(180_000);

test("several encoders share one ffmpeg, one output each", () => {
  expect(trialCommand(softwareDetector, ["libx264", "ffv1"], null).join(" ")).toBe(
    "-hide_banner -nostdin -v error -f lavfi -i testsrc2=size=256x144:rate=25:duration=0.12" +
      " -map 0:v -c:v libx264 -preset ultrafast -frames:v 3 -f null -" +
      " -map 0:v -c:v ffv1 -frames:v 3 -f null -",
  );
  expect(trialCommand(vaapiDetector, ["hevc_vaapi"], null).join(" ")).toBe(
    "-hide_banner -nostdin -v error -init_hw_device vaapi=gpu:/dev/dri/renderD128 -filter_hw_device gpu -f lavfi -i testsrc2=size=256x144:rate=25:duration=0.12" +
      " -map 0:v -vf format=pix_fmts=nv12,hwupload -c:v hevc_vaapi -frames:v 3 -f null -",
  );
  const large = { width: 4096, height: 2160, isDeep: true };
  expect(trialCommand(nvencDetector, ["hevc_nvenc"], "1", large).join(" ")).toBe(
    "-hide_banner -nostdin -v error -f lavfi -i color=c=gray:size=4096x2160:rate=25:duration=0.12" +
      " -map 0:v -pix_fmt p010le -c:v hevc_nvenc -gpu 1 -frames:v 1 -f null -",
  );
  expect(trialCommand(qsvDetector, ["h264_qsv"], "/dev/dri/renderD129").slice(4, 6)).toEqual([
    "-init_hw_device",
    "qsv=gpu:hw_any,child_device=/dev/dri/renderD129",
  ]);
});

test("the reason is ffmpeg's first complaint without its address", () => {
  const stderr =
    "[h264_nvenc @ 0x561a078bf180] Cannot load libcuda.so.1\nError initializing output stream 0:0 -- Error while opening encoder\n";
  expect(firstWords(stderr)).toBe("Cannot load libcuda.so.1");
  expect(firstWords("\nSvt[info]: hello\n")).toBe("ffmpeg failed without a word");
});

test("this machine: libx264 proven by a trial encode, every family answered, the second look is the kept one", async () => {
  const tools = await findTools(process.env);
  const kept = new Map<string, string>();
  const cache = {
    get: (key: string) => kept.get(key) ?? null,
    set: (key: string, json: string) => void kept.set(key, json),
  };
  const report = await detectEncoders(tools, { cache });
  expect(report.families.software).toMatchObject({ listed: true, working: true, reason: null });
  expect(workingEncoders(report, ["software"])).toContain("libx264");
  for (const found of Object.values(report.families)) {
    expect(found.working).toBe(found.encoders.length > 0);
    expect(found.reason === null).toBe(found.working);
  }
  expect(report.pixelFormats.libx264).toContain("yuv420p");
  expect(kept.size).toBe(1);
  expect(await detectEncoders(tools, { cache })).toEqual(report);
  for (const [key, json] of kept) kept.set(key, json.replaceAll("libx264", "kept264"));
  const second = await detectEncoders(tools, { cache });
  expect(workingEncoders(second)).toContain("kept264");
  // The lists of what ffmpeg has are kept with it, so that a start asks for none of them.
  expect(second.inventory.encoders).toContain("kept264");
  expect(second.inventory.filters).toEqual((await readInventory(tools)).filters);
});

test.skipIf(process.platform === "win32")(
  "one broken encoder does not take the others with it",
  async () => {
    const tools = await findTools(process.env);
    const folder = await mkdtemp(join(tmpdir(), "ffc-hw-"));
    try {
      // A stand-in in front of the real ffmpeg: it refuses whatever names libx265, as a damaged library would.
      const ffmpeg = join(folder, "ffmpeg");
      await writeFile(
        ffmpeg,
        `#!/bin/sh\n[ "$5" = -f ] && echo >> "${folder}/starts"\ncase "$*" in *libx265*) echo "[libx265 @ 0x1] library is damaged" >&2; exit 1;; esac\nexec ${tools.ffmpeg} "$@"\n`,
      );
      await chmod(ffmpeg, 0o755);
      const { encoders } = await readInventory(tools);
      const report = await detectEncoders(
        { ...tools, ffmpeg, sandbox: { mode: "off", programs: [] } },
        { cache: null },
      );
      expect(report.families.software.working).toBe(true);
      expect(report.families.software.encoders).toContain("libx264");
      const known = softwareDetector.encoders.filter((name) => encoders.has(name));
      expect(report.families.software.encoders).toEqual(known.filter((name) => name !== "libx265"));
      // By halves: fewer than one start for each.
      const starts = (await readFile(join(folder, "starts"), "utf8")).length;
      expect(starts).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(known.length)) + 1);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  30_000,
);

test.skipIf(process.platform === "win32")("what a busy machine did not answer is not kept", async () => {
  const tools = await findTools(process.env);
  const folder = await mkdtemp(join(tmpdir(), "ffc-hw-"));
  try {
    // A stand-in that has libx264 alone, whose trial stands still.
    const ffmpeg = join(folder, "ffmpeg");
    const script = [
      "#!/bin/sh",
      'case "$*" in *testsrc2*) exec sleep 60;; esac',
      `case "$*" in *-codecs*) ${tools.ffmpeg} "$@" | sed -n '/ h264 /s/encoders: [^)]*/encoders: libx264 /p'; exit;; esac`,
      `exec ${tools.ffmpeg} "$@"`,
    ];
    await writeFile(ffmpeg, `${script.join("\n")}\n`);
    await chmod(ffmpeg, 0o755);
    const kept = new Map<string, string>();
    const cache = { get: () => null, set: (key: string, json: string) => void kept.set(key, json) };
    const own = { ...tools, ffmpeg, sandbox: { mode: "off", programs: [] } } as const;
    const { software } = (await detectEncoders(own, { cache, idleMs: 1000 })).families;
    expect(software).toMatchObject({ listed: true, working: false });
    expect(software.reason).toContain("no processor time");
    expect(kept.size).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
