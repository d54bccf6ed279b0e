// The NUT that ffmpeg writes for segments, read here and by ffprobe: the same times in the same order, the same parameter
// sets; damaged and foreign files have no answer here.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool } from "../../base/process.ts";
import { findTools, type Tools } from "../tools.ts";
import { probeSegmentPackets, readSegmentPackets } from "../verify-segment.ts";
import { readNut } from "./read-nut.ts";

let tools: Tools;
let folder: string;
beforeAll(async () => {
  tools = await findTools(process.env);
  folder = await mkdtemp(join(tmpdir(), "ffcluster-nut-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(name: string, args: readonly string[]): Promise<string> {
  const path = join(folder, name);
  const result = await runTool({
    program: tools.ffmpeg,
    args: ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=20", ...args, "-y", path],
  });
  expect({ exitCode: result.exitCode, stderr: result.stderrTail }).toMatchObject({ exitCode: 0 });
  return path;
}

const FAR = ["-output_ts_offset", "100100000", "-fps_mode", "passthrough"];
const UNEVEN = ["-vf", "select='mod(n*n\\,7)'", "-enc_time_base", "1/90000"];

test.each([
  ["b-pyramid", ["-c:v", "libx264", "-preset", "medium", "-g", "40", "-bsf:v", "dump_extra"]],
  ["uneven", ["-c:v", "libx264", "-preset", "veryfast", "-bsf:v", "dump_extra", ...UNEVEN]],
  ["large packets", ["-c:v", "huffyuv", "-vf", "scale=640:480,noise=alls=60:allf=t", "-t", "2"]],
  ["mpeg4", ["-c:v", "mpeg4", "-bf", "2", "-enc_time_base", "1/12800"]],
] as const)(
  "%s",
  async (name, args) => {
    const path = await make(`${name}.nut`, [...args, ...FAR]);
    const own = await readNut(path);
    const probed = await probeSegmentPackets(tools, path);
    expect(own?.pts.length).toBeGreaterThan(40);
    expect(await readSegmentPackets(tools, path)).toEqual(probed);
    expect(typeof probed).toBe("object");
  },
  120_000,
);

test("what is cut off, or no NUT, has no answer here", async () => {
  const path = await make("whole.nut", ["-c:v", "mpeg4", "-t", "2", ...FAR]);
  const bytes = await readFile(path);
  const other = join(folder, "other.nut");
  const read = async (content: Uint8Array) => {
    await writeFile(other, content);
    return await readNut(other);
  };
  expect((await read(bytes))?.pts.length).toBe(50);
  expect(await read(bytes.subarray(0, bytes.length - 40))).toBeNull();
  expect(await read(bytes.subarray(0, 200))).toBeNull();
  expect(await read(bytes.subarray(1))).toBeNull();
  expect(await read(new Uint8Array(0))).toBeNull();
  expect(await readNut(join(folder, "missing.nut"))).toBeNull();
}, 120_000);
