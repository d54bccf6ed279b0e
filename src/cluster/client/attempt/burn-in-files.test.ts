import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../../base/digest.ts";
import { AppError } from "../../../base/errors.ts";
import { newId } from "../../../base/ids.ts";
import type { Offer } from "../../protocol/messages.ts";
import { type BurnInFiles, openBurnInFiles } from "./burn-in-files.ts";

const BYTES = new TextEncoder().encode("subtitles and fonts ".repeat(5000));
const FILE = { bytes: BYTES.length, sha256: sha256Of(BYTES) };

let folder: string;
let server: Bun.Server<undefined>;
let asked: string[];
let answers: Response[];
let files: BurnInFiles;
let isAsked: PromiseWithResolvers<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffc-side-"));
  asked = [];
  answers = [];
  isAsked = Promise.withResolvers();
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      asked.push(`${new URL(request.url).pathname} ${request.headers.get("authorization")}`);
      isAsked.resolve();
      return answers.shift() ?? new Response(BYTES);
    },
  });
  const remote = { serverUrl: `http://127.0.0.1:${server.port}`, token: "t" };
  files = await openBurnInFiles(remote, join(folder, "side"), async (path) => {
    const text = await Bun.file(path).text();
    if (text.startsWith("#EXTM3U")) throw new AppError("E_SOURCE_REFUSED", "it is no Matroska", "");
  });
});
afterEach(async () => {
  await server.stop(true);
  await rm(folder, { recursive: true, force: true });
});

function offer(jobId: string, sideFiles: Offer["sideFiles"] = [FILE]): Offer {
  const source = {
    sourceId: newId(),
    bytes: 1,
    blockBytes: 1,
    path: "/x",
    mtimeMs: 0,
    firstBlockSha256: "",
    lastBlockSha256: "",
  };
  const secret = "0".repeat(64);
  return {
    type: "offer",
    attemptId: newId(),
    secret,
    jobId,
    segmentIndex: 0,
    isBenchmark: false,
    source,
    sideFiles,
    task: {},
  };
}
const never = new AbortController().signal;

test("a file is fetched once with the token, for all who want it, and kept for the job's next segment", async () => {
  const jobId = newId();
  const [one, two] = await Promise.all([files.open(offer(jobId), never), files.open(offer(jobId), never)]);
  expect(one.paths).toEqual(two.paths);
  expect(await readFile(one.paths[0] ?? "")).toEqual(Buffer.from(BYTES));
  one.release();
  two.release();
  (await files.open(offer(jobId), never)).release();
  expect(asked).toEqual([`/api/v1/jobs/${jobId}/side-files/0 Bearer t`]);
});

test("it goes when another job's is fetched, but never while it is used", async () => {
  const other = new TextEncoder().encode("other");
  const wanted = [{ bytes: other.length, sha256: sha256Of(other) }];
  const used = await files.open(offer(newId()), never);
  answers.push(new Response(other));
  const second = await files.open(offer(newId(), wanted), never);
  expect(await readdir(join(folder, "side"))).toHaveLength(2);
  used.release();
  second.release();
  (await files.open(offer(newId(), wanted), never)).release();
  expect(await readdir(join(folder, "side"))).toHaveLength(1);
});

test("wrong bytes and a busy server are tried again; what is damaged never lands", async () => {
  const damaged = BYTES.slice();
  damaged[7] = 0;
  answers.push(new Response(damaged), new Response("busy", { status: 503 }), new Response(BYTES.slice(1)));
  const handle = await files.open(offer(newId()), never);
  expect(asked).toHaveLength(4);
  expect(sha256Of(await readFile(handle.paths[0] ?? ""))).toBe(FILE.sha256);
  expect(await readdir(join(folder, "side"))).toHaveLength(1);
});

test("a refusal is thrown as it is; the next attempt asks again", async () => {
  const body = { error: { code: "E_UNKNOWN_ID", message: "no such file", hint: "It may have ended." } };
  answers.push(Response.json(body, { status: 404 }));
  const refused = await files.open(offer(newId()), never).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(AppError);
  expect(refused).toMatchObject({ code: "E_UNKNOWN_ID" });
  expect((await files.open(offer(newId()), never)).paths).toHaveLength(1);
});

test("one that is stopped in the middle leaves the file to the other", async () => {
  const abort = new AbortController();
  const hanging = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(BYTES.slice(0, 100)) });
  answers.push(new Response(hanging));
  const jobId = newId();
  const first = files.open(offer(jobId), abort.signal).catch((thrown: unknown) => thrown);
  const second = files.open(offer(jobId), never);
  await isAsked.promise;
  abort.abort(new Error("stopped"));
  await first;
  expect((await second).paths).toHaveLength(1);
});

test("what is not what it should be never lands, and is not asked for again", async () => {
  const playlist = new TextEncoder().encode("#EXTM3U\nfile:///etc/passwd\n");
  const wanted = [{ bytes: playlist.length, sha256: sha256Of(playlist) }];
  answers.push(new Response(playlist));
  const refused = await files.open(offer(newId(), wanted), never).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: "E_SOURCE_REFUSED" });
  expect(asked).toHaveLength(1);
  expect(await readdir(join(folder, "side"))).toEqual([]);
});
