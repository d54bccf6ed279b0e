import { describe, expect, test } from "bun:test";
import { MemoryCoordinator } from "../../test/support/memory-coordinator.ts";
import { ApiClient } from "../api/client.ts";
import type { JobView } from "../api/contract.ts";
import { serveApi } from "../api/serve-api.ts";
import { hostPort, serverName } from "../api/server-address.ts";
import type { OptionOrigin } from "../base/config/resolve-options.ts";
import { silentLog } from "../base/log.ts";
import { printable } from "../base/printable.ts";
import { targetFor } from "./jobs/save-output.ts";
import { chooseAddress } from "./join.ts";
import { formatBytes, formatSeconds } from "./output/format.ts";
import { createProgressDisplay } from "./output/progress-display.ts";
import { table } from "./output/table.ts";
import { greeting } from "./serving/announce.ts";
import { joinLine } from "./serving/join-line.ts";
import { outwardAddress } from "./serving/outward-address.ts";
import { leftBehind } from "./submitting/on-interrupt.ts";
import { waitingText, watchForClients, wayForOthers } from "./submitting/waiting-notice.ts";

const job: JobView = {
  job_id: "1",
  file_name: "in.mp4",
  status: "WaitingForClients",
  progress: 12.3,
  created_at: "2026-11-22T10:00:00.000Z",
  started_at: null,
  completed_at: null,
  error: null,
  encoder: "libx265",
  family: "software",
  fps: 50,
  eta_seconds: 65,
  segments: { done: 0, running: 0, known: 0 },
  frames: { done: 0, total: null },
  output: null,
  output_name: "in.ffcluster.mp4",
  activity: null,
  clients: 1,
  capable_clients: 0,
  priority: 50,
  required_clients: 2,
  owner: "admin",
};

describe("join's address", () => {
  type Given = Parameters<typeof chooseAddress>[0];
  const choose = (given: Partial<Given>, origins: Partial<Record<keyof Given, OptionOrigin>>) =>
    hostPort(
      chooseAddress(
        { server: "localhost:5001", "server-ip": null, "server-port": null, ...given },
        { server: "default", "server-ip": "default", "server-port": "default", ...origins },
      ),
    );

  test("parts fill the whole; the stronger place wins", () => {
    expect(choose({}, {})).toBe("localhost:5001");
    expect(choose({ "server-ip": "node-1" }, { "server-ip": "flag" })).toBe("node-1:5001");
    expect(choose({ "server-port": 6000 }, { "server-port": "flag" })).toBe("localhost:6000");
    const both = { server: "a:1", "server-ip": "b", "server-port": 2 };
    expect(choose(both, { server: "environment", "server-ip": "flag" })).toBe("b:2");
    expect(choose(both, { server: "flag", "server-ip": "environment" })).toBe("a:1");
  });
});

