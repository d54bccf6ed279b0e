import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { sha256Of } from "../base/digest.ts";
import { AppError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;
const logged: string[] = [];

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  const log = { ...silentLog, error: (message: string) => void logged.push(message) };
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log });
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});
beforeEach(() => {
  coordinator.jobs.clear();
  coordinator.clients.clear();
});
afterEach(() => {
  coordinator.breaks = false;
});

const bearer = { authorization: "Bearer test-token" };

function ask(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
  return fetch(server.url + path, { ...init, headers: { ...bearer, ...init.headers } });
}

function postJson(path: string, body: unknown): Promise<Response> {
  return ask(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });
}

async function errorOf(response: Response): Promise<{ status: number; code: unknown; hint: unknown }> {
  const document = (await response.json()) as { error: { code: string; message: string; hint: string } };
  expect(document.error.message).toBeString();
  return { status: response.status, code: document.error.code, hint: document.error.hint };
}

/** Waits for something that other parts of this process bring about, at most twenty seconds. */
async function until(what: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!what()) {
    if (performance.now() > end) throw new Error("it did not happen");
    await Bun.sleep(5);
  }
}

describe("the door", () => {
  test("health needs no token", async () => {
    const response = await fetch(`${server.url}/healthz`);
    expect(await response.json()).toEqual({ status: "ok", version: "0.1.0" });
  });

  test("everything else does", async () => {
    for (const path of ["/api/v1/hello", "/api/v1/jobs", "/api/v1/link", "/nowhere"]) {
      expect(await errorOf(await fetch(server.url + path))).toMatchObject({ status: 401, code: "E_TOKEN" });
      const wrong = { headers: { authorization: "Bearer wrong" } };
      expect(await errorOf(await fetch(server.url + path, wrong))).toMatchObject({ status: 401, code: "E_TOKEN" });
    }
    const command = await fetch(`${server.url}/ws/command`, { method: "POST", body: '{"ListJobs":null}' });
    expect(command.status).toBe(401);
    expect(await command.json()).toMatchObject({ Error: { code: "E_TOKEN" } });
  });

  test("metrics need a token that reads, unless they are open", async () => {
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
    const headers = { authorization: `Bearer ${coordinator.token}` };
    const read = await fetch(`${server.url}/metrics`, { headers });
    expect(read.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const options = { coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog };
    const open = serveApi({ ...options, isMetricsOpen: true });
    try {
      expect((await fetch(`${open.url}/metrics`)).status).toBe(200);
      expect((await fetch(`${open.url}/api/v1/hello`)).status).toBe(401);
      expect((await fetch(`${open.url}/metrics`, { method: "POST" })).status).toBe(401);
    } finally {
      await open.stop();
    }
  });

  test("an early 401 during an upload reaches the sender", async () => {
    const body = new Uint8Array(8 << 20);
    const response = await fetch(`${server.url}/api/v1/sources/any`, { method: "PATCH", body });
    expect(response.status).toBe(401);
  });

  test("unknown paths, wrong methods, broken JSON", async () => {
    expect(await errorOf(await ask("/api/v1/nothing"))).toMatchObject({ status: 404, code: "E_NOT_FOUND" });
    const wrongMethod = await ask("/api/v1/hello", { method: "POST" });
    expect(wrongMethod.headers.get("allow")).toBe("GET");
    expect(await errorOf(wrongMethod)).toMatchObject({ status: 405, hint: "Use GET." });
    expect(await errorOf(await postJson("/api/v1/jobs", "{"))).toMatchObject({ status: 400, code: "E_MALFORMED" });
    expect(await errorOf(await postJson("/api/v1/jobs", {}))).toMatchObject({ status: 400, code: "E_MALFORMED" });
    expect(await errorOf(await postJson("/api/v1/jobs", { source_id: "x", extra: 1 }))).toMatchObject({ status: 400 });
    expect(await errorOf(await postJson("/api/v1/jobs", " ".repeat(1 << 21)))).toMatchObject({ status: 413 });
    expect(await errorOf(await ask("/api/v1/jobs/%E0%A4%A"))).toMatchObject({ status: 400, code: "E_MALFORMED" });
  });

  test("a bug's text stays in the log", async () => {
    coordinator.breaks = true;
    const response = await ask("/api/v1/jobs");
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).toContain("E_INTERNAL");
    expect(text).not.toContain("secret");
    expect(logged.join("\n")).toContain("secret internal detail");
  });

  test("a port in use is E_PORT", () => {
    const again = () =>
      serveApi({ coordinator, host: "127.0.0.1", port: server.port, version: "0.1.0", log: silentLog });
    expect(again).toThrow(AppError);
    expect(again).toThrow(/in use/);
  });
});

