import { expect, test } from "bun:test";
import type { Principal } from "../../protocol/roles.ts";
import type { JobRecord } from "../job/job-record.ts";
import type { JobView } from "../views.ts";
import { KeyedJobs } from "./keyed-jobs.ts";

const ANN = { tokenId: "ann" } as Principal;
const BOB = { tokenId: "bob" } as Principal;
const CREATED = "2026-11-22T10:00:00.000Z";
const DAY_MS = 86_400_000;

/** As a server's jobs: what is made is known from then on. */
function jobs() {
  const records: JobRecord[] = [];
  let nowMs = Date.parse(CREATED);
  const made = {
    madeWith: (tokenId: string, key: string) =>
      records.findLast(({ owner, idempotency }) => owner?.tokenId === tokenId && idempotency?.key === key),
    view: (jobId: string) => ({ job_id: jobId, created_at: CREATED }) as JobView,
  };
  const open = () => new KeyedJobs(made, () => nowMs);
  const make = (keyed: KeyedJobs, who: Principal, key: string, requestSha256 = "same") =>
    keyed.make(who, { key, requestSha256 }, async () => {
      const jobId = `job ${records.length + 1}`;
      await Promise.resolve();
      records.push({
        jobId,
        owner: { tokenId: who.tokenId, name: "" },
        idempotency: { key, requestSha256 },
      } as JobRecord);
      return made.view(jobId);
    });
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { records, open, make, pass };
}

test("the same key gives the same job, also while it is being made and after a restart", async () => {
  const { records, open, make } = jobs();
  const keyed = open();
  const both = await Promise.all([make(keyed, ANN, "k"), make(keyed, ANN, "k")]);
  expect(both.map(({ job, isNew }) => [job.job_id, isNew])).toEqual([
    ["job 1", true],
    ["job 1", false],
  ]);
  expect((await make(open(), ANN, "k")).job.job_id).toBe("job 1");
  expect(records).toHaveLength(1);
});

test("another request with the key is refused; another owner's key is another", async () => {
  const { open, make } = jobs();
  const keyed = open();
  const first = make(keyed, ANN, "k");
  await expect(make(keyed, ANN, "k", "other")).rejects.toThrow("came with another request");
  await first;
  await expect(make(keyed, ANN, "k", "other")).rejects.toThrow("came with another request");
  expect((await make(keyed, BOB, "k", "other")).job.job_id).toBe("job 2");
});

test("a refused job leaves its key free", async () => {
  const { open, make } = jobs();
  const keyed = open();
  const refuse = () => Promise.reject(new Error("refused"));
  await expect(keyed.make(ANN, { key: "k", requestSha256: "same" }, refuse)).rejects.toThrow("refused");
  expect(await make(keyed, ANN, "k", "other")).toMatchObject({ isNew: true });
});

test("after a day a key is free again, and then stands for the newer job", async () => {
  const { open, make, pass } = jobs();
  const keyed = open();
  await make(keyed, ANN, "k");
  pass(DAY_MS);
  expect(await make(keyed, ANN, "k")).toMatchObject({ isNew: false });
  pass(1);
  expect((await make(keyed, ANN, "k")).job.job_id).toBe("job 2");
});
