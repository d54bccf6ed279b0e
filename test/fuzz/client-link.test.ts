// Malformed messages of a server, from a seed, to a client's end of the link: none throws past it, each link has an end,
// and what is handed on is of the protocol.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { silentLog } from "../../src/base/log.ts";
import { openLink } from "../../src/cluster/client/link/link.ts";
import { type Hello, type ServerMessage, serverMessageSchema } from "../../src/cluster/protocol/messages.ts";
import { Random } from "../sim/random.ts";
import { mutant, pick } from "./mutants.ts";
import { HELLO, SERVER_MESSAGES } from "./targets.ts";

const COUNT = Number(process.env.FFCLUSTER_FUZZ_COUNT || 150);
/** The short run is always the same one. */
const SEED = Number(
  process.env.FFCLUSTER_FUZZ_SEED || (process.env.FFCLUSTER_FUZZ_COUNT ? Math.floor(Math.random() * 1e9) : 1),
);
const AT_A_TIME = 8;
const MOST_BYTES = 256 * 1024;
const MOST_GROWTH_BYTES = 96 << 20;

/** A server that says what it is told to, then closes. */
let server: Bun.Server<{ readonly number: number }>;
const thrown: unknown[] = [];
const keep = (error: unknown) => void thrown.push(error);

const mutantOf = (number: number) => {
  const random = new Random(SEED + number * 7919);
  return mutant(pick(random, SERVER_MESSAGES), random, MOST_BYTES);
};

beforeAll(() => {
  process.on("uncaughtException", keep);
  server = Bun.serve<{ readonly number: number }>({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, self) {
      const number = Number(/^Bearer (\d+)$/.exec(request.headers.get("authorization") ?? "")?.[1]);
      return self.upgrade(request, { data: { number } }) ? undefined : new Response(null, { status: 400 });
    },
    websocket: {
      open(socket) {
        const bytes = mutantOf(socket.data.number);
        if (socket.data.number % 10 === 0) socket.send(bytes);
        else socket.send(new TextDecoder().decode(bytes));
        socket.close(1000, "done");
      },
      message() {},
    },
  });
});
afterAll(async () => {
  process.off("uncaughtException", keep);
  await server.stop(true);
});

test(`each of ${COUNT} mutants of a server's messages`, async () => {
  const handedOn: ServerMessage[] = [];
  let next = 0;
  let lost = 0;
  let halfway = 0;
  const worker = async () => {
    while (next < COUNT) {
      const number = next++;
      if (number === Math.floor(COUNT / 2)) halfway = process.memoryUsage.rss();
      const link = openLink({
        remote: { serverUrl: `http://127.0.0.1:${server.port}`, token: String(number) },
        hello: HELLO as unknown as Hello,
        onWelcome: (message) => handedOn.push(message),
        onMessage: (message) => handedOn.push(message),
        log: silentLog,
      });
      const { kind } = await link.ended;
      if (kind === "lost") lost += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  expect([SEED, thrown]).toEqual([SEED, []]);
  for (const message of handedOn) expect(serverMessageSchema.safeParse(message).success).toBe(true);
  expect(lost).toBeGreaterThan(COUNT / 2);
  expect(handedOn.length).toBeLessThan(COUNT / 2);
  expect(process.memoryUsage.rss() - halfway).toBeLessThan(MOST_GROWTH_BYTES);
}, 1_200_000);