describe("text for people", () => {
  test("tables align, and obey no control characters of others", () => {
    const columns = [{ title: "ID" }, { title: "FPS", align: "right" }, { title: "FILE" }] as const;
    expect(
      table(columns, [
        ["a", "100.0", "ü\u001b[31mx\n"],
        ["bbb", "2", "y"],
      ]),
    ).toBe("ID     FPS  FILE\na    100.0  üx?\nbbb      2  y\n");
    expect(printable("\u001b]0;title\u0007x")).not.toContain("\u001b");
  });

  test("bytes and seconds", () => {
    expect([0, 1023, 1536, 5 * 1024 ** 3].map(formatBytes)).toEqual(["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]);
    expect([0, 59.4, 61, 3720].map(formatSeconds)).toEqual(["0s", "59s", "1m01s", "1h02m"]);
  });

  test("off a terminal: a line at each change of state, else every three seconds, or minutely where nothing changes", () => {
    const lines: string[] = [];
    let now = 0;
    const sink = { isTty: false, columns: 80, write: (text: string) => void lines.push(text) };
    const display = createProgressDisplay({ stderr: sink, env: {} }, () => now);
    display.job(job);
    display.job(job);
    now = 2999;
    display.job(job);
    display.job({ ...job, status: "Processing" });
    now = 6100;
    display.job({ ...job, status: "Processing" });
    display.job({ ...job, status: "Processing", progress: 20 });
    now = 9200;
    display.job({ ...job, status: "Processing", progress: 20 });
    now = 69_300;
    display.job({ ...job, status: "Processing", progress: 20 });
    display.job({ ...job, status: "Queued", fps: 0, clients: 0 });
    now = 80_000;
    display.job({ ...job, status: "Queued", fps: 0, clients: 0, capable_clients: 2 });
    expect(lines).toEqual([
      "WaitingForClients 12.3%, 50.0 fps, 1m05s left, 1 client\n",
      "Processing 12.3%, 50.0 fps, 1m05s left, 1 client\n",
      "Processing 20.0%, 50.0 fps, 1m05s left, 1 client\n",
      "Processing 20.0%, 50.0 fps, 1m05s left, 1 client\n",
      "Queued 12.3%\n",
      "Queued 12.3%, waits for a free client\n",
    ]);
  });
});

describe("the waiting notice", () => {
  test("names what is missing and the line that helps, never the token", () => {
    const server = { isTls: true, host: "node-1", port: 6000 };
    const others = { server: "https://node-1:6000", tls_fingerprint: "ab12", needs_ca_file: false };
    const text = waitingText(job, { server, token: null }, others);
    expect(text).toContain("Waiting for 2 more clients with ffmpeg and libx265");
    expect(text).toContain("ffcluster join --server https://node-1:6000 --token TOKEN --tls-fingerprint ab12");
    expect(text).toContain("On this one:        ffcluster join --server https://node-1:6000");
  });

  test("says of a server that listens on this machine alone that nobody else can join it", async () => {
    const coordinator = await MemoryCoordinator.open();
    const outward = { server: "127.0.0.1:5001", tls_fingerprint: null, needs_ca_file: false };
    const options = { coordinator, host: "127.0.0.1", port: 0, version: "0.1.0", log: silentLog };
    const api = serveApi({ ...options, outward: () => outward });
    const server = { isTls: false, host: "127.0.0.1", port: api.port };
    const textFor = async (token: string) => {
      const client = new ApiClient({ server, token });
      return waitingText(job, client.connection, await wayForOthers(client));
    };
    expect(await textFor(coordinator.token)).toContain(
      "On another machine: none can join: the server listens on loopback alone",
    );
    // Who may not ask has no line to name.
    const { token } = coordinator.tokens.create({ name: "ann", role: "submit", expiresInSeconds: null });
    expect(await textFor(token)).toContain("On another machine: the line that `ffcluster invite` prints for an admin");
    await api.stop();
    await coordinator.close();
  });

  test("is said once, and only when it is due", async () => {
    const said = Promise.withResolvers<void>();
    let times = 0;
    const say = () => {
      times += 1;
      said.resolve();
    };
    const notice = watchForClients(async () => "", say, 10);
    notice.see(job);
    expect(times).toBe(0);
    await said.promise;
    notice.see(job);
    expect(times).toBe(1);
    notice.stop();
  });
});

describe("where a download goes", () => {
  test("the same container only", async () => {
    expect(await targetFor(null, "/nowhere", "out.mp4")).toBe("/nowhere/out.mp4");
    expect(await targetFor("x.M4V", "/nowhere", "out.mp4")).toBe("/nowhere/x.M4V");
    await expect(targetFor("x.mkv", "/nowhere", "out.mp4")).rejects.toThrow("the output is out.mp4, not .mkv");
  });
});

test("what an interrupted submit leaves behind", () => {
  expect(leftBehind({ kind: "uploading" }).hint).toBe("The same command continues the upload.");
  const jobId = "01234567-89ab-4cde-8f01-23456789abcd";
  const done = leftBehind({ kind: "downloading", jobId });
  expect(done).toMatchObject({ event: "interrupted", jobId, exitCode: 130 });
  expect(done.hint).toContain("`ffcluster jobs download 01234567 -o FILE`");
  expect(leftBehind({ kind: "following", jobId }).hint).toContain("`ffcluster cancel 01234567` cancels it");
});

test("the join line that serve prints names an address that --server takes, and the certificate where clients need it", () => {
  const line = (host: string, port: number, tls: Parameters<typeof outwardAddress>[2], needsCaFile = false) =>
    joinLine(
      {
        server: serverName(outwardAddress(host, port, tls)),
        tls_fingerprint: tls?.fingerprint ?? null,
        needs_ca_file: needsCaFile,
      },
      "TOKEN",
    );
  expect(line("::1", 6000, null)).toBe("ffcluster join --server [::1]:6000 --token TOKEN");
  expect(line("10.0.0.5", 5001, null)).toBe("ffcluster join --server http://10.0.0.5:5001 --token TOKEN");
  const names = ["localhost", "node-1.example"];
  const signed = { names, fingerprint: null };
  expect(line("10.0.0.5", 5001, signed)).toBe("ffcluster join --server https://node-1.example:5001 --token TOKEN");
  const needsFile = "ffcluster join --server https://node-1.example:5001 --token TOKEN --tls-ca CERT.PEM";
  expect(line("10.0.0.5", 5001, signed, true)).toBe(needsFile);
  const fingerprint = "ab".repeat(32);
  const pinned = `ffcluster join --server https://10.0.0.5:5001 --token TOKEN --tls-fingerprint ${fingerprint}`;
  expect(line("10.0.0.5", 5001, { names, fingerprint })).toBe(pinned);
  expect(line("10.0.0.5", 5001, { names: [], fingerprint })).toBe(pinned);
});

test("a server that listens on loopback alone greets nobody on other machines", () => {
  const bound = { url: "http://127.0.0.1:5001", plainUrl: null, port: 5001, tls: null, joinToken: "JOIN" };
  const alone = greeting({ host: "127.0.0.1", keep: 30 * 86_400 }, "/work", "TOKEN", bound);
  expect(alone).toContain(
    "\nOn this machine, which alone reaches it: ffcluster join --server 127.0.0.1:5001 --token JOIN\n",
  );
  expect(greeting({ host: "10.0.0.5", keep: null }, "/work", "TOKEN", bound)).toContain(
    "\nOn other machines: ffcluster join ",
  );
});

test("a server on every interface names an address that others can call", () => {
  const bound = { url: "http://[::]:5001", plainUrl: null, port: 5001, tls: null, joinToken: "JOIN" };
  for (const host of ["::", "0.0.0.0", "0:0:0:0:0:0:0:0"]) {
    const said = greeting({ host, keep: null }, "/work", "TOKEN", bound);
    expect(said).not.toMatch(/\[::\]|0\.0\.0\.0|0:0:0/);
    expect(said).toMatch(/serves http:\/\/\S+:5001,/);
  }
});

test("how long the files of finished jobs stay is said when a server starts", () => {
  const bound = { url: "http://127.0.0.1:5001", plainUrl: null, port: 5001, tls: null, joinToken: "JOIN" };
  const said = (keep: number | null) => greeting({ host: "127.0.0.1", keep }, "/work", "TOKEN", bound);
  expect(said(30 * 86_400)).toContain(
    "\nThe files of a finished job, its output too, go 30 days after its end (--keep).\n",
  );
  expect(said(86_400)).toContain("go 1 day after");
  expect(said(7200)).toContain("go 2h00m after");
  expect(said(null)).toContain("stay here until you remove them");
});
