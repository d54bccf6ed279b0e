// The dashboard in a real Chromium: bytes on the line, first paint on loopback, and whether the page keeps up with a job of
// 5,000 segments on 100 clients: ten times a second all clients change, and ten segments are done. The server is a stand-in in a process of its own, so
// that what is measured is the page. `--seconds N` of the last.
import { parseArgs } from "node:util";
import { serveApi } from "../src/api/serve-api.ts";
import { silentLog } from "../src/base/log.ts";
import type { AttemptView, ClientView, JobDetailView } from "../src/cluster/server/views.ts";
import { BrowserPage } from "../test/support/browser.ts";
import { MemoryCoordinator } from "../test/support/memory-coordinator.ts";
import { median, print } from "./lib.ts";

const CLIENTS = 100;
const SEGMENTS = 5000;
const EVERY_MS = 100;
const DONE_EACH_TICK = 10;
const PAINTS = 7;
const SOON_MS = 60_000;
const FRAME_MS = 1000 / 30;

const { values } = parseArgs({ options: { seconds: { type: "string" }, serve: { type: "boolean" } } });
if (values.serve === true) await standIn();
else await measure(Number(values.seconds ?? 10));

/** A cluster that is always at work; says its address and its token. */
async function standIn(): Promise<void> {
  const coordinator = await MemoryCoordinator.open();
  const job = coordinator.addJob({ status: "Processing", started_at: new Date().toISOString(), file_name: "film.mkv" });
  const ids = Array.from({ length: CLIENTS }, (_, number) => `client-${number}`);
  for (const [number, id] of ids.entries()) coordinator.clients.set(id, clientOf(id, number));
  let tick = 0;
  Object.assign(coordinator, { jobDetail: () => detailOf(coordinator.job(job.job_id), ids, tick) });
  setInterval(() => {
    tick += 1;
    coordinator.update(job.job_id, { progress: (tick / 100) % 100, fps: 1000 + (tick % 50) });
    for (const [number, id] of ids.entries()) {
      coordinator.clients.set(id, { ...clientOf(id, number), performance: 100 + (tick % 20) });
      coordinator.feed.touch("client", id);
    }
  }, EVERY_MS);
  const log = silentLog;
  const server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log });
  print(JSON.stringify({ url: server.url, token: coordinator.token, jobId: job.job_id }));
}

function clientOf(id: string, number: number): ClientView {
  const name = `machine-${number}`;
  const none = { current_job: null, leased_job: null, quarantine: null, no_room: null, resting: null };
  const facts = { platform: "linux-x64", ffmpeg: "5.1.9", families: ["software"], version: "0.1.0", keys: [] };
  const at = "2026-11-30T10:00:00.000Z";
  const asked = { draining: false, paused: false };
  return {
    client_id: id,
    name,
    status: "Processing",
    connected_at: at,
    performance: 100,
    slots: 2,
    ...none,
    ...facts,
    ...asked,
  };
}

/** Two attempts of each client live; each tenth of a second ten segments are done. */
function detailOf(job: ReturnType<MemoryCoordinator["job"]>, ids: readonly string[], tick: number): JobDetailView {
  const begun = Date.parse(job.started_at ?? "");
  const at = (ms: number) => new Date(begun + ms).toISOString();
  const segment_list = Array.from({ length: SEGMENTS }, (_, index) => {
    const at = (index - tick * DONE_EACH_TICK) % SEGMENTS;
    const isLive = (at + SEGMENTS) % SEGMENTS < 2 * CLIENTS;
    const state = isLive ? ("leased" as const) : ("verified" as const);
    return { index, start_pts: index, end_pts: index + 1, frames: 100, state, attempts: 1, client: null, notes: [] };
  });
  const attempts = segment_list.map(({ index, state }): AttemptView => {
    const isLive = state === "leased";
    const row = Math.floor(index / CLIENTS) * 1000;
    const stages = [{ stage: "encoding", at: at(row) }];
    const ended = { ended_at: isLive ? null : at(row + 900), outcome: isLive ? null : "segment-verified" };
    const who = { attempt_id: `a${index}`, segment_index: index, client_id: ids[index % CLIENTS] ?? "" };
    return { ...who, ...ended, reason: null, started_at: at(row), stages, frames: tick % 100, fps: 50 };
  });
  const frames = { done: 1, total: SEGMENTS * 100 };
  const asked = { ffmpeg_params: "-c:v libx264", split: "on key frames", idle_clients: [], events: [] };
  return { ...job, frames, ...asked, segment_list, attempts };
}

