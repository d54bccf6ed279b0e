import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { sha256Of } from "../base/digest.ts";
import { AppError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { ApiClient } from "./client.ts";
import { downloadOutput } from "./download.ts";
import { readEventStream } from "./event-stream.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";
import { hostPort, isThisMachine, localNames, parseServerAddress } from "./server-address.ts";
import { offerLocalSource, uploadSource } from "./upload.ts";

let folder = "";
let coordinator: MemoryCoordinator;
let server: ApiServer;
let client: ApiClient;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-client-"));
  coordinator = await MemoryCoordinator.open();
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
  client = clientOf(server.port);
});
afterEach(async () => {
  await server.stop();
  await coordinator.close();
  await rm(folder, { recursive: true });
});

function clientOf(port: number, token: string | null = "test-token"): ApiClient {
  return new ApiClient({ server: { isTls: false, host: "127.0.0.1", port }, token });
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  try {
    await work;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
    throw thrown;
  }
  throw new Error("it did not fail");
}

describe("server addresses", () => {
  const forms: [string, boolean, string][] = [
    ["node-1", true, "node-1:5001"],
    ["node-1:6000", true, "node-1:6000"],
    ["localhost:6000", false, "localhost:6000"],
    ["https://localhost", true, "localhost:5001"],
    ["http://node-1", false, "node-1:5001"],
    ["https://node-1:443/", true, "node-1:443"],
    ["10.0.0.5", true, "10.0.0.5:5001"],
    ["fd00::5", true, "[fd00::5]:5001"],
    ["[::1]:6000", false, "[::1]:6000"],
    ["::1", false, "[::1]:5001"],
  ];
  for (const [text, isTls, shown] of forms) {
    test(text, () => {
      const address = parseServerAddress(text);
      expect([address.isTls, hostPort(address)]).toEqual([isTls, shown]);
    });
  }

  test("what is none is refused", () => {
    for (const text of ["", "a b", "host:", "host:0", "host:99999", "ftp://host", "http://host/path", "user@host"]) {
      expect(() => parseServerAddress(text)).toThrow(AppError);
    }
  });

  test("this machine and its names", () => {
    for (const text of ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
      expect(isThisMachine(parseServerAddress(text))).toBe(true);
    expect(isThisMachine(parseServerAddress("203.0.113.7"))).toBe(false);
    expect(localNames("0.0.0.0", 5001)).toContain("localhost:5001");
    expect(localNames("127.0.0.1", 7)).toEqual(["127.0.0.1:7", "localhost:7"]);
  });
});

describe("failures", () => {
  test("nobody there, no token, a wrong token, another kind of server", async () => {
    const port = server.port;
    expect(await failure(clientOf(port, null).hello())).toMatchObject({ code: "E_TOKEN" });
    expect((await failure(clientOf(port, null).hello())).message).toContain("none is known here");
    expect((await failure(clientOf(port, "wrong").hello())).message).toContain("refuses the token");
    await server.stop();
    expect(await failure(client.hello())).toMatchObject({ code: "E_UNREACHABLE", retry: true });
    using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("hello", { status: 404 }) });
    expect((await failure(clientOf(other.port ?? 0).hello())).message).toContain("no ffcluster server: it answers 404");
    using page = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<html>") });
    expect((await failure(clientOf(page.port ?? 0).hello())).message).toContain("no ffcluster server");
    const moved = () => Response.redirect("https://films.example/", 301);
    using elsewhere = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: moved });
    expect((await failure(clientOf(elsewhere.port ?? 0).hello())).hint).toContain("https://films.example");
    using proxy = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("<html>", { status: 502 }) });
    const passing = await failure(clientOf(proxy.port ?? 0).hello());
    expect(passing).toMatchObject({ code: "E_UNREACHABLE", retry: true });
    expect(passing.message).toContain("answers 502");
    using odd = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ ok: 1 }) });
    expect(await failure(clientOf(odd.port ?? 0).hello())).toMatchObject({ code: "E_PROTOCOL" });
    using slow = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Promise<Response>(() => {}) });
    expect((await failure(clientOf(slow.port ?? 0).hello(50))).message).toContain("no answer in time");
  });

  test("a stopping server is unreachable for now", async () => {
    server.refuseRequests();
    expect(await failure(client.hello())).toMatchObject({ code: "E_UNREACHABLE" });
  });
});

describe("sources", () => {
  test("upload counts its bytes; in place only where the server sees the same file", async () => {
    const path = join(folder, "Übung.mp4");
    const content = new Uint8Array(3_000_000).fill(3);
    await writeFile(path, content);
    let sent = 0;
    const uploaded = await uploadSource(client, path, {
      onBytes(have, total) {
        expect(total).toBe(content.length);
        sent = have;
      },
    });
    expect(uploaded).toMatchObject({ name: "Übung.mp4", bytes: content.length });
    expect(sent).toBe(content.length);
    expect(sha256Of(coordinator.sources.get(uploaded.source_id)?.content ?? "")).toBe(sha256Of(content));
    expect(await offerLocalSource(client, path)).toMatchObject({ bytes: content.length });
    coordinator.sharesFiles = false;
    expect(await offerLocalSource(client, path)).toBeNull();
  });
});

