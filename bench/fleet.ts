// A thousand clients on one server. They speak the protocol of a link and nothing else: they say hello and heartbeats,
// report frames twice a second, and answer offers. The job has a bit rate, so each segment is measured first, and the answer
// to that is a message: no bytes and no checks are part of this, only what the server does for a fleet.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import type { Offer, ServerMessage } from "../src/cluster/protocol/messages.ts";
import { findTools } from "../src/media/ffmpeg/tools.ts";
import { Cluster, until } from "../test/support/cluster.ts";
import { ProtocolClient } from "../test/support/protocol-client.ts";
import { print, run } from "./lib.ts";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "1000" },
    /** A second, of all of them together. */
    results: { type: "string", default: "40" },
    seconds: { type: "string", default: "30" },
  },
});
const CLIENTS = Number(values.clients);
const RESULTS = Number(values.results);
const SECONDS = Number(values.seconds);
const HEARTBEAT_MS = 2000;
const PROGRESS_MS = 500;
/** Long enough that work is left for all of them to the end: then each answer is followed by an offer at once. */
const SOURCE_SECONDS = 36_000;
const FRAME_RATE = 5;

/** One client of the fleet: it works on the first offer it has, as long as `next` says, and then on the next one. */
class Worker {
  readonly client: ProtocolClient;
  readonly #waits: Offer[] = [];
  #frames = 0;
  #read = 0;
  /** When the last answer was sent and no offer came since. */
  #answeredAt: number | null = null;
  readonly #onDispatched: (ms: number) => void;
  drops = 0;

  constructor(client: ProtocolClient, onDispatched: (ms: number) => void) {
    this.client = client;
    this.#onDispatched = onDispatched;
  }

  /** Called for each message that came. */
  take(message: ServerMessage): void {
    if (message.type === "goodbye") this.drops += 1;
    if (message.type !== "offer") return;
    this.#waits.push(message);
    if (this.#answeredAt !== null) this.#onDispatched(performance.now() - this.#answeredAt);
    this.#answeredAt = null;
  }

  takeAll(): void {
    const { received } = this.client;
    for (; this.#read < received.length; this.#read += 1) {
      const message = received[this.#read];
      if (message !== undefined) this.take(message);
    }
  }

  report(): void {
    const [offer] = this.#waits;
    if (offer === undefined) return;
    this.#frames += 1;
    this.client.say({
      type: "progress",
      attemptId: offer.attemptId,
      stage: "encoding",
      frames: this.#frames,
      fps: 20,
    });
  }

  answer(): boolean {
    const offer = this.#waits.shift();
    if (offer === undefined) return false;
    this.#frames = 0;
    const { attemptId, secret } = offer;
    this.#answeredAt ??= performance.now();
    this.client.say({ type: "attempt-measured", attemptId, secret, bits: 10_000, frames: 50, seconds: 2 });
    return true;
  }
}

async function cpuSeconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function memoryMb(pid: number): Promise<number> {
  return Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function percentile(sorted: readonly number[], part: number): string {
  return (sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN).toFixed(1);
}

await using cluster = await Cluster.make();
const source = cluster.path("long.mp4");
const picture = `testsrc=s=64x36:r=${FRAME_RATE}:d=${SOURCE_SECONDS}`;
await run([
  ...["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", picture],
  ...["-c:v", "libx264", "-preset", "ultrafast", "-g", "5", "-pix_fmt", "yuv420p", source],
]);
const server = await cluster.serve({ args: ["--max-segment-duration", "2"] });
const tools = await findTools(process.env);
const dispatched: number[] = [];
const workers = Array.from({ length: CLIENTS }, (_, at) => {
  const options = { url: cluster.url, token: cluster.token, name: `worker-${at}`, tools };
  return new Worker(new ProtocolClient(options), (ms) => dispatched.push(ms));
});
const beats = setInterval(() => {
  for (const { client } of workers) if (client.isOpen) client.say({ type: "heartbeat" });
}, HEARTBEAT_MS);
const began = performance.now();
for (let at = 0; at < workers.length; at += 50) {
  await Promise.all(
    workers.slice(at, at + 50).map(async ({ client }) => {
      // After the first six hundred the server takes ten a second.
      while ((await client.enrol()).status === 429) await Bun.sleep(1000);
      await client.open();
    }),
  );
}
print(`${CLIENTS} clients joined in ${((performance.now() - began) / 1000).toFixed(1)} s`);
const params = "-c:v libx264 -preset ultrafast -b:v 100k";
const jobId = await cluster.submit(source, cluster.path("out.mp4"), params, ["--detach"]);
print(`job ${jobId}`);
let lag = 0;
let lastLook = performance.now();
const looks = setInterval(() => {
  lag = Math.max(lag, performance.now() - lastLook - 5);
  lastLook = performance.now();
  for (const worker of workers) worker.takeAll();
}, 5);
await until("every client has an offer, and the index is there", 60_000, async () => {
  const { segments, frames } = await cluster.job(jobId);
  return segments.running >= CLIENTS && frames.total !== null;
});
const cpuBefore = await cpuSeconds(server.pid);
lag = 0;
const start = performance.now();
let answered = 0;
let reported = 0;
let next = 0;
while (performance.now() - start < SECONDS * 1000) {
  const passed = performance.now() - start;
  for (; reported < (passed / PROGRESS_MS) * CLIENTS; reported += 1) workers[reported % CLIENTS]?.report();
  for (; answered < (passed / 1000) * RESULTS; answered += 1) {
    if (workers[next % CLIENTS]?.answer() !== true) answered -= 1;
    next += 7;
  }
  await Bun.sleep(5);
}
const cpu = (await cpuSeconds(server.pid)) - cpuBefore;
const wall = (performance.now() - start) / 1000;
clearInterval(beats);
clearInterval(looks);
dispatched.sort((a, b) => a - b);
const open = workers.filter(({ client }) => client.isOpen).length;
print(`answers ${answered}, of them followed by an offer ${dispatched.length}`);
print(`dispatch p50 ${percentile(dispatched, 0.5)} ms, p99 ${percentile(dispatched, 0.99)} ms  (goal < 20 ms)`);
print(
  `server ${((100 * cpu) / wall).toFixed(0)} % of a core, peak ${(await memoryMb(server.pid)).toFixed(0)} MB  (goals < 100 %, < 500 MB)`,
);
print(`links dropped ${CLIENTS - open}, goodbyes ${workers.reduce((sum, { drops }) => sum + drops, 0)}  (goal 0)`);
print(`this process was late by ${lag.toFixed(0)} ms at most`);
for (const { client } of workers) client.drop();
await cluster.command(["cancel", jobId]);
