import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";

test("hello makes a client Connected, its first message Idle, work Benchmarking and then Processing", () => {
  const bench = new SchedulerBench();
  bench.hello();
  expect(bench.details("client-status")).toEqual(["Disconnected → Connected"]);
  expect(bench.effects("welcome")).toEqual([
    { type: "welcome", clientId: "one", keepAttempts: [], name: "one", isPaused: false },
  ]);
  bench.heard();
  expect(bench.details("client-status")).toEqual(["Connected → Idle"]);
  bench.submit();
  bench.index(100);
  expect(bench.client().status).toBe("Benchmarking");
  bench.land(bench.attempt());
  expect(bench.client().status).toBe("Processing");
  bench.send({ type: "cancel-requested", jobId: "job" });
  expect(bench.client().status).toBe("Idle");
});

test("a socket that closes without goodbye shortens the leases to two seconds; others then take over", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(100);
  bench.hello("two", { encoders: [] });
  bench.cut("one");
  expect(bench.client("one").status).toBe("Benchmarking");
  expect(bench.attempt().leaseEndsAt).toBe(bench.now + 2000);
  bench.pass(1999);
  expect(bench.attempts().length).toBe(1);
  bench.pass(1);
  expect(bench.attempts()).toEqual([]);
  expect(bench.segment(0).phase.kind).toBe("pending");
});

test("nothing is offered to a client whose socket has closed", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.cut("one");
  bench.submit();
  bench.index(10);
  expect(bench.attempts()).toEqual([]);
});

test("a client that comes back in time keeps the attempts it names, under a full lease; others are lost at once", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 2 });
  bench.submit();
  bench.index(100);
  const [kept, lost] = bench.attempts();
  if (kept === undefined || lost === undefined) throw new Error("two attempts expected");
  bench.cut("one");
  bench.now += 1500;
  bench.hello("one", { slots: 2, heldAttempts: [kept.id, "of an older time"] });
  expect(bench.effects("welcome")[0]?.keepAttempts).toEqual([kept.id]);
  expect(bench.state.attempts.get(kept.id)?.leaseEndsAt).toBe(bench.now + 15_000);
  expect(bench.state.attempts.has(lost.id)).toBe(false);
  expect(bench.last.events.filter((event) => event.type === "lease-lost").map((event) => event.attemptId)).toEqual([
    lost.id,
  ]);
});

test("attempts that another client has since taken are not kept", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit("job", { settings: { benchmarkSeconds: 100 } });
  bench.index(1);
  const old = bench.attempt();
  bench.cut("one");
  bench.hello("two");
  bench.pass(2000);
  expect(bench.attempt().clientId).toBe("two");
  bench.hello("one", { heldAttempts: [old.id] });
  expect(bench.effects("welcome")[0]?.keepAttempts).toEqual([]);
});

test("goodbye loses the attempts at once", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(10);
  bench.cut("one", true);
  expect(bench.client().status).toBe("Disconnected");
  expect(bench.attempts()).toEqual([]);
});

test("silence for more than a lease time disconnects, and asks the client to come back", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.pass(15_000);
  expect(bench.client().status).toBe("Connected");
  bench.pass(1);
  expect(bench.client().status).toBe("Disconnected");
  expect(bench.effects("close-client")).toMatchObject([{ clientId: "one", reconnect: true }]);
  expect(bench.pass(60_000).effects).toEqual([]);
});

test("a newer hello replaces the link: what comes over the older one means nothing", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { link: 4 });
  bench.hello("one", { link: 5 });
  const before = bench.state;
  bench.send({ type: "client-link-closed", clientId: "one", link: 4, saidGoodbye: true });
  bench.send({ type: "client-heard", clientId: "one", link: 4 });
  bench.hello("one", { link: 4 });
  expect(bench.state).toBe(before);
});

test("what an unknown client says is ignored", () => {
  const bench = new SchedulerBench();
  const before = bench.state;
  bench.send({ type: "client-heard", clientId: "who", link: 1 });
  bench.send({ type: "client-link-closed", clientId: "who", link: 1, saidGoodbye: false });
  bench.send({ type: "attempt-failed", clientId: "who", attemptId: "x", kind: "io", reason: "" });
  expect(bench.state).toBe(before);
});

test("disconnect on request: attempts lost, link closed for good, an unknown or gone client refused", () => {
  const bench = new SchedulerBench();
  bench.hello();
  bench.submit();
  bench.index(10);
  bench.send({ type: "client-disconnect-requested", clientId: "one" });
  expect(bench.effects("close-client")).toMatchObject([{ clientId: "one", reconnect: false }]);
  expect(bench.client().status).toBe("Disconnected");
  expect(bench.attempts()).toEqual([]);
  const again = bench.send({ type: "client-disconnect-requested", clientId: "one" });
  expect(again.verdict).toMatchObject({ error: { code: "E_WRONG_STATE" } });
  const unknown = bench.send({ type: "client-disconnect-requested", clientId: "?" });
  expect(unknown.verdict).toMatchObject({ error: { code: "E_UNKNOWN_ID" } });
});

test("a client whose disk is full gets nothing more until it has room; what it gives back costs no retry", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(100);
  const { link, encoders, families, slots } = bench.client("one");
  const told = { type: "client-changed", clientId: "one", link, encoders, families, slots } as const;
  const attempt = bench.attempt("one");
  bench.send({ ...told, noRoom: "its disk is full: it wants 96 MiB free" });
  expect(bench.details("client-full")).toEqual(["its disk is full: it wants 96 MiB free"]);
  bench.fail(attempt, "stopped");
  expect(bench.attempts()).toEqual([]);
  expect(bench.segment(0)).toMatchObject({ failures: 0, losses: 1 });
  bench.hello("two");
  expect(bench.attempt("two").segmentIndex).toBe(0);
  expect(bench.attempts("one")).toEqual([]);
  bench.send(told);
  expect(bench.details("client-resumed")).toEqual(["its disk has space again"]);
  expect(bench.attempts("one").length).toBe(1);
});

test("fewer slots take no lease away, and nothing more is offered until so many are free; more are filled at once", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { slots: 3, slotsReason: "rule" });
  bench.submit();
  bench.index(2000);
  const held = () => bench.attempts("one").map(({ id }) => id);
  const [first, second, third] = bench.attempts("one");
  if (first === undefined || second === undefined || third === undefined) throw new Error("three attempts expected");
  const { link, encoders, families } = bench.client("one");
  const told = { type: "client-changed", clientId: "one", link, encoders, families } as const;
  bench.send({ ...told, slots: 1, slotsReason: "measured" });
  expect(bench.client("one")).toMatchObject({ slots: 1, slotsReason: "measured" });
  expect(held()).toEqual([first.id, second.id, third.id]);
  bench.land(third);
  expect(held()).toEqual([first.id, second.id]);
  bench.send({ ...told, slots: 4 });
  expect(held().slice(0, 2)).toEqual([first.id, second.id]);
  expect(held().length).toBeGreaterThanOrEqual(4);
  expect(bench.client("one").slotsReason).toBeUndefined();
});