describe("downloads", () => {
  const content = new Uint8Array(1_000_000).map((_, index) => index % 251);
  const wanted = { jobId: "job", bytes: content.length, sha256: sha256Of(content) };
  const target = () => ({ path: join(folder, "out.mp4"), mayOverwrite: false });

  /** Serves the output but breaks off after `cut` bytes of every answer. */
  function breaking(cut: number, ranges: (string | null)[]) {
    return Bun.listen<{ head: string }>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open(socket) {
          socket.data = { head: "" };
        },
        data(socket, bytes) {
          socket.data.head += bytes.toString();
          if (!socket.data.head.includes("\r\n\r\n")) return;
          const range = /range: bytes=(\d+)-/i.exec(socket.data.head)?.[1] ?? null;
          ranges.push(range);
          const start = Number(range ?? 0);
          const rest = content.subarray(start);
          const status = range === null ? "200 OK" : "206 Partial Content";
          socket.write(`HTTP/1.1 ${status}\r\ncontent-length: ${rest.length}\r\nconnection: close\r\n\r\n`);
          socket.write(rest.subarray(0, cut));
          socket.end();
        },
      },
    });
  }

  test("go on where a broken link left off", async () => {
    const ranges: (string | null)[] = [];
    const flaky = breaking(400_000, ranges);
    try {
      await downloadOutput(clientOf(flaky.port), wanted, target(), { onBytes() {} });
    } finally {
      flaky.stop(true);
    }
    expect(sha256Of(await Bun.file(join(folder, "out.mp4")).bytes())).toBe(wanted.sha256);
    expect(ranges.length).toBeGreaterThan(1);
    expect(ranges[0]).toBeNull();
    expect(Number(ranges[1])).toBeGreaterThan(0);
  }, 180_000);

  test("bytes of another digest leave nothing behind", async () => {
    const job = coordinator.addJob();
    await coordinator.complete(job.job_id, content);
    const other = { ...wanted, jobId: job.job_id, sha256: "0".repeat(64) };
    const error = await failure(downloadOutput(client, other, target(), { onBytes() {} }));
    expect(error.code).toBe("E_DIGEST");
    expect(await readdir(folder)).toEqual([]);
  });

  test("what appears under the name meanwhile stays, and the result is still to be had", async () => {
    const job = coordinator.addJob();
    await coordinator.complete(job.job_id, content);
    const own = { ...wanted, jobId: job.job_id };
    const download = (mayOverwrite: boolean) =>
      downloadOutput(
        client,
        own,
        { ...target(), mayOverwrite },
        { onBytes: () => writeFileSync(target().path, "another's") },
      );
    const error = await failure(download(false));
    expect(error).toMatchObject({ code: "E_OUTPUT_EXISTS", hint: expect.stringContaining(job.job_id) });
    expect(await readdir(folder)).toEqual(["out.mp4"]);
    expect(await Bun.file(target().path).text()).toBe("another's");
    await download(true);
    expect(sha256Of(await Bun.file(target().path).bytes())).toBe(wanted.sha256);
    const nowhere = downloadOutput(
      client,
      own,
      { path: join(folder, "gone", "o.mp4"), mayOverwrite: false },
      { onBytes() {} },
    );
    expect(await failure(nowhere)).toMatchObject({ code: "E_OUTPUT", hint: expect.stringContaining("jobs download") });
  });
});

describe("watching", () => {
  test("yields views until the end; a stream that breaks is E_UNREACHABLE", async () => {
    const job = coordinator.addJob();
    const seen: string[] = [];
    for await (const view of client.watchJob(job.job_id)) {
      seen.push(view.status);
      if (view.status === "Queued") coordinator.update(job.job_id, { status: "Cancelled" });
    }
    expect(seen.at(-1)).toBe("Cancelled");
    const open = coordinator.addJob();
    const broken = (async () => {
      for await (const view of client.watchJob(open.job_id)) if (view.status === "Queued") await server.stop();
    })();
    expect(await failure(broken)).toMatchObject({ code: "E_UNREACHABLE" });
  });

  test("silence ends it", async () => {
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(": hi\n\ndata: one\n\nda")),
    });
    const seen: string[] = [];
    const reading = (async () => {
      for await (const data of readEventStream(silent, 30, () => new AppError("E_UNREACHABLE", "silent", ""))) {
        seen.push(data);
      }
    })();
    expect((await failure(reading)).message).toBe("silent");
    expect(seen).toEqual(["one"]);
  });
});
