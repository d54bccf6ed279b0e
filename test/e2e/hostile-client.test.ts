// Clients that cheat: they have keys and leases, and hand in what was not asked for, what is another's, or too much of it.
// Nothing of it gets into the output, which an honest client then makes exact.
import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Offer } from "../../src/cluster/protocol/messages.ts";
import type { TokenView } from "../../src/cluster/server/views.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import type { SegmentTask } from "../../src/media/model/segment.ts";
import { encodeSegment } from "../../src/media/segment/encode-segment.ts";
import { Cluster, until } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { download } from "../support/same-frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const tools = await findTools(process.env);
const BOUND_MS = 120_000;
const FRAMES = 100;
const PARAMS = "-c:v libx264 -profile:v baseline";
/** Segments of a second each, so that four clients have one each; and patience with what they send. */
const SERVER = [
  "--benchmark-duration",
  "1",
  "--max-segment-duration",
  "1",
  "--retry-delay",
  "0.2",
  "--max-retries",
  "9",
];

type Video = SegmentTask["request"]["video"];

/** What the server asks of it, and why it will not have this. */
const FORGERIES: readonly { readonly what: string; readonly change: Partial<Video>; readonly why: RegExp }[] = [
  {
    what: "codec",
    change: { encoder: "mpeg4", profile: null, options: [] } as Partial<Video>,
    why: /is mpeg4 where h264/,
  },
  { what: "profile", change: { profile: "high" }, why: /its profile is High where baseline is asked/i },
  { what: "size", change: { size: { width: 160, height: 90 } }, why: /160x90/ },
];

/** A segment of other pictures than asked, at just the times that were planned. */
async function forge(offer: Offer, source: string, folder: string, change: Partial<Video>): Promise<Uint8Array> {
  const task = offer.task as unknown as SegmentTask;
  const request = { ...task.request, video: { ...task.request.video, ...change } };
  const where = { input: source, inputKind: "file", workDir: folder, threads: 1 } as const;
  const made = await encodeSegment(tools, { ...task, request }, where);
  if (!made.ok) throw new Error(`the forgery failed: ${made.reason}`);
  return await Bun.file(made.path).bytes();
}

test(
  "forged, stolen and oversized results, and a flood of hellos: the output is made by the honest client alone",
  async () => {
    await using cluster = await Cluster.make();
    await cluster.serve({ args: SERVER });
    const token = (await Bun.file(join(cluster.workDir, "join-token")).text()).trim();
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: FRAMES, gop: 25 });
    const make = (name: string) => new ProtocolClient({ url: cluster.url, token, name, tools });
    const hostile = ["forger-1", "forger-2", "forger-3", "thief"].map(make);
    for (const client of hostile) {
      expect((await client.enrol()).status).toBe(201);
      await client.open();
    }
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), PARAMS);
    const offers = await Promise.all(hostile.map((client) => client.offer()));
    let frames = 0;
    const beat = setInterval(() => {
      frames += 1;
      for (const [at, { attemptId }] of offers.entries())
        hostile[at]?.say({ type: "progress", attemptId, stage: "encoding", frames, fps: 1 });
    }, 1000);
    const [first, , , stolen] = offers;
    const [victim, , , thief] = hostile;
    if (first === undefined || stolen === undefined || victim === undefined || thief === undefined)
      throw new Error("four");

    // Who knows the id of a client gets no key of it.
    const asVictim = await thief.enrol(victim.clientId);
    expect(asVictim).toMatchObject({ status: 409, text: expect.stringContaining("E_IDENTITY_IN_USE") });
    // Another's attempt: with its own secret, with a guessed one, in the other's name, with no byte that counts.
    const junk = new Uint8Array(100);
    const steal = (attemptId: string, report: Parameters<ProtocolClient["sendResult"]>[2]) =>
      thief.sendResult(attemptId, junk, report);
    expect((await steal(first.attemptId, { secret: stolen.secret })).status).toBe(403);
    expect((await steal(first.attemptId, { secret: "0".repeat(64), clientId: victim.clientId })).status).toBe(403);
    expect((await steal(first.attemptId, { secret: first.secret, clientId: victim.clientId })).status).toBe(403);
    expect((await steal(first.attemptId, { secret: first.secret })).status).toBe(409);
    // What the link says of another's attempt is not heard either.
    thief.say({ type: "attempt-failed", attemptId: first.attemptId, kind: "encode", reason: "x" });
    thief.say({ type: "progress", attemptId: first.attemptId, stage: "uploading", frames: 24, fps: 9 });
    // Its own, but larger than its pictures: refused before a byte is taken, or where it is longer than it said.
    const oversized = await steal(stolen.attemptId, { secret: stolen.secret, bytes: 2 ** 40 });
    expect(oversized).toMatchObject({ status: 413, text: expect.stringContaining("E_TOO_LARGE") });
    const longer = await steal(stolen.attemptId, { secret: stolen.secret, bytes: 50 });
    expect(longer).toMatchObject({ status: 400, text: expect.stringContaining("E_DIGEST") });
    const { attempts } = await cluster.jobDetail(jobId);
    expect(attempts.filter(({ ended_at }) => ended_at === null).length).toBe(4);

    for (const [at, { what, change, why }] of FORGERIES.entries()) {
      const [client, offer] = [hostile[at], offers[at]];
      if (client === undefined || offer === undefined) throw new Error("one for each");
      const content = await forge(offer, source, cluster.path(`forged-${what}`), change);
      expect(await client.sendResult(offer.attemptId, content, { secret: offer.secret })).toMatchObject({
        status: 200,
      });
      await until(`the ${what} is refused`, BOUND_MS, async () => {
        const { events } = await cluster.jobDetail(jobId);
        const about = events.filter(
          ({ attempt_id, type }) => attempt_id === offer.attemptId && type !== "segment-leased",
        );
        return about.some(({ detail }) => why.test(detail));
      });
      client.say({ type: "goodbye" });
    }

    // A flood of hellos ends the link; who is gone is shown so at once, not when its lease has ended.
    for (let count = 0; count < 200; count += 1) await thief.hello();
    await until("the link of the flood ends", BOUND_MS, async () => !thief.isOpen);
    const statusOf = async (name: string) => (await cluster.clients()).find((each) => each.name === name)?.status;
    await until("it is shown as disconnected", 5000, async () => (await statusOf("thief")) === "Disconnected");
    expect((await cluster.clients()).length).toBe(4);
    const keys = await cluster.json<TokenView[]>(["token", "list"]);
    expect(keys.filter(({ role }) => role === "client").length).toBe(4);
    clearInterval(beat);

    await cluster.join("honest", ["--slots", "2"]);
    await cluster.untilComplete(jobId, BOUND_MS);
    const { segment_list } = await cluster.jobDetail(jobId);
    expect(new Set(segment_list.map(({ client }) => client))).toEqual(new Set(["honest"]));
    expect(await cluster.api<object>(`/jobs/${jobId}/proof`)).toMatchObject({ exact: true });
    expect((await framesOf(await download(cluster, jobId))).md5.length).toBe(FRAMES);
  },
  4 * BOUND_MS,
);
