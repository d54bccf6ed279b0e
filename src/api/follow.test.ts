// Streams of what changes: snapshots, ids, going on from one, slow readers, and who may see what.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { connect as connectTcp } from "node:net";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { silentLog } from "../base/log.ts";
import type { Principal } from "../cluster/protocol/roles.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;
let ann = "";
const open = new Set<AbortController>();

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
  ann = coordinator.createToken({ name: "ann", role: "submit", expiresInSeconds: null }).token;
});
beforeEach(() => {
  coordinator.jobs.clear();
  coordinator.clients.clear();
});
afterEach(() => {
  for (const stream of open) stream.abort();
  open.clear();
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

interface Event {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly jobs?: Named[]; readonly clients?: Named[] } & Named;
}
interface Named {
  readonly job_id?: string;
  readonly client_id?: string;
  readonly status?: string;
}

function connect(path: string, init: { readonly token?: string; readonly lastId?: string } = {}): Promise<Response> {
  const stream = new AbortController();
  open.add(stream);
  const authorization = `Bearer ${init.token ?? coordinator.token}`;
  const last: Record<string, string> = init.lastId === undefined ? {} : { "last-event-id": init.lastId };
  return fetch(`${server.url}/api/v1/${path}`, { headers: { authorization, ...last }, signal: stream.signal });
}

async function* events(response: Response): AsyncGenerator<Event> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body as ReadableStream<Uint8Array>) {
    rest += decoder.decode(bytes, { stream: true });
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block
        .split("\n")
        .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
      const { id = "", event = "", data } = Object.fromEntries(lines) as Record<string, string>;
      if (data !== undefined) yield { id, event, data: JSON.parse(data) as Event["data"] };
    }
  }
}

async function follow(path: string, init: Parameters<typeof connect>[1] = {}) {
  const response = await connect(path, init);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const stream = events(response);
  return async (): Promise<Event> => {
    const { value } = await stream.next();
    if (value === undefined) throw new Error("the stream has ended");
    return value as Event;
  };
}

const idsOf = (list: readonly Named[] | undefined) => list?.map(({ job_id, client_id }) => job_id ?? client_id);

test("the cluster: a snapshot of all, then each job and client that changes", async () => {
  const job = coordinator.addJob();
  const client = coordinator.addClient();
  const next = await follow("watch");
  const first = await next();
  expect([first.event, idsOf(first.data.jobs), idsOf(first.data.clients)]).toEqual([
    "snapshot",
    [job.job_id],
    [client.client_id],
  ]);
  const seen: unknown[] = [];
  coordinator.update(job.job_id, { status: "Failed" });
  const other = coordinator.addClient();
  while (seen.length < 2) {
    const { event, data } = await next();
    if (data.status === "Failed" || data.client_id === other.client_id)
      seen.push([event, data.job_id ?? data.client_id]);
  }
  expect(seen).toContainEqual(["job", job.job_id]);
  expect(seen).toContainEqual(["client", other.client_id]);
});

test("jobs and clients have streams of their own", async () => {
  coordinator.addJob();
  coordinator.addClient();
  const [jobs, clients] = await Promise.all([follow("jobs/watch"), follow("clients/watch")]);
  expect(Object.keys((await jobs()).data)).toEqual(["jobs"]);
  expect(Object.keys((await clients()).data)).toEqual(["clients"]);
});

test("who comes back goes on from its last event without a snapshot; of an unknown one it gets a snapshot", async () => {
  const job = coordinator.addJob();
  const next = await follow("jobs/watch");
  await next();
  coordinator.update(job.job_id, { progress: 10 });
  const { id } = await next();
  for (const stream of open) stream.abort();
  coordinator.update(job.job_id, { progress: 20 });
  const later = coordinator.addJob();
  const again = await follow("jobs/watch", { lastId: id });
  const back = [await again(), await again()];
  expect(back.map(({ event, data }) => [event, data.job_id])).toEqual([
    ["job", job.job_id],
    ["job", later.job_id],
  ]);
  expect(back.every((event) => Number(event.id.split("-")[1]) > Number(id.split("-")[1]))).toBe(true);
  for (const lastId of ["00000000-1", `${id}9999`, "nonsense"]) {
    expect((await (await follow("jobs/watch", { lastId }))()).event).toBe("snapshot");
  }
});