async function measure(seconds: number): Promise<void> {
  const chromium = Bun.which("chromium") ?? Bun.which("google-chrome");
  if (chromium === null) throw new Error("there is no Chromium here");
  const server = Bun.spawn([process.execPath, import.meta.path, "--serve"], { stdout: "pipe" });
  try {
    const { value } = await server.stdout.getReader().read();
    const told = JSON.parse(new TextDecoder().decode(value)) as Told;
    await size(told.url);
    await using page = await BrowserPage.open(chromium, `${told.url}/`);
    await firstPaint(page);
    await underLoad(page, told, seconds);
  } finally {
    server.kill();
    await server.exited;
  }
}

interface Told {
  readonly url: string;
  readonly token: string;
  readonly jobId: string;
}

async function size(url: string): Promise<void> {
  const headers = { "accept-encoding": "gzip" };
  const html = await (await fetch(url)).text();
  const paths = ["/", ...[...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = ""]) => path)];
  let total = 0;
  for (const path of new Set(paths)) {
    const answer = await fetch(url + path, { headers, decompress: false });
    total += (await answer.arrayBuffer()).byteLength;
  }
  print(`on the line      ${(total / 1000).toFixed(1)} kB, all files packed (goal < 60 kB)`);
}

async function firstPaint(page: BrowserPage): Promise<void> {
  const times: number[] = [];
  for (let count = 0; count < PAINTS; count += 1) {
    await page.reload();
    const painted = `performance.getEntriesByName("first-contentful-paint")[0]?.startTime`;
    await page.untilTrue("the page is painted", painted, SOON_MS);
    times.push(await page.evaluate<number>(painted));
  }
  print(
    `first paint      ${median(times).toFixed(0)} ms (${Math.min(...times).toFixed(0)} to ${Math.max(...times).toFixed(0)})`,
  );
}

/** Frames that the page draws, and how much of the time its one thread works: others on the machine change that less. */
async function underLoad(page: BrowserPage, { token, jobId }: Told, seconds: number): Promise<void> {
  await page.untilText("Sign in", SOON_MS);
  await page.type("#token", token);
  await page.press("Enter");
  await page.untilText("Sign out", SOON_MS);
  for (const [what, hash, there] of [
    ["clients", "#/clients", `document.querySelectorAll(".client").length === ${CLIENTS}`],
    ["one job", `#/jobs/${jobId}`, `document.querySelectorAll(".film .attempt").length === ${SEGMENTS}`],
  ] as const) {
    await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
    await page.untilTrue(`${what} are shown`, there, SOON_MS);
    const before = await page.busySeconds();
    const gaps = await page.evaluate<number[]>(`new Promise((resolve) => {
      const gaps = []; let last = performance.now(); const end = last + ${seconds * 1000};
      const step = (now) => { gaps.push(now - last); last = now; now < end ? requestAnimationFrame(step) : resolve(gaps); };
      requestAnimationFrame(step);
    })`);
    const busy = (await page.busySeconds()) - before;
    const sorted = gaps.toSorted((a, b) => a - b);
    const late = gaps.filter((gap) => gap > FRAME_MS * 1.5).length;
    const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    const fps = (gaps.length / seconds).toFixed(1);
    print(
      `${what.padEnd(16)} ${fps} frames a second, p99 ${p99.toFixed(0)} ms, ${late} of ${gaps.length} late, thread ${((100 * busy) / seconds).toFixed(0)} % of a core (goal: 30 a second)`,
    );
  }
}
