// The packed client library, as a program in an empty folder sees it: its types, and whom it believes.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { z } from "zod";
import { typeText } from "../../packaging/npm/declarations.ts";
import { serveApi } from "../../src/api/serve-api.ts";
import { silentLog } from "../../src/base/log.ts";
import { fingerprintOf } from "../../src/base/tls/trust.ts";
import { MemoryCoordinator } from "../support/memory-coordinator.ts";
import { installPacked } from "../support/packed-library.ts";

const PROGRAM = `import { FfclusterClient, FfclusterError, type Job, type NewJob, type Proof } from "ffcluster/client";
const cluster = new FfclusterClient({ server: "node-1", token: "t", tlsFingerprint: "00" });
const wanted: NewJob = { ffmpeg_params: "-c:v libx264", priority: 9 };
const job: Job = await cluster.submit("a.mp4", wanted, { onUpload: (have: number) => void have });
for await (const { status, progress } of cluster.jobs.follow(job.job_id)) console.log(status satisfies string, progress + 1);
const proof: Proof = await cluster.jobs.proof(job.job_id);
const names: string[] = (await cluster.clients.list("Idle")).map(({ name }) => name);
await cluster.submit("s3://films/a.mkv", { output_url: "s3://results/a.mp4", copy_source: true });
await cluster.jobs.move(job.job_id, { before: "3f2a" });
await cluster.submit({ name: "b.mkv", bytes: 1, stream: (async function* () { yield new Uint8Array(1); })() });
try { await cluster.jobs.download(job.job_id, "out.mp4", { overwrite: true }); }
catch (error) { if (error instanceof FfclusterError && error.code === "E_DIGEST") console.log(error.hint, error.status, proof.exact, names); }
// @ts-expect-error no such field
await cluster.submit("a.mp4", { ffmpeg_parameters: "" });
// @ts-expect-error no such code
new FfclusterError("E_NOTHING", "", "");
`;

let folder: string;
let project: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-library-"));
  project = await installPacked(folder);
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

test("a program in TypeScript finds the types, and they know what is wrong", async () => {
  await writeFile(join(project, "program.ts"), PROGRAM);
  const compiler = resolve(import.meta.dir, "../../node_modules/typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"];
  const checked = Bun.spawnSync(["node", compiler, ...options, "--types", "", "program.ts"], { cwd: project });
  expect([checked.stdout.toString(), checked.exitCode]).toEqual(["", 0]);
}, 120_000);

/** Asks with each of these options in turn, and says what came of it. */
const ASK = `import { FfclusterClient } from "ffcluster/client";
const [server, ...options] = process.argv.slice(2);
const said = [];
for (const each of options) {
  const cluster = new FfclusterClient({ server, token: "test-token", ...JSON.parse(each) });
  said.push(await cluster.server().then(({ version }) => version, ({ code }) => code));
}
console.log(JSON.stringify(said));
`;

test.each(["node", process.execPath])(
  "%s pins the server's certificate, and sends no other one a token",
  async (program) => {
    const pem = (name: string) => readFile(resolve(import.meta.dir, "../fixtures/tls", name), "utf8");
    const tls = { cert: await pem("cert.pem"), key: await pem("key.pem") };
    const coordinator = await MemoryCoordinator.open();
    const server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog, tls });
    try {
      await writeFile(join(project, "ask.mjs"), ASK);
      const options = [
        { tlsFingerprint: fingerprintOf(tls.cert) },
        { tlsFingerprint: fingerprintOf(await pem("other-cert.pem")) },
        { tlsCa: tls.cert },
        { tlsCa: await pem("other-cert.pem") },
        {},
      ].map((each) => JSON.stringify(each));
      const child = Bun.spawn([program, "ask.mjs", server.url, ...options], { cwd: project, stdout: "pipe" });
      const said = JSON.parse(await child.stdout.text()) as string[];
      const { version } = coordinator.info();
      expect(said).toEqual([version, "E_CERTIFICATE", version, "E_CERTIFICATE", "E_CERTIFICATE"]);
    } finally {
      await server.stop();
      await coordinator.close();
    }
  },
  60_000,
);

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