test("a submitter sees its own jobs alone, in the snapshot, in changes and when it comes back; and no clients", async () => {
  const standing = coordinator.standingOf(ann);
  if (standing.kind !== "known") throw new Error("ann has a token");
  const own = coordinator.addJob();
  coordinator.owners.set(own.job_id, standing.principal.tokenId);
  const foreign = coordinator.addJob();
  const next = await follow("jobs/watch", { token: ann });
  const first = await next();
  expect(idsOf(first.data.jobs)).toEqual([own.job_id]);
  for (const { job_id } of [foreign, own]) coordinator.update(job_id, { progress: 50 });
  expect((await next()).data.job_id).toBe(own.job_id);
  const back = await follow("jobs/watch", { token: ann, lastId: first.id });
  expect((await back()).data.job_id).toBe(own.job_id);
  for (const path of ["watch", "clients/watch"]) expect((await connect(path, { token: ann })).status).toBe(403);
});

test("a reader that takes nothing has one view of each waiting, the newest; one that leaves is forgotten", async () => {
  const who = { role: "admin" } as Principal;
  const changed = Promise.withResolvers<void>();
  const job = coordinator.addJob();
  const follower = coordinator.follow(["job"], who, null, () => changed.resolve());
  expect(follower.next()?.type).toBe("snapshot");
  for (let progress = 1; progress <= 100; progress += 1) coordinator.update(job.job_id, { progress });
  await changed.promise;
  coordinator.update(job.job_id, { progress: 99.5 });
  expect(follower.next()?.data).toMatchObject({ progress: 99.5 });
  expect(follower.next()).toBeNull();
  follower.close();
  expect(coordinator.feed.readerCount).toBe(0);
});

test("one job: its last view is not sent again, and after its end there is nothing to come back for", async () => {
  const job = coordinator.addJob();
  const next = await follow(`jobs/${job.job_id}/watch`);
  const { id } = await next();
  const began = performance.now();
  const back = await follow(`jobs/${job.job_id}/watch`, { lastId: id });
  expect(performance.now() - began).toBeLessThan(4000); // not only after a sign of life
  coordinator.update(job.job_id, { status: "Failed" });
  const last = await back();
  expect(last.data.status).toBe("Failed");
  expect((await connect(`jobs/${job.job_id}/watch`, { lastId: last.id })).status).toBe(204);
  expect((await connect(`jobs/${job.job_id}/watch`, { lastId: id })).status).toBe(200);
});

test("a socket that is not read from fills no queue in the server: then the newest comes", async () => {
  const job = coordinator.addJob();
  const socket = connectTcp(server.port, "127.0.0.1");
  socket.write(
    `GET /api/v1/jobs/${job.job_id}/watch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${coordinator.token}\r\n\r\n`,
  );
  await new Promise((resolve) => socket.once("data", resolve));
  socket.pause();
  const megabyte = "x".repeat(1_000_000);
  const rounds = 60;
  for (let round = 1; round <= rounds; round += 1) {
    coordinator.update(job.job_id, { progress: round, activity: megabyte });
    await Bun.sleep(1); // the server may write, if it wants to
  }
  coordinator.update(job.job_id, { status: "Failed", progress: 99 });
  let megabytes = 0;
  let last = "";
  socket.on("data", (bytes) => {
    megabytes += bytes.length / 1e6;
    last = (last + bytes.toString("latin1")).slice(-2_000_000);
  });
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
  expect(last).toMatch(/"status":"Failed","progress":99/);
  // What both ends of the connection hold in the kernel, and no more.
  expect(megabytes).toBeLessThan(rounds / 2);
});
