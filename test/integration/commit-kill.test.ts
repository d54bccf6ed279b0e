// kill -9 in the middle of commits: a child commits as fast as it can and says what it has committed; whenever it is
// killed, the database opens again with all of a commit or nothing of it, and with everything that was said.
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { forEachLine } from "../../src/base/process/output.ts";
import { openServerStore } from "../../src/db/server/server-store.ts";
import { Random } from "../sim/random.ts";

const KILLS = 6;
const EVENTS = 40;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-commit-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Commit n renames the client to n and adds EVENTS events that say n. */
const COMMITTER = `
  const { openServerStore } = await import(${JSON.stringify(join(import.meta.dir, "../../src/db/server/server-store.ts"))});
  const { SchedulerBench } = await import(${JSON.stringify(join(import.meta.dir, "../support/scheduler-bench.ts"))});
  const store = openServerStore(process.argv[1]);
  const loaded = store.load().state;
  const bench = new SchedulerBench();
  bench.hello("one");
  let state = loaded.clients.has("one") ? loaded : bench.state;
  let n = loaded.clients.has("one") ? Number(loaded.clients.get("one").name) : 0;
  const none = { at: "2026-01-01T00:00:00.000Z", type: "client-status", jobId: null, segmentIndex: null, attemptId: null };
  for (;;) {
    n += 1;
    const events = Array.from({ length: ${EVENTS} }, () => ({ ...none, clientId: "one", detail: String(n) }));
    const client = { ...state.clients.get("one"), name: String(n) };
    const next = { ...state, clients: new Map([["one", client]]) };
    const changes = { clients: new Set(["one"]), jobs: new Set(), attempts: new Set(), segments: new Map() };
    store.commit(n === 1 ? { ...state, clients: new Map() } : state, next, events, [], changes);
    state = next;
    require("node:fs").writeSync(1, n + "\\n");
  }`;

test("killed in the midst of commits: each is there whole or not at all, and what was said is there", async () => {
  const path = join(folder, "server.db");
  const random = new Random(7);
  let before = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const child = Bun.spawn([process.execPath, "-e", COMMITTER, path], { stdout: "pipe", stderr: "inherit" });
    const enough = before + random.whole(3, 40);
    let said = 0;
    await forEachLine(child.stdout, (line) => {
      said = Number(line);
      if (said >= enough) child.kill("SIGKILL");
    });
    expect(await child.exited).not.toBe(0);
    expect(said).toBeGreaterThanOrEqual(enough);
    const store = openServerStore(path);
    const committed = Number(store.load().state.clients.get("one")?.name);
    const events = store.clientEvents("one", 1_000_000);
    store.close();
    expect(committed).toBeGreaterThanOrEqual(said);
    expect(events.length).toBe(EVENTS * committed);
    expect(new Set(events.map(({ detail }) => detail)).size).toBe(committed);
    before = committed;
  }
});
