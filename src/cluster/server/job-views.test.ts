import { expect, test } from "bun:test";
import { SchedulerBench } from "../../../test/support/scheduler-bench.ts";
import { RECONNECT_GRACE_MS } from "../scheduler/model/timing.ts";
import { clientView } from "./job-views.ts";

test("a client whose link is gone is shown as disconnected at once, while its leases wait for it", () => {
  const bench = new SchedulerBench();
  bench.hello("one");
  bench.submit();
  bench.index(100);
  const shown = () => clientView(bench.state, bench.client("one"), ["nas"]);
  expect(shown()).toMatchObject({ status: "Benchmarking", current_job: "job", leased_job: null, keys: ["nas"] });
  bench.cut("one");
  expect(shown()).toMatchObject({ status: "Disconnected", current_job: null, leased_job: "job" });
  expect(bench.attempts().length).toBe(1);
  bench.hello("one", { heldAttempts: bench.attempts().map(({ id }) => id) });
  expect(shown()).toMatchObject({ status: "Benchmarking", current_job: "job", leased_job: null });
  bench.cut("one");
  bench.pass(RECONNECT_GRACE_MS + 1);
  expect(shown()).toMatchObject({ status: "Disconnected", current_job: null, leased_job: null });
});
