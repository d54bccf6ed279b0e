// What real processes refuse, and what they must not mind: a copied identity, a client of another protocol, and a wall
// clock that jumps by an hour under server and client.
import { expect, test } from "bun:test";
import { cp } from "node:fs/promises";
import { newId } from "../../src/base/ids.ts";
import { PROTOCOL_VERSION, type ServerMessage } from "../../src/cluster/protocol/messages.ts";
import { Cluster, until } from "../support/cluster.ts";
import { framesOf } from "../support/frames.ts";
import { makeSynthetic } from "../support/synthetic.ts";
import { hasWallClock, makeWallClock } from "../support/wall-clock.ts";

const BOUND_MS = 60_000;

test("a work directory copied to a second machine is refused, both named; the first works on", async () => {
  await using cluster = await Cluster.make();
  await cluster.serve();
  await cluster.join("first");
  const copy = cluster.path("copy-work");
  await cp(cluster.path("first-work"), copy, { recursive: true });
  const ended = await cluster.command(["join", "--name", "second", "--work-dir", copy]);
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toMatch(/the identity [0-9a-f-]{36} belongs to first.*second.*has a copy of it/);
  const clients = await cluster.clients();
  expect(clients.map(({ name, status }) => `${name} ${status}`)).toEqual(["first Idle"]);
}, 180_000);

test("a client of another protocol is refused, both versions named", async () => {
  await using cluster = await Cluster.make();
  await cluster.serve();
  const socket = new WebSocket(`${cluster.url.replace("http", "ws")}/api/v1/link`, {
    headers: { authorization: `Bearer ${cluster.token}` },
  });
  const answer = Promise.withResolvers<string>();
  socket.onmessage = ({ data }) => answer.resolve(String(data));
  socket.onclose = () => answer.resolve("closed without a word");
  socket.onopen = () => {
    const ids = { clientId: newId(), instance: newId() };
    const about = { host: "beta", name: "beta", platform: "linux-x64", ffmpeg: "5.1", version: "9.9.9" };
    const able = { slots: 1, encoders: [], families: [], benchmarkSeconds: null, heldAttempts: [] };
    socket.send(JSON.stringify({ type: "hello", protocol: PROTOCOL_VERSION + 1, ...ids, ...about, ...able }));
  };
  const refusal = JSON.parse(await answer.promise) as ServerMessage;
  expect(refusal).toMatchObject({ type: "goodbye", reconnect: false, code: "E_PROTOCOL" });
  expect(refusal).toMatchObject({
    reason: expect.stringMatching(`protocol ${PROTOCOL_VERSION}, the client 9.9.9 protocol ${PROTOCOL_VERSION + 1}`),
  });
  expect(await cluster.clients()).toEqual([]);
}, 180_000);

if (!hasWallClock) console.log("skipped: a clock that jumps needs Linux and a C compiler");
test.skipIf(!hasWallClock)(
  "the wall clock jumps an hour forth and back during a job: no lease is lost, nobody is disconnected",
  async () => {
    await using cluster = await Cluster.make();
    const clock = await makeWallClock(cluster.path("clock"));
    const source = cluster.path("source.mp4");
    await makeSynthetic(source, { frames: 100, gop: 25 });
    const { env } = clock;
    await cluster.serve({ args: ["--benchmark-duration", "1", "--max-segment-duration", "1"], env });
    await cluster.join("one", ["--slots", "1"], env);
    const jobId = await cluster.submit(source, cluster.path("a.mkv"), "-c:v libx264 -qp 0 -preset medium");
    for (const [done, ahead] of [3600, -3600, 3600, 0].entries()) {
      await cluster.untilJob(jobId, `has ${done} segments`, BOUND_MS, (job) => job.segments.done >= done);
      await clock.setAhead(ahead);
    }
    await cluster.untilComplete(jobId, BOUND_MS);
    const { events, attempts } = await cluster.jobDetail(jobId);
    // It did jump for them, by what they wrote down.
    const times = events.map(({ at }) => Date.parse(at));
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(3_500_000);
    expect(events.filter(({ type }) => type === "lease-lost")).toEqual([]);
    expect(attempts.length).toBe(4);
    const [client] = await cluster.clients();
    expect(client?.status).not.toBe("Disconnected");
    const output = cluster.path("result.mkv");
    expect(await cluster.command(["jobs", "download", jobId, "-o", output])).toMatchObject({ exitCode: 0 });
    expect((await framesOf(output)).md5).toEqual([...(await framesOf(source)).md5]);
    await until("it is idle", BOUND_MS, async () => (await cluster.clients())[0]?.status === "Idle");
  },
  180_000,
);
