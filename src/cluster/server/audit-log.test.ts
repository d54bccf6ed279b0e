import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryStore } from "../../../test/support/memory-store.ts";
import { canHaveSmallDisks, SmallDisk } from "../../../test/support/small-disk.ts";
import { silentLog } from "../../base/log.ts";
import { AuditFile, AuditLog } from "./audit-log.ts";
import type { AuditEntryView } from "./views.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-audit-"));
});
afterEach(() => rm(folder, { recursive: true }));

function entry(change: Partial<AuditEntryView> = {}): AuditEntryView {
  return {
    at: "2026-01-01T00:00:00.000Z",
    action: "job-cancel",
    token: "laptop",
    token_id: "t1",
    role: "admin",
    client_id: null,
    address: "10.0.0.5",
    object: "j1",
    result: "ok",
    times: 1,
    ...change,
  };
}

const lines = async (name: string) => (await readFile(join(folder, name), "utf8")).split("\n").slice(0, -1);

describe("the file", () => {
  test("has a line of JSON for each entry, and goes on with an older one", async () => {
    for (const object of ["a", "b"]) {
      const file = new AuditFile(folder);
      file.append(entry({ object }));
      file.close();
    }
    const found = (await lines("audit.jsonl")).map((line) => JSON.parse(line));
    expect(found).toEqual([entry({ object: "a" }), entry({ object: "b" })]);
  });

  test.skipIf(process.platform === "win32")("is for its owner alone, also one that was not", async () => {
    await writeFile(join(folder, "audit.jsonl"), "");
    await chmod(join(folder, "audit.jsonl"), 0o644);
    const file = new AuditFile(folder);
    file.append(entry());
    file.close();
    expect((await stat(join(folder, "audit.jsonl"))).mode & 0o777).toBe(0o600);
  });

  test("nothing in an entry begins a line of its own or moves a cursor", async () => {
    const file = new AuditFile(folder);
    const object = 'x"}\n{"action":"forged"}\r\u001b[2J\u0085\u2028\u202e\u0000\ud800';
    file.append(entry({ object, token: object, address: object }));
    file.close();
    const text = await readFile(join(folder, "audit.jsonl"), "utf8");
    expect(text.trimEnd()).toMatch(/^[^\p{Cc}\u2028\u2029\u202e]*$/u);
    const [only = ""] = await lines("audit.jsonl");
    expect(JSON.parse(only).object).toBe(object);
  });

  test("goes on behind a line that was cut by the death of its server", async () => {
    await writeFile(join(folder, "audit.jsonl"), `${JSON.stringify(entry())}\n{"at":"2026`);
    const file = new AuditFile(folder);
    file.append(entry({ object: "next" }));
    file.close();
    const found = await lines("audit.jsonl");
    expect(found).toHaveLength(3);
    expect(JSON.parse(found.at(-1) ?? "").object).toBe("next");
  });

  test.skipIf(!canHaveSmallDisks())("a full disk leaves no half of a line", async () => {
    using disk = new SmallDisk(folder, 1);
    const file = new AuditFile(folder);
    const long = entry({ object: "x".repeat(1000) });
    let failures = 0;
    for (let count = 0; count < 1500; count += 1) {
      try {
        file.append(long);
      } catch {
        failures += 1;
      }
    }
    file.close();
    expect(failures).toBeGreaterThan(0);
    const found = await lines("audit.jsonl");
    expect(found.length).toBe(1500 - failures);
    for (const line of found) expect(JSON.parse(line).object).toBe(long.object);
    expect(disk).toBeDefined();
  });

  test("keeps five files of the newest entries, of bounded size", async () => {
    const file = new AuditFile(folder, 1000);
    for (let number = 0; number < 200; number += 1) file.append(entry({ object: `j${number}` }));
    file.close();
    const names = (await readdir(folder)).sort();
    expect(names).toEqual(["audit.1.jsonl", "audit.2.jsonl", "audit.3.jsonl", "audit.4.jsonl", "audit.jsonl"]);
    for (const name of names) expect((await stat(join(folder, name))).size).toBeLessThanOrEqual(1000);
    const kept = (await Promise.all(names.reverse().map(lines))).flat();
    const oldestFirst = [...(await lines("audit.4.jsonl")), ...(await lines("audit.jsonl"))];
    expect(JSON.parse(oldestFirst.at(-1) ?? "").object).toBe("j199");
    expect(kept.length).toBeGreaterThan(10);
  });
});

describe("the log", () => {
  test("writes each entry to the store and to the file", async () => {
    const store = new MemoryStore();
    const log = new AuditLog({ store, file: new AuditFile(folder), log: silentLog });
    log.write(entry({ object: "a" }));
    expect(await lines("audit.jsonl")).toHaveLength(1);
    log.write(entry({ object: "b" }));
    log.flush();
    expect(store.auditEntries(9, null)).toMatchObject([entry({ object: "a" }), entry({ object: "b" })]);
    log.write(entry({ object: "c" }));
    log.close();
    log.write(entry({ object: "d" }));
    expect(store.auditEntries(9, null).map(({ object }) => object)).toEqual(["a", "b", "c"]);
    expect(await lines("audit.jsonl")).toHaveLength(3);
  });

  test("writes many rows at once, soon and without being asked", async () => {
    const written = Promise.withResolvers<readonly AuditEntryView[]>();
    const store = { appendAudit: (entries: readonly AuditEntryView[]) => written.resolve(entries) };
    const log = new AuditLog({ store, file: new AuditFile(folder), log: silentLog });
    for (let count = 0; count < 5; count += 1) log.write(entry());
    expect(await written.promise).toHaveLength(5);
    log.close();
  });

  test("that cannot be written stops nothing, says so once, and the one goes on without the other", async () => {
    const errors: string[] = [];
    const broken = {
      appendAudit: () => {
        throw new Error("the disk is full");
      },
    };
    const parts = {
      file: new AuditFile(folder),
      log: { ...silentLog, error: (text: string) => void errors.push(text) },
    };
    const log = new AuditLog({ store: broken, ...parts });
    for (let count = 0; count < 3; count += 1) {
      log.write(entry());
      log.flush();
    }
    expect(errors).toEqual(["the audit log cannot be written: the disk is full"]);
    expect(await lines("audit.jsonl")).toHaveLength(3);
    log.close();
  });
});
