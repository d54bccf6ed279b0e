// The types of the client library, as a program in an empty folder sees them.
import { expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { typeText } from "../../packaging/npm/declarations.ts";
import { installPacked } from "../support/packed-library.ts";

const PROGRAM = `import { FfclusterClient, FfclusterError, type Job, type NewJob, type Proof } from "ffcluster/client";
const cluster = new FfclusterClient({ server: "node-1", token: "t", tlsFingerprint: "00" });
const wanted: NewJob = { ffmpeg_params: "-c:v libx264", priority: 9 };
const job: Job = await cluster.submit("a.mp4", wanted, { onUpload: (have: number) => void have });
for await (const { status, progress } of cluster.jobs.follow(job.job_id)) console.log(status satisfies string, progress + 1);
const proof: Proof = await cluster.jobs.proof(job.job_id);
const names: string[] = (await cluster.clients.list("Idle")).map(({ name }) => name);
await cluster.submit({ name: "b.mkv", bytes: 1, stream: (async function* () { yield new Uint8Array(1); })() });
try { await cluster.jobs.download(job.job_id, "out.mp4", { overwrite: true }); }
catch (error) { if (error instanceof FfclusterError && error.code === "E_DIGEST") console.log(error.hint, error.status, proof.exact, names); }
// @ts-expect-error no such field
await cluster.submit("a.mp4", { ffmpeg_parameters: "" });
// @ts-expect-error no such code
new FfclusterError("E_NOTHING", "", "");
`;

test("a program in TypeScript finds the types, and they know what is wrong", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ffcluster-library-"));
  try {
    const project = await installPacked(folder);
    await writeFile(join(project, "program.ts"), PROGRAM);
    const compiler = resolve(import.meta.dir, "../../node_modules/typescript/bin/tsc");
    const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"];
    const checked = Bun.spawnSync(["node", compiler, ...options, "--types", "", "program.ts"], { cwd: project });
    expect([checked.stdout.toString(), checked.exitCode]).toEqual(["", 0]);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 120_000);

test("types are printed from schemas", () => {
  const schema = z.object({
    name: z.string(),
    sort: z.enum(["a", "b"]).nullable(),
    parts: z.array(z.union([z.number(), z.literal("ever")])).optional(),
    by: z.record(z.string(), z.boolean()),
  });
  expect(typeText(z.toJSONSchema(schema))).toBe(`{
  readonly name: string;
  readonly sort: "a" | "b" | null;
  readonly parts?: readonly (number | "ever")[];
  readonly by: { readonly [name: string]: boolean };
}`);
});
