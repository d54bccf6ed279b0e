// A real server with few file descriptors, and who holds on to its connections: it answers everyone else all the while.
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { ServerProcess } from "../support/server-process.ts";

const DESCRIPTORS = 400;
/** Patience: an answer usually takes milliseconds. */
const ANSWERED_WITHIN_MS = 5000;

let server: ServerProcess;
const sockets: Socket[] = [];

beforeAll(async () => {
  server = await ServerProcess.start(DESCRIPTORS);
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});
/** Nothing of one attack is left when the next begins. */
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await until(async () => (await server.descriptors()) < 60);
});

async function until(what: () => Promise<boolean> | boolean, withinMs = 30_000): Promise<void> {
  const end = performance.now() + withinMs;
  while (!(await what())) {
    if (performance.now() > end) throw new Error("it did not happen in time");
    await Bun.sleep(50);
  }
}

interface Held {
  readonly socket: Socket;
  /** All that was answered, once the server has closed the connection. */
  readonly closed: Promise<string>;
}

/** A connection that says this and no more. */
function hold(text: string): Held {
  const socket = connect(server.port, "127.0.0.1", () => {
    if (text !== "") socket.write(text);
  });
  const closed = Promise.withResolvers<string>();
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes.toString();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => closed.resolve(answer));
  sockets.push(socket);
  return { socket, closed: closed.promise };
}

async function expectAnswers(): Promise<void> {
  const signal = AbortSignal.timeout(ANSWERED_WITHIN_MS);
  const health = await fetch(`${server.url}/healthz`, { signal });
  const jobs = await fetch(`${server.url}/api/v1/jobs`, { headers: server.bearer, signal });
  expect([health.status, jobs.status, server.isRunning]).toEqual([200, 200, true]);
  // The guard looks every 100 ms: a burst is there for that long.
  await until(async () => (await server.descriptors()) < DESCRIPTORS - 50, ANSWERED_WITHIN_MS);
}

const linux = test.skipIf(process.platform !== "linux");

linux(
  "a thousand sockets that say nothing",
  async () => {
    for (let count = 0; count < 1000; count += 1) {
      hold("");
      if (count % 100 === 99) await expectAnswers();
    }
  },
  90_000,
);

linux(
  "bodies without a token that never come: refused at once, and the connection with them",
  async () => {
    const head = "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n";
    const held = Array.from({ length: 300 }, () => hold(`${head}\r\n{`));
    const chunked = Array.from({ length: 50 }, () =>
      hold("PATCH /api/v1/sources/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
    );
    const answers = await Promise.all([...held, ...chunked].map(({ closed }) => closed));
    // Those that were cut with the oldest strangers have no answer.
    for (const answer of answers) expect(answer).toMatch(/^$|^HTTP\/1\.1 401/);
    expect(answers.filter((answer) => answer !== "").length).toBeGreaterThan(100);
    await expectAnswers();
  },
  90_000,
);

linux(
  "headers a line at a time, bodies with a token that never come, links without a hello: these end, others are answered",
  async () => {
    const auth = `Authorization: ${server.bearer.authorization}\r\n`;
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const many = (count: number, text: string) => Array.from({ length: count }, () => hold(text));
    const links = many(60, `GET /api/v1/link HTTP/1.1\r\nHost: x\r\n${auth}${upgrade}${key}\r\n`);
    const posts = many(60, `POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\n${auth}Content-Length: 900000\r\n\r\n{`);
    let refused = 0;
    for (const { socket } of posts) {
      socket.on("data", (bytes) => {
        refused += bytes.toString().startsWith("HTTP/1.1 400") ? 1 : 0;
      });
    }
    const slow = many(300, "GET / HTTP/1.1\r\n");
    const drip = setInterval(() => {
      for (const { socket } of slow) if (!socket.destroyed) socket.write("x: y\r\n");
    }, 200);
    try {
      for (let count = 0; count < 10; count += 1) await expectAnswers();
      // Bun waits 10 s for headers, however many lines come; the server as long for a hello.
      await Promise.all(slow.map(({ closed }) => closed));
    } finally {
      clearInterval(drip);
    }
    for (const { closed } of links) expect(await closed).toStartWith("HTTP/1.1 101");
    await expectAnswers();
    // JSON has 30 s to come; only the long run waits for that.
    if (process.env.FFCLUSTER_FUZZ_COUNT) await until(() => refused === posts.length, 60_000);
  },
  150_000,
);
