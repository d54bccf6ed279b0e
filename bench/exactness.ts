// What exactness costs in a whole job: the share of the wall time after the last encode (verify, stitch, checks), and
// what segmenting does to size and quality against one unsegmented run of plain ffmpeg: at equal CRF, and at equal size.
import { readFile, rm, writeFile } from "node:fs/promises";
import type { JobDetailView } from "../src/cluster/server/views.ts";
import { Cluster } from "../test/support/cluster.ts";
import { equalSize } from "./equal-size.ts";
import { benchOptions, median, print, run, spread } from "./lib.ts";

const ENCODERS: Readonly<Record<string, { readonly params: readonly string[]; readonly crf: number }>> = {
  libx264: { params: ["-c:v", "libx264", "-preset", "veryfast"], crf: 23 },
  libx265: { params: ["-c:v", "libx265", "-preset", "ultrafast"], crf: 28 },
};

/** Milliseconds from the first to the last of two kinds of moments in a job's history. */
function between(job: JobDetailView, from: (detail: string) => boolean, to: (detail: string) => boolean): number {
  const at = (wanted: (detail: string) => boolean) =>
    Date.parse(job.events.find((event) => event.type === "job-status" && wanted(event.detail))?.at ?? "");
  return at(to) - at(from);
}

async function videoBytes(path: string): Promise<number> {
  const child = Bun.spawn(
    ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=size", "-of", "csv=p=0", path],
    { stdout: "pipe", stderr: "ignore" },
  );
  const sizes = (await new Response(child.stdout).text()).trim().split("\n");
  return sizes.reduce((sum, size) => sum + Number.parseInt(size, 10), 0);
}

/** Mean PSNR (dB) and SSIM over all frames against the source. */
async function quality(path: string, source: string, folder: string): Promise<{ psnr: number; ssim: number }> {
  const statistics = `${folder}/quality.txt`;
  const child = Bun.spawn(
    [
      ...["ffmpeg", "-nostdin", "-v", "info", "-i", path, "-i", source],
      ...["-lavfi", "[0:v:0]split[a][b];[1:v:0]split[c][d];[a][c]psnr;[b][d]ssim", "-f", "null", "-"],
    ],
    { stdout: "ignore", stderr: "pipe" },
  );
  await writeFile(statistics, await new Response(child.stderr).text());
  const text = await readFile(statistics, "utf8");
  return {
    psnr: Number(/PSNR .*average:([\d.]+)/.exec(text)?.[1]),
    ssim: Number(/SSIM .*All:([\d.]+)/.exec(text)?.[1]),
  };
}

const { clip, runs } = benchOptions(3);
await using cluster = await Cluster.make();
await cluster.serve();
await cluster.join("all-cores");
for (const [encoder, { params, crf }] of Object.entries(ENCODERS)) {
  const shares: number[] = [];
  const output = cluster.path("cluster.mp4");
  for (let round = 0; round < runs; round += 1) {
    await rm(output, { force: true });
    const jobId = await cluster.submit(clip, output, [...params, "-crf", crf].join(" "));
    await cluster.untilJob(jobId, "is complete", 600_000, (job) => job.status === "Completed");
    const job = await cluster.jobDetail(jobId);
    const whole = Date.parse(job.completed_at ?? "") - Date.parse(job.created_at);
    const after = between(
      job,
      (detail) => detail.endsWith("Combining"),
      (detail) => detail.endsWith("Completed"),
    );
    shares.push((100 * after) / whole);
    if (round === runs - 1) await cluster.command(["jobs", "download", jobId, "-o", output]);
  }
  print(
    `${encoder}: stitch and checks ${spread(shares)} % of the wall time (goal < 3 %; median ${median(shares).toFixed(2)})`,
  );
  const plain = cluster.path("plain.mp4");
  const encodeWhole = async (at: number) => {
    const whole = ["-map", "0:v:0", "-an", ...params, "-crf", String(at), plain];
    await run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", clip, ...whole]);
    return await videoBytes(plain);
  };
  const ours = await videoBytes(output);
  const segmented = await quality(output, clip, cluster.folder);
  const compare = async (what: string, bytes: number) => {
    const one = await quality(plain, clip, cluster.folder);
    const larger = (100 * (ours / bytes - 1)).toFixed(2);
    print(`  ${what}: size ${ours} against ${bytes} bytes unsegmented: ${larger} %`);
    print(`    PSNR ${segmented.psnr.toFixed(3)} against ${one.psnr.toFixed(3)} dB`);
    print(`    SSIM ${segmented.ssim.toFixed(5)} against ${one.ssim.toFixed(5)}`);
  };
  const known = { crf, bytes: await encodeWhole(crf) };
  await compare("equal CRF (goal within 1 %)", known.bytes);
  const equal = await equalSize(ours, known, encodeWhole);
  // The last that was tried need not be the nearest.
  await compare(`equal size, unsegmented at CRF ${equal.crf}`, await encodeWhole(equal.crf));
}
