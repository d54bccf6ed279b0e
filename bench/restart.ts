// How soon a server that was killed is of use again with a job of 10,000 segments behind it: from its start to the first
// answer, and to the first segment leased to a client. The rows are made by the scheduler and the store themselves:
// every segment leased, landed and verified in turn, with its attempts and events; ten are left to do, the last ones, so
// that nothing can be leased before the whole source is indexed again.
import { join } from "node:path";
import { newId } from "../src/base/ids.ts";
import { PROTOCOL_VERSION, type ServerMessage } from "../src/cluster/protocol/messages.ts";
import type { SchedulerEvent } from "../src/cluster/scheduler/model/decision.ts";
import type { IndexedGop } from "../src/cluster/scheduler/model/job.ts";
import type { SchedulerState } from "../src/cluster/scheduler/model/state.ts";
import { openServerStore } from "../src/db/server/server-store.ts";
import { Cluster } from "../test/support/cluster.ts";
import { commit } from "../test/support/commit.ts";
import { SchedulerBench } from "../test/support/scheduler-bench.ts";
import { benchOptions, print, run, spread } from "./lib.ts";

const SEGMENTS = 10_000;
const LEFT = 10;
const SLOTS = 100;
const { runs } = benchOptions(5);

await using cluster = await Cluster.make();
const source = cluster.path("source.mp4");
/** A frame a second, each a key frame: as many groups of a second. */
const video = `testsrc2=s=64x64:r=1,trim=end_frame=${SEGMENTS}`;
const encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "1", source];
await run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", video, ...encode]);

const args = ["--benchmark-duration", "1", "--max-segment-duration", "1", "--log-level", "error"];
const first = await cluster.serve({ args });
const jobId = await cluster.submit(source, cluster.path("out.mp4"), "-c:v libx264");
first.kill("SIGKILL");
await first.exited;
fill(join(cluster.workDir, "db", "server.db"), jobId);

const empty: number[] = [];
const answers: number[] = [];
const leases: number[] = [];
for (let round = 0; round < runs; round += 1) {
  const nothing = await answering(cluster.path("empty"));
  nothing.server.kill("SIGKILL");
  await nothing.server.exited;
  empty.push(nothing.seconds);
  const { server, began, seconds } = await answering(cluster.workDir);
  answers.push(seconds);
  await firstOffer();
  leases.push((performance.now() - began) / 1000);
  const { segment_list } = await cluster.jobDetail(jobId);
  const verified = segment_list.filter(({ state }) => state === "verified").length;
  if (verified !== SEGMENTS - LEFT) throw new Error(`${verified} segments are verified`);
  server.kill("SIGKILL");
  await server.exited;
}
print(`server with nothing, start to first answer            ${spread(empty)} s`);
print(`server with ${SEGMENTS} segments, start to first answer   ${spread(answers)} s  (goal ≤ 1 s)`);
print(`server with ${SEGMENTS} segments, start to first lease    ${spread(leases)} s  (goal ≤ 1 s)`);

async function answering(workDir: string) {
  const began = performance.now();
  const server = cluster.start("serve", [
    ...["serve", "--host", "127.0.0.1", "--port", String(cluster.port), "--work-dir", workDir],
    ...["--token", cluster.token, ...args],
  ]);
  while (!(await isHealthy())) await Bun.sleep(2);
  return { server, began, seconds: (performance.now() - began) / 1000 };
}

function fill(path: string, id: string): void {
  const store = openServerStore(path);
  const bench = new SchedulerBench(store.load().state);
  let committed: SchedulerState = bench.state;
  let events: SchedulerEvent[] = [];
  const send = (input: Parameters<SchedulerBench["send"]>[0]) => events.push(...bench.send(input).events);
  const commitAll = () => {
    commit(store, committed, bench.state, events);
    committed = bench.state;
    events = [];
  };
  send({ type: "restarted" });
  const { num, den } = bench.job(id).timeBase;
  const ticks = den / num;
  const gops: IndexedGop[] = Array.from({ length: SEGMENTS }, (_, at) => ({
    startPts: at * ticks,
    endPts: (at + 1) * ticks,
    frames: 1,
  }));
  send({ type: "index-advanced", jobId: id, gops });
  send({ type: "index-finished", jobId: id, totalFrames: SEGMENTS });
  events.push(...bench.hello("filler", { slots: SLOTS }).events);
  for (let done = 0; done < SEGMENTS - LEFT; ) {
    commitAll();
    for (const attempt of bench.attempts().slice(0, SEGMENTS - LEFT - done)) {
      events.push(...bench.land(attempt).events, ...bench.answer(attempt, "verified").events);
      done += 1;
    }
  }
  events.push(...bench.cut("filler", true).events);
  commitAll();
  store.close();
}

async function isHealthy(): Promise<boolean> {
  return await fetch(`${cluster.url}/healthz`).then(
    (response) => response.ok,
    () => false, // not yet
  );
}

/** A client that only says hello, as soon as it can. */
async function firstOffer(): Promise<void> {
  const socket = new WebSocket(`${cluster.url.replace("http", "ws")}/api/v1/link`, {
    headers: { authorization: `Bearer ${cluster.token}` },
  });
  const offered = Promise.withResolvers<void>();
  socket.onopen = () => {
    const ids = { clientId: newId(), instance: newId(), host: "bench", name: "bench" };
    const about = { platform: "linux-x64", ffmpeg: "5.1", version: "0.1.0", families: ["software"], slots: 1 };
    const able = { encoders: ["libx264"], benchmarkSeconds: null, heldAttempts: [] };
    socket.send(JSON.stringify({ type: "hello", protocol: PROTOCOL_VERSION, ...ids, ...about, ...able }));
  };
  socket.onmessage = ({ data }) => {
    if ((JSON.parse(String(data)) as ServerMessage).type === "offer") offered.resolve();
  };
  socket.onclose = () => offered.reject(new Error("the server ended the link"));
  await offered.promise;
  socket.onclose = null;
  socket.close();
}
