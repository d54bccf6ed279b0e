import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fingerprintOf } from "../base/tls/trust.ts";
import { type Bind, type Listening, listen } from "./listen.ts";
import { fetchCertificate, NoCertificate } from "./peer-certificate.ts";

const pem = (name: string) => readFile(join(import.meta.dir, "../../test/fixtures/tls", name), "utf8");
const first = { cert: await pem("cert.pem"), key: await pem("key.pem") };
const second = { cert: await pem("other-cert.pem"), key: await pem("other-key.pem") };

const bind: Bind = (socket) =>
  Bun.serve({
    ...socket,
    fetch: (request, server) =>
      server.upgrade(request, { data: { link: null } }) ? undefined : new Response(new URL(request.url).protocol),
    websocket: { message: (peer, message) => void peer.send(message) },
  } as Parameters<typeof Bun.serve>[0]) as ReturnType<Bind>;

async function openSocket(port: number): Promise<WebSocket> {
  const options = { tls: { ca: first.cert, serverName: "localhost" } } as unknown as string[];
  const socket = new WebSocket(`wss://127.0.0.1:${port}`, options);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return socket;
}

const echo = (socket: WebSocket, text: string) =>
  new Promise((resolve) => {
    socket.onmessage = (event) => resolve(event.data);
    socket.send(text);
  });

const shownBy = async ({ port }: Listening, host = "127.0.0.1") =>
  fingerprintOf(await fetchCertificate({ isTls: true, host, port }, AbortSignal.timeout(10_000)));

test("a change of certificate: an open WebSocket lives on, a new connection sees the new one; stop closes both", async () => {
  const listening = listen(bind, { host: "127.0.0.1", port: 0, tls: first, plainOnLoopback: false });
  const open = await openSocket(listening.port);
  expect(await shownBy(listening)).toBe(fingerprintOf(first.cert));
  listening.changeKeys(second);
  expect(await shownBy(listening)).toBe(fingerprintOf(second.cert));
  expect(await echo(open, "still here")).toBe("still here");
  await expect(openSocket(listening.port)).rejects.toBeDefined();
  const closed = new Promise((resolve) => {
    open.onclose = resolve;
  });
  await listening.stop();
  await closed;
  await expect(shownBy(listening)).rejects.toBeInstanceOf(NoCertificate);
});

test.skipIf(process.platform !== "linux")("https for others and plain http for this machine, on one port", async () => {
  for (const host of ["0.0.0.0", "::"]) {
    const listening = listen(bind, { host, port: 0, tls: first, plainOnLoopback: true });
    const { port } = listening;
    expect(listening.plainHost).toBe("127.0.0.1");
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => await (await fetch(`http://127.0.0.1:${port}/`)).text()),
    );
    expect(new Set(answers)).toEqual(new Set(["http:"]));
    expect(await shownBy(listening, "127.0.0.2")).toBe(fingerprintOf(first.cert));
    await expect(shownBy(listening, "127.0.0.1")).rejects.toBeInstanceOf(NoCertificate);
    // The port is shared with itself alone.
    for (const plainOnLoopback of [true, false]) {
      expect(() => listen(bind, { host, port, tls: first, plainOnLoopback })).toThrow("is in use");
    }
    expect(() => listen(bind, { host: "127.0.0.1", port, tls: null, plainOnLoopback: false })).toThrow("is in use");
    await listening.stop();
  }
});