describe("sources", () => {
  const begin = (wanted: object) => postJson("/api/v1/sources", wanted);
  const append = (id: string, text: string, offset: number, headers: Record<string, string> = {}) =>
    ask(`/api/v1/sources/${id}`, {
      method: "PATCH",
      body: text,
      headers: { "upload-offset": String(offset), "x-ffcluster-block-sha256": sha256Of(text), ...headers },
    });
  const uploaded = async (name: string, text: string) => {
    const { source_id: id } = (await (await begin({ name, bytes: text.length })).json()) as { source_id: string };
    const last = { "upload-complete": "?1", "x-ffcluster-sha256": sha256Of(text) };
    expect((await append(id, text, 0, last)).status).toBe(200);
    return id;
  };

  test("an upload in pieces: its offset, its end, and the folders of its name dropped", async () => {
    const begun = await begin({ name: "../Übung 1.mp4", bytes: 10 });
    expect(begun.status).toBe(201);
    const { source_id: id, offset } = (await begun.json()) as { source_id: string; offset: number };
    expect(begun.headers.get("location")).toBe(`/api/v1/sources/${id}`);
    expect(offset).toBe(0);
    expect(await (await append(id, "012345", 0)).json()).toEqual({ offset: 6, source: null });
    const state = await ask(`/api/v1/sources/${id}`, { method: "HEAD" });
    expect(state.status).toBe(204);
    expect(Object.fromEntries(state.headers)).toMatchObject({
      "upload-offset": "6",
      "upload-length": "10",
      "upload-complete": "?0",
    });
    const last = { "upload-complete": "?1", "x-ffcluster-sha256": sha256Of("0123456789") };
    expect(await (await append(id, "6789", 6, last)).json()).toMatchObject({
      offset: 10,
      source: { source_id: id, name: "Übung 1.mp4", bytes: 10 },
    });
    const whole = await ask(`/api/v1/sources/${id}`, { method: "HEAD" });
    expect(whole.headers.get("upload-complete")).toBe("?1");
  });

  test("an upload is refused without a name, with a bad one, when empty; a piece at another offset, or damaged", async () => {
    expect(await errorOf(await begin({ bytes: 1 }))).toMatchObject({ status: 400, code: "E_MALFORMED" });
    expect((await begin({ name: "..", bytes: 1 })).status).toBe(400);
    expect((await begin({ name: "a\u0000b", bytes: 1 })).status).toBe(400);
    expect(await errorOf(await begin({ name: "a", bytes: 0 }))).toMatchObject({ code: "E_SOURCE_EMPTY" });
    const { source_id: id } = (await (await begin({ name: "a", bytes: 10 })).json()) as { source_id: string };
    expect(await errorOf(await append(id, "x", 3))).toMatchObject({ status: 409, code: "E_UPLOAD_OFFSET" });
    const wrong = { "x-ffcluster-block-sha256": sha256Of("y") };
    expect(await errorOf(await append(id, "x", 0, wrong))).toMatchObject({ status: 400, code: "E_DIGEST" });
    expect(await errorOf(await append(id, "x", 0, { "upload-offset": "-1" }))).toMatchObject({ code: "E_MALFORMED" });
    const many = { "x-ffcluster-block-sha256": Array(33).fill(sha256Of("x")).join(",") };
    expect(await errorOf(await append(id, "x", 0, many))).toMatchObject({ code: "E_MALFORMED" });
    const none = await ask("/api/v1/sources/none", { method: "HEAD" });
    expect([none.status, none.headers.get("x-ffcluster-error")]).toEqual([404, "E_UNKNOWN_ID"]);
  });

  test("blocks carry their digest", async () => {
    const id = await uploaded("a.mp4", "0123456789");
    const block = await ask(`/api/v1/sources/${id}/blocks/2`);
    expect(await block.text()).toBe("89");
    expect(block.headers.get("x-ffcluster-sha256")).toBe(sha256Of("89"));
    expect((await ask(`/api/v1/sources/${id}/blocks/-1`)).status).toBe(400);
    expect((await ask("/api/v1/sources/none/blocks/0")).status).toBe(404);
  });

  test("on the server, below a media root only", async () => {
    expect((await postJson("/api/v1/sources/on-server", { path: "a.mp4" })).status).toBe(201);
    const outside = await postJson("/api/v1/sources/on-server", { path: "/etc/passwd" });
    expect(await errorOf(outside)).toMatchObject({ status: 403, code: "E_OUTSIDE_MEDIA_ROOT" });
  });

  test("an unknown challenge is 404", async () => {
    expect((await postJson("/api/v1/sources/local/none", { digests: [] })).status).toBe(404);
  });
});

