import { expect, test } from "bun:test";
import type { Job, JobStatus } from "../../scheduler/model/job.ts";
import type { Engine } from "../engine.ts";
import { Limit } from "../limit.ts";
import { requireRoomForJob } from "./intake-calls.ts";

const engineOf = (statuses: readonly JobStatus[]) => {
  const jobs = new Map(statuses.map((status, index) => [String(index), { status } as Job]));
  return { state: { jobs } } as unknown as Engine;
};
const idle = new Limit(1);
const many = (count: number, status: JobStatus) => Array<JobStatus>(count).fill(status);

test("a thousand jobs that have not ended are the most; those that have do not count", () => {
  expect(() => requireRoomForJob(engineOf([...many(999, "Queued"), ...many(5000, "Completed")]), idle)).not.toThrow();
  const full = engineOf(many(1000, "Queued"));
  expect(() => requireRoomForJob(full, idle)).toThrow("1000 jobs have not ended");
});

test("four sources are looked at together, and no more than a hundred wait for that", async () => {
  const probes = new Limit(4);
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const look = () =>
    probes.run(async () => {
      running += 1;
      await gate.promise;
    });
  const first = Array.from({ length: 103 }, look);
  await Promise.resolve();
  expect([running, probes.waiting]).toEqual([4, 99]);
  expect(() => requireRoomForJob(engineOf([]), probes)).not.toThrow();
  first.push(look());
  expect(() => requireRoomForJob(engineOf([]), probes)).toThrow("100 sources wait");
  gate.resolve();
  await Promise.all(first);
  expect(probes.waiting).toBe(0);
});
