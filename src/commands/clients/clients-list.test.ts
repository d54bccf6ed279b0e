import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { MemoryCoordinator } from "../../../test/support/memory-coordinator.ts";
import { serveApi } from "../../api/serve-api.ts";
import { silentLog } from "../../base/log.ts";

const HOUR_MS = 3600_000;
const CLI = resolve(import.meta.dir, "../../cli.ts");

test("clients that are gone for a day are counted, and shown with --all; one that holds a segment always is", async () => {
  const coordinator = await MemoryCoordinator.open();
  const server = serveApi({ coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog });
  const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString();
  const list = async (...options: string[]) => {
    const where = ["--server", server.url, "--token", coordinator.token];
    const run = Bun.spawn([process.execPath, CLI, "clients", "list", ...where, ...options], { stderr: "pipe" });
    const [stdout, stderr] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text()]);
    expect(await run.exited).toBe(0);
    return { stdout, stderr };
  };
  try {
    coordinator.addClient({ client_id: "1", name: "here", gone_since: null });
    coordinator.addClient({ client_id: "2", name: "since-noon", status: "Disconnected", gone_since: ago(23) });
    coordinator.addClient({ client_id: "3", name: "long-gone", status: "Disconnected", gone_since: ago(25) });
    const holds = { status: "Disconnected", gone_since: ago(25), leased_job: "9" } as const;
    coordinator.addClient({ client_id: "4", name: "holds-one", ...holds });
    const usual = await list();
    for (const name of ["here", "since-noon", "holds-one"]) expect(usual.stdout).toContain(name);
    expect(usual.stdout).not.toContain("long-gone");
    expect(usual.stderr).toBe("1 client is gone for more than a day; --all shows it.\n");
    const all = await list("--all");
    expect([all.stdout.includes("long-gone"), all.stderr]).toEqual([true, ""]);
    expect((await list("--json")).stdout).toContain("long-gone");
  } finally {
    await server.stop();
    await coordinator.close();
  }
});
