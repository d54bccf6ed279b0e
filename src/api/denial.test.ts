// Strangers at the door: connections, headers and bodies that never end, and tokens that are guessed.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { silentLog } from "../base/log.ts";
import { type ApiServer, serveApi } from "./serve-api.ts";

let coordinator: MemoryCoordinator;
let server: ApiServer;
const warned: string[] = [];

beforeAll(async () => {
  coordinator = await MemoryCoordinator.open();
  const log = { ...silentLog, warn: (message: string) => void warned.push(message) };
  server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log });
});
afterAll(async () => {
  await server.stop();
  await coordinator.close();
});

interface Raw {
  readonly socket: Socket;
  readonly closed: Promise<string>;
}

/** Sends text as it is; `closed` has all that was answered. */
function send(text: string): Raw {
  const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
  const closed = Promise.withResolvers<string>();
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes.toString();
  });
  socket.on("error", () => undefined);
  socket.on("close", () => closed.resolve(answer));
  return { socket, closed: closed.promise };
}

const GOOD = "Authorization: Bearer test-token";

test("the connection of who has shown no token ends with the answer", async () => {
  expect(await send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").closed).toStartWith("HTTP/1.1 200");
  expect(await send("GET /api/v1/jobs HTTP/1.1\r\nHost: x\r\n\r\n").closed).toStartWith("HTTP/1.1 401");
  const body = "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n{";
  expect(await send(body).closed).toStartWith("HTTP/1.1 401");
});

test("a Host header that is no host is a mistake of the sender", async () => {
  expect(await send(`GET /api/v1/jobs HTTP/1.1\r\nHost: a b"<\r\n${GOOD}\r\n\r\n`).closed).toStartWith("HTTP/1.1 400");
  expect(await send(`GET /healthz HTTP/1.1\r\nHost: [::\r\n\r\n`).closed).toStartWith("HTTP/1.1 400");
});

test("headers that never end are not waited for", async () => {
  const began = performance.now();
  const { socket, closed } = send("GET / HTTP/1.1\r\n");
  const drip = setInterval(() => socket.write("x: y\r\n"), 1000);
  await closed;
  clearInterval(drip);
  expect(performance.now() - began).toBeLessThan(20_000);
}, 60_000);

test("with the token a connection stays for the next request", async () => {
  const { socket, closed } = send(`GET /api/v1/jobs HTTP/1.1\r\nHost: x\r\n${GOOD}\r\n\r\n`);
  await new Promise((resolve) => socket.once("data", resolve));
  socket.end(`GET /api/v1/jobs HTTP/1.1\r\nHost: x\r\n${GOOD}\r\nConnection: close\r\n\r\n`);
  expect((await closed).split("HTTP/1.1 200").length).toBe(3);
});

test("guesses are answered more slowly each time, and named in the log", async () => {
  const guess = async () => {
    const began = performance.now();
    const response = await fetch(`${server.url}/api/v1/jobs`, { headers: { authorization: "Bearer guess" } });
    expect(response.status).toBe(401);
    return performance.now() - began;
  };
  for (let count = 0; count < 7; count += 1) await guess();
  expect(await guess()).toBeGreaterThan(700);
  const right = await fetch(`${server.url}/api/v1/jobs`, { headers: { authorization: "Bearer test-token" } });
  expect(right.status).toBe(200);
  expect(warned.filter((line) => line.includes("127.0.0.1")).length).toBe(1);
});

// The whole server in a process with few descriptors, and more strangers than it has.
test.skipIf(process.platform !== "linux")(
  "strangers do not take all file descriptors",
  async () => {
    const script = `
    import { serveApi } from "${import.meta.dir}/serve-api.ts";
    import { MemoryCoordinator } from "${import.meta.dir}/../../test/support/memory-coordinator.ts";
    const coordinator = await MemoryCoordinator.open();
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "1", log });
    console.log(server.port);`;
    const child = Bun.spawn(["sh", "-c", `ulimit -n 300; exec "$0" -e "$1"`, process.execPath, script], {
      stdout: "pipe",
      stderr: "inherit",
    });
    const strangers: Socket[] = [];
    try {
      const reader = child.stdout.getReader();
      const port = Number(new TextDecoder().decode((await reader.read()).value).trim());
      const url = `http://127.0.0.1:${port}/api/v1/jobs`;
      for (let count = 0; count < 400; count += 1) {
        const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.1\r\n"));
        socket.on("error", () => undefined);
        strangers.push(socket);
      }
      await Bun.sleep(1000); // less than the time that headers are waited for
      const began = performance.now();
      const signal = AbortSignal.timeout(5000);
      const response = await fetch(url, { headers: { authorization: "Bearer test-token" }, signal });
      expect(response.status).toBe(200);
      expect(performance.now() - began).toBeLessThan(5000);
      expect((await readdir(`/proc/${child.pid}/fd`)).length).toBeLessThan(200);
    } finally {
      for (const socket of strangers) socket.destroy();
      child.kill("SIGKILL");
      await child.exited;
    }
  },
  60_000,
);
