import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../../test/support/scheduler-bench.ts";
import { goneSince, NAME_KEPT_MS } from "./client-names.ts";

test("two clients of one name get a number each, and keep it over reconnections", () => {
  const bench = new SchedulerBench();
  const nameOf = (id: string, name = "attic") => {
    bench.hello(id, { name, link: (bench.state.clients.get(id)?.link ?? 0) + 1 });
    return bench.client(id).name;
  };
  expect([nameOf("one"), nameOf("two"), nameOf("three", "attic-2"), nameOf("four")]).toEqual([
    ...["attic", "attic-2", "attic-2-2", "attic-3"],
  ]);
  bench.cut("one", true);
  expect([nameOf("two"), nameOf("one"), nameOf("four")]).toEqual(["attic-2", "attic", "attic-3"]);
  expect(nameOf("two", "cellar")).toBe("cellar");
  expect(bench.effects("welcome").at(-1)).toMatchObject({ clientId: "two", name: "cellar" });
});

test("the name of a client that was gone for a day is free", () => {
  const bench = new SchedulerBench();
  bench.hello("one", { name: "attic" });
  bench.cut("one", true);
  bench.pass(NAME_KEPT_MS);
  bench.hello("two", { name: "attic" });
  bench.cut("two", true);
  bench.pass(1);
  bench.hello("three", { name: "attic" });
  expect([bench.client("two").name, bench.client("three").name]).toEqual(["attic-2", "attic"]);
});

test("a client is gone since it was disconnected, until it comes back", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  expect(goneSince(bench.client("one"))).toBeNull();
  bench.cut("one", true);
  expect(goneSince(bench.client("one"))).toBe(`at ${bench.now}`);
  bench.hello("one", { link: bench.client("one").link + 1 });
  expect(bench.client("one").goneSince).toBeUndefined();
});
