// What is SQLite's own; the contract of every Store is in test/conformance/.
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  attempt,
  client,
  event,
  job,
  record,
  segment,
  stateOf,
} from "../../../test/conformance/store-states.fixture.ts";
import { commit } from "../../../test/support/commit.ts";
import { sha256Of } from "../../base/digest.ts";
import { insertAudit, latestAudit } from "./audit-rows.ts";
import { openServerStore } from "./server-store.ts";

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-store-"));
  path = join(folder, "server.db");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

test("only what differs is written: liveness and progress touch nothing", () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  const state = stateOf([{ ...job, segments: [segment] }], [client], [attempt]);
  commit(store, stateOf([job]), state, []);
  const watcher = new Database(path, { readonly: true });
  const version = () => watcher.query<{ data_version: number }, []>("PRAGMA data_version").get()?.data_version;
  const before = version();
  const heard = stateOf(
    [...state.jobs.values()],
    [{ ...client, lastHeardAt: 99 }],
    [{ ...attempt, framesDone: 50, leaseEndsAt: 7 }],
  );
  commit(store, state, heard, []);
  expect(version()).toBe(before);
  commit(store, heard, stateOf([...state.jobs.values()], [{ ...client, status: "Processing" }], [attempt]), []);
  expect(version()).not.toBe(before);
  watcher.close();
  store.close();
});

test("a database of a newer program is refused and left alone", () => {
  openServerStore(path).close();
  const newer = new Database(path);
  newer.run("PRAGMA user_version = 999");
  newer.close();
  expect(() => openServerStore(path)).toThrow(/schema 999/);
  const untouched = new Database(path, { readonly: true });
  expect(untouched.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version).toBe(999);
  untouched.close();
});

test("a damaged database is refused with what to do, never overwritten", async () => {
  const garbage = "this is no database ".repeat(500);
  await writeFile(path, garbage);
  expect(() => openServerStore(path)).toThrow(/cannot open the database/);
  expect(await Bun.file(path).text()).toBe(garbage);
});

test("a database that is damaged in its midst is refused, too, and left as it is", async () => {
  const store = openServerStore(path);
  store.createJob(record, job, []);
  store.close();
  const bytes = await Bun.file(path).bytes();
  bytes.fill(0xa5, 4096 * 2, 4096 * 4);
  await writeFile(path, bytes);
  expect(() => openServerStore(path)).toThrow(/damaged|malformed/);
  expect(sha256Of(await Bun.file(path).bytes())).toBe(sha256Of(bytes));
});

test("the audit log keeps its newest entries, and no other row goes with the old ones", () => {
  const store = openServerStore(path);
  store.createJob(record, job, [event("job-status", "→ Queued")]);
  store.close();
  const database = new Database(path);
  const about = { token: null, token_id: null, role: null, client_id: null, address: "::1", result: "ok", times: 1 };
  const entry = (object: string) => ({ at: "2026-01-01T00:00:00.000Z", action: "job-cancel", object, ...about });
  for (const objects of [
    ["a", "b"],
    ["c", "d", "e"],
  ])
    insertAudit(database, objects.map(entry), 3);
  expect(latestAudit(database, 9).map(({ object }) => object)).toEqual(["c", "d", "e"]);
  const plan = "EXPLAIN QUERY PLAN SELECT seq FROM events WHERE type = 'audit' ORDER BY seq DESC LIMIT 1 OFFSET 3";
  expect(database.query<{ detail: string }, []>(plan).get()?.detail).toContain("audit_events");
  database.close();
  const again = openServerStore(path);
  expect(again.jobEvents("j1", 0)).toHaveLength(1);
  again.close();
});
