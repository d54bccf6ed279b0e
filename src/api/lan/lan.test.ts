// Announcing and finding over loopback's multicast, and what is believed of an answer.
import { expect, test } from "bun:test";
import { silentLog } from "../../base/log.ts";
import { announceServer } from "./announce-server.ts";
import { findServers, serversIn } from "./find-servers.ts";
import { SERVICE } from "./service.ts";

const LOOPBACK = ["127.0.0.1"];
const signal = new AbortController().signal;
const find = () => findServers(LOOPBACK, 1500, { signal, log: silentLog });

test("servers are found by where they answer from, with their ports; one that has stopped is not", async () => {
  const one = announceServer({ port: 45_001, isTls: true, addresses: LOOPBACK }, silentLog);
  const other = announceServer({ port: 45_002, isTls: false, addresses: LOOPBACK }, silentLog);
  const ours = async () =>
    (await find()).map(({ address }) => address).filter(({ port }) => port === 45_001 || port === 45_002);
  expect((await ours()).toSorted((a, b) => a.port - b.port)).toEqual([
    { host: "127.0.0.1", port: 45_001, isTls: true, hasScheme: true },
    { host: "127.0.0.1", port: 45_002, isTls: false, hasScheme: true },
  ]);
  await one.stop();
  expect((await ours()).map(({ port }) => port)).toEqual([45_002]);
  await other.stop();
});

test("of an answer only ports and short plain words are taken", () => {
  const instance = `x.${SERVICE}`;
  const srv = (name: string, port: number, ttl = 120) =>
    ({ type: "SRV", name, ttl, data: { port, target: "elsewhere.local" } }) as const;
  const data = [Buffer.from("name=a\u001b[31mttic\u202e"), "tls=0"];
  const txt = { type: "TXT", name: instance, data } as const;
  const [found, ...others] = serversIn(
    [
      srv(instance, 5001),
      txt,
      srv("x._ipp._tcp.local", 631),
      srv(`gone.${SERVICE}`, 5001, 0),
      srv(`bad.${SERVICE}`, 0),
    ],
    "192.168.1.5",
  );
  expect(others).toEqual([]);
  expect(found?.address).toEqual({ host: "192.168.1.5", port: 5001, isTls: false, hasScheme: true });
  for (const sign of ["\u001b", "\u202e"]) expect(found?.name).not.toContain(sign);
  expect(serversIn([srv(instance, 5001)], "192.168.1.5")).toMatchObject([
    { name: "192.168.1.5", address: { isTls: true } },
  ]);
});
