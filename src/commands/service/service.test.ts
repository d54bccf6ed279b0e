// What is written for each system. systemd itself reads its unit where it is installed.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireFit } from "./choose-plan.ts";
import { type ServiceDefinition, withoutToken } from "./definition.ts";
import { launchdPlan, plistText } from "./launchd.ts";
import { quoteWord as quoteForWindows, taskPlan, taskXml } from "./scheduled-task.ts";
import { quoteWord, systemdPlan, unitText } from "./systemd.ts";

const SERVER: ServiceDefinition = {
  component: "serve",
  executable: "/usr/local/bin/ffcluster",
  args: ["--keep", "7d"],
  token: null,
  isUser: false,
  runAs: null,
};
const CLIENT: ServiceDefinition = {
  ...SERVER,
  component: "join",
  args: ["--server", "https://vm:5001", "--name", 'a "50 %" $HOME \\ é'],
  token: "secret-0123456789",
};
const LINUX = { configHome: "/home/me/.config", videoGroups: ["video"] };
const MAC = { home: "/Users/me", userId: 501 };
const WINDOWS = { account: "PC\\me & you", folder: "C:\\Temp" };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-service-"));
});
afterAll(() => rm(folder, { recursive: true }));

const analyzer = Bun.which("systemd-analyze");

test.skipIf(analyzer === null)("systemd has nothing to say against our units", async () => {
  for (const [index, definition] of [
    SERVER,
    CLIENT,
    { ...SERVER, isUser: true },
    { ...CLIENT, runAs: "nobody" },
  ].entries()) {
    const path = join(folder, `ffcluster-${index}.service`);
    // The program must be there for systemd; ours is built elsewhere.
    await writeFile(path, unitText({ ...definition, executable: "/bin/true" }, LINUX));
    const checked = Bun.spawnSync([analyzer ?? "", "verify", "--man=no", path], {
      env: { SYSTEMD_LOG_LEVEL: "warning" },
    });
    expect(checked.stderr.toString()).toBe("");
    expect(checked.exitCode).toBe(0);
  }
});

test("a unit holds no token: it lies in a file of its own, for root alone", () => {
  const { files, install } = systemdPlan(CLIENT, LINUX);
  expect(files.map(({ path, mode }) => [path, mode])).toEqual([
    ["/etc/systemd/system/ffcluster-client.service", 0o644],
    ["/etc/ffcluster/ffcluster-client.env", 0o600],
  ]);
  expect(files[0]?.text).not.toContain("secret");
  expect(files[0]?.text).toContain("EnvironmentFile=-/etc/ffcluster/ffcluster-client.env");
  expect(files[1]?.text).toBe('FFCLUSTER_TOKEN="secret-0123456789"\n');
  expect(install.at(-1)).toEqual(["systemctl", "restart", "ffcluster-client.service"]);
  const own = systemdPlan({ ...SERVER, isUser: true }, LINUX);
  expect(own.files[0]?.path).toBe("/home/me/.config/systemd/user/ffcluster-server.service");
  expect(own.install[0]).toEqual(["systemctl", "--user", "daemon-reload"]);
});

test("a service of the machine is kept from the rest of it; only a client is in the video groups", () => {
  const server = unitText(SERVER, LINUX);
  for (const line of ["DynamicUser=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "UMask=0077"]) {
    expect(server).toContain(`\n${line}\n`);
  }
  expect(server).not.toContain("SupplementaryGroups");
  expect(unitText(CLIENT, LINUX)).toContain("\nSupplementaryGroups=video\n");
  expect(unitText({ ...CLIENT, runAs: "me" }, LINUX)).toContain("\nUser=me\n");
});

test("words are quoted as each system reads them", () => {
  expect(quoteWord("--keep=7d")).toBe("--keep=7d");
  expect(quoteWord("a b")).toBe('"a b"');
  expect(quoteWord('50% of "$HOME" \\')).toBe('"50%% of \\"$$HOME\\" \\\\"');
  expect(quoteForWindows("C:\\a\\")).toBe("C:\\a\\");
  expect(quoteForWindows("C:\\a b\\")).toBe('"C:\\a b\\\\"');
  expect(quoteForWindows('say "hi\\"')).toBe('"say \\"hi\\\\\\""');
});

test("launchd's property list and Windows' task hold what they are given, escaped", () => {
  const plist = plistText(CLIENT, MAC);
  expect(plist).toContain('<string>a "50 %" $HOME \\ é</string>');
  expect(plist).toContain("<key>FFCLUSTER_TOKEN</key><string>secret-0123456789</string>");
  const { files, install } = launchdPlan({ ...SERVER, isUser: true }, MAC);
  expect(files[0]).toMatchObject({
    path: "/Users/me/Library/LaunchAgents/io.github.ffcluster-server.plist",
    mode: 0o600,
  });
  expect(install[0]?.slice(0, 3)).toEqual(["launchctl", "bootstrap", "gui/501"]);

  const task = taskXml({ ...CLIENT, executable: "C:\\ff & co\\ffcluster.exe" }, WINDOWS);
  expect(task).toContain("<Command>C:\\ff &amp; co\\ffcluster.exe</Command>");
  expect(task).toContain("<UserId>PC\\me &amp; you</UserId>");
  expect(task).toContain("--name &quot;a \\&quot;50 %\\&quot; $HOME \\ é&quot;</Arguments>");
  expect(taskPlan(SERVER, WINDOWS).files[0]).toMatchObject({
    path: "C:\\Temp\\ffcluster-server.xml",
    encoding: "utf16le",
  });
});

test("the token is taken out of the arguments, however it is written", () => {
  expect(withoutToken(["--a", "--token", "x", "--b"])).toEqual({ args: ["--a", "--b"], token: "x" });
  expect(withoutToken(["--token=x"])).toEqual({ args: [], token: "x" });
  expect(withoutToken(["--a"])).toEqual({ args: ["--a"], token: null });
});

test("what stands in the way is said before anything is written", () => {
  const refusal = (definition: ServiceDefinition, platform: NodeJS.Platform, userId: number) => () =>
    requireFit(definition, platform, userId);
  expect(refusal(SERVER, "linux", 1000)).toThrow("needs root");
  expect(refusal({ ...SERVER, executable: "/home/me/ffcluster" }, "linux", 0)).toThrow("could not read");
  expect(refusal(CLIENT, "win32", 0)).toThrow("can't keep a token");
  expect(refusal({ ...SERVER, isUser: true, runAs: "me" }, "linux", 1000)).toThrow("contradict");
  expect(refusal({ ...SERVER, isUser: true }, "linux", 1000)).not.toThrow();
  expect(refusal(SERVER, "linux", 0)).not.toThrow();
});
