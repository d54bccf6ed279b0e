// Commands as messages of a WebSocket: the same answers, rights, limits and entries as of a POST.
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { silentLog } from "../base/log.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog, jobsPerMinute: 3 });
});
beforeEach(() => {
  coordinator.jobs.clear();
  coordinator.clients.clear();
  coordinator.audited.length = 0;
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

type Answer = Record<string, unknown>;

class Commands {
  readonly #socket: WebSocket;
  readonly #answers: string[] = [];
  #wake = () => {};
  readonly opened: Promise<boolean>;
  readonly closed: Promise<number>;

  constructor(token: string | null, more: Record<string, string> = {}) {
    const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...more };
    const url = `${server.url.replace("http", "ws")}/ws/command`;
    this.#socket = new WebSocket(url, { headers } as unknown as string[]);
    const closed = Promise.withResolvers<number>();
    this.closed = closed.promise;
    this.opened = new Promise((resolve) => {
      this.#socket.addEventListener("open", () => resolve(true));
      this.#socket.addEventListener("close", () => resolve(false));
    });
    this.#socket.addEventListener("message", ({ data }) => {
      this.#answers.push(String(data));
      this.#wake();
    });
    this.#socket.addEventListener("close", ({ code }) => closed.resolve(code));
  }

  send(command: unknown): void {
    this.#socket.send(typeof command === "string" ? command : JSON.stringify(command));
  }

  async next(): Promise<Answer> {
    await this.opened;
    while (this.#answers.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return JSON.parse(this.#answers.shift() ?? "") as Answer;
  }

  async ask(command: unknown): Promise<Answer> {
    await this.opened;
    this.send(command);
    return await this.next();
  }

  close(): void {
    this.#socket.close();
  }
}

test("each of the seed's commands is answered in kind, in the order they were sent, and has its entry", async () => {
  const { client_id } = coordinator.addClient();
  const commands = new Commands(coordinator.token);
  const made = await commands.ask({ ProcessLocalFile: { file_path: "test1.mp4" } });
  const { job_id } = made.JobCreated as { job_id: string };
  for (const command of ['{"ListJobs":null}', '"ListJobs"', { GetJobStatus: { job_id } }, { CancelJob: { job_id } }]) {
    commands.send(command);
  }
  expect(await commands.next()).toMatchObject({ JobsList: [{ job_id, status: "Queued" }] });
  expect(await commands.next()).toMatchObject({ JobsList: [{ job_id }] });
  expect(await commands.next()).toMatchObject({ JobStatus: { job_id, status: "Queued" } });
  expect(await commands.next()).toMatchObject({ JobStatus: { job_id, status: "Cancelled" } });
  expect(await commands.ask({ ListClients: {} })).toMatchObject({ ClientsList: [{ client_id, status: "Idle" }] });
  expect(await commands.ask({ DisconnectClient: { client_id } })).toMatchObject({
    ClientsList: [{ client_id, status: "Disconnected" }],
  });
  commands.close();
  expect(coordinator.audited.map(({ action, object, token, result }) => [action, object, token, result])).toEqual([
    ["commands-open", null, "admin", "ok"],
    ["job-create", job_id, "admin", "ok"],
    ["job-cancel", job_id, "admin", "ok"],
    ["client-disconnect", client_id, "admin", "ok"],
  ]);
});

test("what fails is answered with its error, and the socket stays", async () => {
  const commands = new Commands(coordinator.token);
  for (const bad of ["{", {}, { Reboot: null }, { ListJobs: null, ListClients: null }, { CancelJob: {} }]) {
    expect(await commands.ask(bad)).toMatchObject({ Error: { code: "E_MALFORMED", hint: expect.any(String) } });
  }
  expect(await commands.ask({ GetJobStatus: { job_id: "nope" } })).toMatchObject({ Error: { code: "E_UNKNOWN_ID" } });
  expect(await commands.ask({ ListJobs: null })).toEqual({ JobsList: [] });
  commands.close();
});

test("rights and limits are those of the token, with which the socket ends", async () => {
  const reader = coordinator.createToken({ name: "reader", role: "read", expiresInSeconds: null });
  const job = coordinator.addJob();
  const commands = new Commands(reader.token);
  expect(await commands.ask({ GetJobStatus: { job_id: job.job_id } })).toMatchObject({ JobStatus: {} });
  const forbidden = { Error: { code: "E_FORBIDDEN" } };
  expect(await commands.ask({ CancelJob: { job_id: job.job_id } })).toMatchObject(forbidden);
  expect(await commands.ask({ ProcessLocalFile: { file_path: "a.mp4" } })).toMatchObject(forbidden);
  coordinator.revokeToken("reader");
  expect(await commands.closed).toBe(1008);

  const maker = coordinator.createToken({ name: "maker", role: "submit", expiresInSeconds: null });
  const many = new Commands(maker.token);
  const answers: Answer[] = [];
  for (let count = 0; count < 4; count += 1) {
    answers.push(await many.ask({ ProcessLocalFile: { file_path: "a.mp4" } }));
  }
  expect(answers.map((answer) => Object.keys(answer)[0])).toEqual(["JobCreated", "JobCreated", "JobCreated", "Error"]);
  expect(answers[3]).toMatchObject({ Error: { code: "E_RATE_LIMIT" } });
  many.close();
});

test("no token, a client's key and a foreign page open none; who never waits is cut off; a plain GET is told", async () => {
  const key = coordinator.createToken({ name: "node", role: "client", expiresInSeconds: null }).token;
  const foreign = new Commands(coordinator.token, { origin: "http://evil.example" });
  const opened = [new Commands(null), new Commands("guess"), new Commands(key), foreign].map((each) => each.opened);
  expect(await Promise.all(opened)).toEqual([false, false, false, false]);
  const flood = new Commands(coordinator.token);
  await flood.opened;
  const slow = Promise.withResolvers<void>();
  coordinator.onJob = () => slow.promise;
  flood.send({ ProcessLocalFile: { file_path: "a.mp4" } });
  for (let count = 0; count < 64; count += 1) flood.send({ ListJobs: null });
  expect(await flood.closed).toBe(1008);
  slow.resolve();
  coordinator.onJob = () => {};
  const headers = { authorization: `Bearer ${coordinator.token}` };
  const plain = await fetch(`${server.url}/ws/command`, { headers });
  expect([plain.status, await plain.json()]).toMatchObject([400, { Error: { code: "E_MALFORMED" } }]);
});
