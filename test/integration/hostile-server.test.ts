// A whole client whose server is hostile: its offers name files of the client's machine, in every place where a path or a
// word of ffmpeg stands. The client refuses, or does honest work with what the server sent.
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256Of } from "../../src/base/digest.ts";
import { newId } from "../../src/base/ids.ts";
import { silentLog } from "../../src/base/log.ts";
import { runClient } from "../../src/cluster/client/run-client.ts";
import type { ClientMessage, Offer } from "../../src/cluster/protocol/messages.ts";
import { openClientStore } from "../../src/db/client-store.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import type { SegmentTask } from "../../src/media/model/segment.ts";
import { makeOffer } from "../support/offers.ts";
import { StandInCoordinator } from "../support/stand-in-coordinator.ts";
import { makeSynthetic } from "../support/synthetic.ts";

setDefaultTimeout(120_000);

const tools = await findTools(process.env);
const BLOCK = 65_536;
const MOST_GROWTH = 200e6;

let folder: string;
let server: StandInCoordinator;
let offer: Offer & { readonly task: SegmentTask };
let secret: string;
const stopping = new AbortController();
let ended: Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-hostile-server-"));
  for (const name of ["there", "client"]) await mkdir(join(folder, name));
  // Of the size of the source, so that only its content tells it from what was offered.
  const source = join(folder, "there/in.mp4");
  secret = join(folder, "client/secret.mp4");
  await makeSynthetic(source, { frames: 20, gop: 10, size: "64x36" });
  await writeFile(secret, new Uint8Array((await stat(source)).size));
  server = new StandInCoordinator({ folder, nonce: { path: "/dev/zero", sha256: sha256Of("") } });
  offer = await makeOffer(tools, source, "ultrafast", await server.addSource(source, BLOCK));
  const store = openClientStore(join(folder, "work"));
  ended = runClient(
    {
      ...{ serverUrl: server.url, token: "token", name: "node", slots: 1, sourceAccess: "auto", pathMap: [] },
      ...{ reconnectDelayMs: 20, persistent: true, benchmarkSeconds: null, tools, encoders: ["libx264"], store },
      log: silentLog,
      onStatus: () => undefined,
    },
    stopping.signal,
  ).finally(() => store.close());
  ended.catch(() => undefined); // it is stopped in the end
  await server.messages.next((message) => message.type === "hello");
});
afterAll(async () => {
  stopping.abort();
  await ended.catch(() => undefined);
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const isFailure = (message: ClientMessage) => message.type === "attempt-failed";

test("a word that would write a file is pasted nowhere: the offer is refused", async () => {
  const written = join(folder, "client/written");
  const word = `yuv420p,metadata=mode=print:file=${written}`;
  const { task } = offer;
  const { request, video } = task;
  const hostile = [
    { ...task, video: { ...video, pixelFormat: word } },
    { ...task, video: { ...video, colour: { ...video.colour, chromaLocation: word } } },
    { ...task, picture: { width: 64, height: 36, pixelFormat: word, sampleAspectRatio: null } },
    { ...task, request: { ...request, video: { ...request.video, pixelFormat: word } } },
    { ...task, request: { ...request, filters: [{ name: "metadata", options: [["file", written]] }] } },
    { ...task, request: { ...request, video: { ...request.video, privateOptions: [["passlogfile", written]] } } },
  ];
  for (const each of hostile) {
    server.send({ ...offer, attemptId: newId(), task: each as unknown as Offer["task"] });
    expect(await server.messages.next(isFailure)).toMatchObject({ kind: "refused" });
  }
  expect(await readdir(join(folder, "client"))).toEqual(["secret.mp4"]);
});

test.skipIf(process.platform === "win32")(
  "a nonce that is a device proves nothing, and costs nothing: the source comes from the server",
  async () => {
    const before = process.memoryUsage.rss();
    const { mtimeMs } = await stat(secret);
    const attemptId = newId();
    server.send({ ...offer, attemptId, source: { ...offer.source, path: secret, mtimeMs } });
    const { report } = await server.results.next((result) => result.attemptId === attemptId);
    expect(report.frames).toBe(20);
    expect(server.blockRequests).toContain(0);
    expect(process.memoryUsage.rss() - before).toBeLessThan(MOST_GROWTH);
  },
);

test("a side file that is a playlist of the client's files is opened by nothing, and goes", async () => {
  const playlist = Buffer.from(`#EXTM3U\n#EXTINF:1,\nfile://${secret}\n`);
  server.sideFile = playlist;
  const sideFiles = [{ bytes: playlist.length, sha256: sha256Of(playlist) }];
  server.send({ ...offer, attemptId: newId(), jobId: newId(), sideFiles });
  const failure = await server.messages.next(isFailure);
  expect(failure).toMatchObject({ kind: "source", reason: expect.stringContaining("Matroska") });
  const left = await readdir(join(folder, "work"), { recursive: true });
  expect(left.filter((name) => name.endsWith(".mkv"))).toEqual([]);
});