describe("jobs", () => {
  test("create, list by status, show by prefix, cancel", async () => {
    const source = (await (await postJson("/api/v1/sources/on-server", { path: "a.mp4" })).json()) as {
      source_id: string;
    };
    const created = await postJson("/api/v1/jobs", { source_id: source.source_id });
    expect(created.status).toBe(201);
    const job = (await created.json()) as { job_id: string };
    expect(created.headers.get("location")).toBe(`/api/v1/jobs/${job.job_id}`);
    expect(await (await ask("/api/v1/jobs?status=queued")).json()).toHaveLength(1);
    expect(await (await ask("/api/v1/jobs?status=Completed")).json()).toEqual([]);
    expect((await ask("/api/v1/jobs?status=sleeping")).status).toBe(400);
    expect(await (await ask(`/api/v1/jobs/${job.job_id.slice(0, 8)}`)).json()).toMatchObject(job);
    expect(await (await ask(`/api/v1/jobs/${job.job_id}/events?after=1`)).json()).toHaveLength(1);
    expect((await ask(`/api/v1/jobs/${job.job_id}/events?after=x`)).status).toBe(400);
    expect((await ask(`/api/v1/jobs/${job.job_id}/proof`)).status).toBe(409);
    const cancelled = await ask(`/api/v1/jobs/${job.job_id}/cancel`, { method: "POST" });
    expect(await cancelled.json()).toMatchObject({ status: "Cancelled" });
    expect(await errorOf(await ask("/api/v1/jobs/ffffffff"))).toMatchObject({ status: 404, code: "E_UNKNOWN_ID" });
  });

  test("a refused request is 400 with its reason", async () => {
    const body = { ffmpeg_params: "-attach x", output_name: null, input_name: "a.mp4" };
    expect(await errorOf(await postJson("/api/v1/requests/check", body))).toMatchObject({ code: "E_ENCODE_REQUEST" });
    const good = { ...body, ffmpeg_params: null };
    expect(await (await postJson("/api/v1/requests/check", good)).json()).toEqual({
      output_name: "a.ffcluster.mp4",
      video_codec: "h264",
    });
  });

  test.each(["../a.mp4", "a\0.mp4", "a\r\nx: y.mp4", "\ud800.mp4"])(
    "%j is no name of an output",
    async (output_name) => {
      const check = { ffmpeg_params: null, output_name, input_name: "a.mp4" };
      expect(await errorOf(await postJson("/api/v1/requests/check", check))).toMatchObject({ code: "E_MALFORMED" });
      const job = { source_id: "x", output_name };
      expect(await errorOf(await postJson("/api/v1/jobs", job))).toMatchObject({ status: 400, code: "E_MALFORMED" });
    },
  );
});

describe("the output", () => {
  const content = new TextEncoder().encode("0123456789".repeat(1000));
  let path = "";
  beforeEach(async () => {
    const job = coordinator.addJob({ output_name: 'Ü"1.mp4' });
    path = `/api/v1/jobs/${job.job_id}/output`;
    await coordinator.complete(job.job_id, content);
  });

  test("whole: length, digest as ETag, the output's name", async () => {
    const response = await ask(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("etag")).toBe(`"${sha256Of(content)}"`);
    expect(response.headers.get("content-length")).toBe("10000");
    expect(response.headers.get("content-disposition")).toBe(
      "attachment; filename=\"__1.mp4\"; filename*=UTF-8''%C3%9C%221.mp4",
    );
    expect(sha256Of(await response.bytes())).toBe(sha256Of(content));
  });

  test("HEAD tells the length without a body", async () => {
    const response = await ask(path, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("10000");
    expect(await response.text()).toBe("");
  });

  const ranges: [string, number, string | null, number][] = [
    ["bytes=0-9", 206, "bytes 0-9/10000", 10],
    ["bytes=9990-", 206, "bytes 9990-9999/10000", 10],
    ["bytes=-5", 206, "bytes 9995-9999/10000", 5],
    ["bytes=9990-20000", 206, "bytes 9990-9999/10000", 10],
    ["bytes=9-3", 200, null, 10000],
    ["lines=1-2", 200, null, 10000],
  ];
  for (const [range, status, contentRange, length] of ranges) {
    test(`Range ${range}`, async () => {
      const response = await ask(path, { headers: { range } });
      expect(response.status).toBe(status);
      expect(response.headers.get("content-range")).toBe(contentRange);
      expect((await response.bytes()).length).toBe(length);
    });
  }

  test("Range beyond the end is 416 with the length and the error object", async () => {
    for (const range of ["bytes=10000-", "bytes=-0"]) {
      const response = await ask(path, { headers: { range } });
      expect(response.headers.get("content-range")).toBe("bytes */10000");
      expect(await errorOf(response)).toMatchObject({ status: 416 });
    }
  });

  test("If-Range of another version gives all, If-None-Match of this one nothing", async () => {
    const stale = await ask(path, { headers: { range: "bytes=5-", "if-range": '"other"' } });
    expect(stale.status).toBe(200);
    expect((await stale.bytes()).length).toBe(10000);
    const same = await ask(path, { headers: { range: "bytes=5-", "if-range": `"${sha256Of(content)}"` } });
    expect(same.status).toBe(206);
    const known = await ask(path, { headers: { "if-none-match": `"${sha256Of(content)}"` } });
    expect(known.status).toBe(304);
  });

  test("409 before completion", async () => {
    const job = coordinator.addJob();
    expect(await errorOf(await ask(`/api/v1/jobs/${job.job_id}/output`))).toMatchObject({ code: "E_WRONG_STATE" });
  });
});

describe("watching", () => {
  test("sends the view now and at changes, ends after a terminal state", async () => {
    const job = coordinator.addJob();
    const response = await ask(`/api/v1/jobs/${job.job_id}/watch`);
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    const statuses: string[] = [];
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      for (const event of decoder.decode(value).split("\n\n")) {
        const [, data] = /^data: (.*)$/m.exec(event) ?? [];
        if (data === undefined) continue;
        const { status } = JSON.parse(data) as { status: string };
        statuses.push(status);
        if (status === "Queued" && statuses.length === 1) coordinator.update(job.job_id, { status: "Processing" });
        if (status === "Processing") coordinator.update(job.job_id, { status: "Failed" });
      }
    }
    expect(statuses.filter((status, index) => status !== statuses[index - 1])).toEqual([
      "Queued",
      "Processing",
      "Failed",
    ]);
    expect(coordinator.watcherCount).toBe(0);
  });

  test("a reader that leaves is forgotten", async () => {
    const job = coordinator.addJob();
    const leaving = new AbortController();
    const response = await ask(`/api/v1/jobs/${job.job_id}/watch`, { signal: leaving.signal });
    expect(coordinator.watcherCount).toBe(1);
    await (response.body as ReadableStream<Uint8Array>).getReader().read();
    leaving.abort();
    await until(() => coordinator.watcherCount === 0);
  });

  test("an unknown job is 404", async () => {
    expect((await ask("/api/v1/jobs/none/watch")).status).toBe(404);
  });
});

describe("clients and results", () => {
  test("list, show, disconnect", async () => {
    const { client_id } = coordinator.addClient();
    expect(await (await ask("/api/v1/clients")).json()).toMatchObject([{ client_id }]);
    expect(await (await ask(`/api/v1/clients/${client_id}`)).json()).toMatchObject({ encoders: ["libx264"] });
    const gone = await ask(`/api/v1/clients/${client_id}/disconnect`, { method: "POST" });
    expect(await gone.json()).toMatchObject({ client_id, status: "Disconnected" });
  });

  const report = {
    clientId: "9f1cbb51-4b37-4d5c-9c69-5a4f3e2d1c0b",
    secret: "0".repeat(64),
    sha256: "a".repeat(64),
    bytes: 5,
    frames: 1,
    seconds: 1,
    encoder: "libx264",
    ffmpegVersion: "5.1",
    seamStart: null,
    seamAfterEnd: null,
    decodeErrors: [],
  };
  const send = (id: string, body: string, header: string, more: Record<string, string> = {}) =>
    ask(`/api/v1/attempts/${id}/result`, {
      method: "PATCH",
      body,
      headers: {
        "x-ffcluster-report": header,
        "upload-offset": "0",
        "upload-complete": "?1",
        "x-ffcluster-block-sha256": sha256Of(body),
        ...more,
      },
    });

  test("a result lands with its report", async () => {
    const header = { "x-ffcluster-report": JSON.stringify(report) };
    const before = await ask("/api/v1/attempts/one/result", { method: "HEAD", headers: header });
    expect([before.status, before.headers.get("upload-offset")]).toEqual([204, "0"]);
    const answer = await send("one", "12345", JSON.stringify(report));
    expect(await answer.json()).toEqual({ offset: 5, accepted: true });
    expect(answer.headers.get("upload-complete")).toBe("?1");
    expect(coordinator.results).toEqual([{ attemptId: "one", report, bytes: 5 }]);
  });

  test("a stale attempt is 409, a broken report or a piece without its offset 400", async () => {
    const stale = await send("stale", "12345", JSON.stringify(report));
    expect(await errorOf(stale)).toMatchObject({ status: 409, code: "E_STALE_ATTEMPT" });
    expect((await send("one", "12345", "{}")).status).toBe(400);
    expect((await send("one", "12345", JSON.stringify(report), { "upload-offset": "" })).status).toBe(400);
  });
});

describe("/ws/command", () => {
  const command = async (body: unknown) => {
    const response = await postJson("/ws/command", body);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  test("every command is answered in kind", async () => {
    const { client_id } = coordinator.addClient();
    const made = await command({ ProcessLocalFile: { file_path: "test1.mp4" } });
    expect(made).toMatchObject({ status: 200, body: { JobCreated: { job_id: expect.any(String) } } });
    const [job] = coordinator.jobs.values();
    const job_id = job?.job_id;
    expect((await command({ ListJobs: null })).body).toMatchObject({ JobsList: [{ job_id }] });
    expect((await command('"ListJobs"')).body).toMatchObject({ JobsList: [{ job_id }] });
    expect((await command({ GetJobStatus: { job_id } })).body).toMatchObject({ JobStatus: { status: "Queued" } });
    expect((await command({ CancelJob: { job_id } })).body).toMatchObject({ JobStatus: { status: "Cancelled" } });
    expect((await command({ ListClients: null })).body).toMatchObject({ ClientsList: [{ status: "Idle" }] });
    expect((await command({ DisconnectClient: { client_id } })).body).toMatchObject({
      ClientsList: [{ client_id, status: "Disconnected" }],
    });
  });

  test("failures have their own form and the right status", async () => {
    expect(await command({ GetJobStatus: { job_id: "nope" } })).toMatchObject({
      status: 404,
      body: { Error: { code: "E_UNKNOWN_ID", message: "no job with id or name nope" } },
    });
    expect(await command({ ProcessLocalFile: { file_path: "/etc/passwd" } })).toMatchObject({ status: 403 });
    for (const bad of [{}, { Reboot: null }, { ListJobs: null, ListClients: null }, "{", { CancelJob: {} }]) {
      expect(await command(bad)).toMatchObject({ status: 400, body: { Error: { code: "E_MALFORMED" } } });
    }
    expect((await ask("/ws/command", { method: "DELETE" })).status).toBe(405);
  });
});

describe("the link", () => {
  const open = (headers: Record<string, string>) =>
    new WebSocket(`${server.url.replace("http", "ws")}/api/v1/link`, { headers } as unknown as string[]);

  function ended(socket: WebSocket): Promise<{ code: number }> {
    return new Promise((resolve) => socket.addEventListener("close", (event) => resolve({ code: event.code })));
  }

  test("messages go to the coordinator and back; closing is told", async () => {
    const socket = open(bearer);
    const answered = new Promise((resolve) => socket.addEventListener("message", (event) => resolve(event.data)));
    socket.addEventListener("open", () => socket.send("hello"));
    expect(await answered).toBe("echo hello");
    const before = coordinator.closedLinks;
    socket.close();
    await until(() => coordinator.closedLinks === before + 1);
    expect(coordinator.links.at(-1)?.send("late")).toBe(false);
  });

  test("no token, a foreign Origin: refused", async () => {
    expect((await ended(open({}))).code).toBe(1006);
    expect((await ended(open({ ...bearer, origin: "http://evil.example" }))).code).toBe(1006);
    const headers = { origin: "http://evil.example" };
    expect(await errorOf(await ask("/api/v1/link", { headers }))).toMatchObject({ status: 403, code: "E_FORBIDDEN" });
    expect((await ask("/api/v1/link")).status).toBe(400);
  });

  test("binary, oversized and failing messages end the link", async () => {
    const sendAtOnce = async (message: string | Uint8Array<ArrayBuffer>) => {
      const socket = open(bearer);
      const end = ended(socket);
      socket.addEventListener("open", () => socket.send(message));
      return (await end).code;
    };
    expect(await sendAtOnce(new Uint8Array(3))).toBe(1003);
    expect(await sendAtOnce("x".repeat(300 * 1024))).toBeOneOf([1006, 1009]);
    expect(await sendAtOnce("break")).toBe(1011);
  });
});
