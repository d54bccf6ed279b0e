// What a hostile file could make of a decoder that it has taken over: a stand-in for ffmpeg tries it all at once. On
// Linux nothing of it gets through; what a real encode needs does.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SandboxMode } from "../../../base/sandbox/confinement.ts";
import { sandboxSupport } from "../../../base/sandbox/sandbox-support.ts";
import { runTool } from "../run-tool.ts";
import { toolSandbox } from "./tool-access.ts";

const TIMEOUT_MS = 30_000;
const support = await sandboxSupport();
const confinesAll = support.confines.length === 3;
if (!confinesAll) console.error(`skipped: ${support.words}`);

let folder: string;
let listener: Bun.TCPSocketListener;
let gateway: Bun.TCPSocketListener;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ffcluster-sandbox-"));
  for (const name of ["in", "out", "home"]) await mkdir(join(folder, name));
  await writeFile(join(folder, "in/source"), "a film");
  await writeFile(join(folder, "home/secret"), "a key");
  const socket = { open: (each: Bun.Socket) => void each.end("hello\n"), data: () => {} };
  listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
  gateway = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
});
afterAll(async () => {
  listener.stop(true);
  gateway.stop(true);
  await rm(folder, { recursive: true, force: true });
});

/** Each line tries one thing and says its name when that worked. */
function attempts(): string {
  const tries: readonly [string, string][] = [
    ["read-input", `cat ${folder}/in/source`],
    ["read-secret", `cat ${folder}/home/secret`],
    ["list-home", `ls ${folder}/home`],
    ["read-password-file", "cat /etc/passwd"],
    ["read-servers-environment", `head -c 1 /proc/${process.pid}/environ`],
    ["read-servers-memory-map", `head -c 1 /proc/${process.pid}/maps`],
    ["write-output", `echo x > ${folder}/out/segment`],
    ["write-input", `echo x >> ${folder}/in/source`],
    ["write-outside", `echo x > ${folder}/home/left-behind`],
    ["rename-outside", `mv ${folder}/out/segment ${folder}/home/moved`],
    ["link-to-secret", `ln -s ${folder}/home/secret ${folder}/out/link`],
    ["connect-gateway", `exec 3<>/dev/tcp/127.0.0.1/${gateway.port}`],
    ["connect-elsewhere", `exec 3<>/dev/tcp/127.0.0.1/${listener.port}`],
    ["signal-server", `kill -0 ${process.pid}`],
    ["discard", "echo x > /dev/null"],
  ];
  const line = ([name, command]: readonly [string, string]) => `( ${command} ) >/dev/null 2>&1 && echo ${name}`;
  return `#!/bin/bash\n${tries.map(line).join("\n")}\nenv | cut -d= -f1 | grep -E 'TOKEN|PROXY|FFCLUSTER' ; ulimit -c; exit 0\n`;
}

async function isBubblewrapWorking(): Promise<boolean> {
  if (process.platform !== "linux" || Bun.which("bwrap") === null) return false;
  const child = Bun.spawn(["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "true"], { stderr: "ignore" });
  return (await child.exited) === 0;
}

async function standIn(script: string, mode: SandboxMode) {
  const program = join(folder, "ffmpeg");
  await writeFile(program, script);
  await chmod(program, 0o755);
  return { ffmpeg: program, ffprobe: program, sandbox: await toolSandbox(mode, [program], process.env) };
}

async function attack(mode: SandboxMode): Promise<readonly string[]> {
  process.env.FFCLUSTER_TOKEN = "a-secret-of-this-server";
  const tools = await standIn(attempts(), mode);
  const { stdout } = await runTool({
    tools,
    program: "ffmpeg",
    args: [],
    reads: [join(folder, "in/source")],
    writes: [join(folder, "out")],
    urls: [`http://127.0.0.1:${gateway.port}/token`],
    timeoutMs: TIMEOUT_MS,
  });
  delete process.env.FFCLUSTER_TOKEN;
  return stdout.trim().split("\n");
}

const ALLOWED = ["read-input", "write-output", "connect-gateway", "discard"];

test.skipIf(!confinesAll)(
  "a taken-over ffmpeg reads its input, writes its output, reaches its gateway, and nothing else",
  async () => {
    expect(await attack("auto")).toEqual([...ALLOWED, "0"]);
    expect(await readdir(join(folder, "home"))).toEqual(["secret"]);
    expect(await readFile(join(folder, "in/source"), "utf8")).toBe("a film");
  },
  TIMEOUT_MS,
);

const hasBubblewrap = await isBubblewrapWorking();
if (!hasBubblewrap) console.error("skipped: bubblewrap is not there, or may not make namespaces");

test.skipIf(!hasBubblewrap)(
  "in bubblewrap the same is refused, by what is not there at all",
  async () => {
    const got = await attack("bwrap");
    // Where a run has a gateway it has the machine's network; the ports are Landlock's.
    const allowed = support.confines.includes("ports")
      ? ALLOWED
      : [...ALLOWED.slice(0, 3), "connect-elsewhere", "discard"];
    expect(got.filter((line) => line !== "link-to-secret" || confinesAll)).toEqual([...allowed, "0"]);
    expect(await readdir(join(folder, "home"))).toEqual(["secret"]);
    expect(await readFile(join(folder, "in/source"), "utf8")).toBe("a film");
  },
  TIMEOUT_MS,
);

test.skipIf(!hasBubblewrap)(
  "how a program in bubblewrap ends is said as of any other, and it ends with its guard",
  async () => {
    const run = { program: "ffmpeg", args: [], reads: [], writes: [] } as const;
    const crash = await standIn("#!/bin/bash\nkill -SEGV $$\n", "bwrap");
    expect(await runTool({ tools: crash, ...run, timeoutMs: TIMEOUT_MS })).toMatchObject({
      ended: "exit",
      death: "SIGSEGV",
    });
    const hang = await standIn("#!/bin/bash\ntrap '' TERM\nwhile :; do read -rt 1 <> <(:); done\n", "bwrap");
    expect(await runTool({ tools: hang, ...run, timeoutMs: 500 })).toMatchObject({ ended: "timeout" });
    const left = await Bun.$`pgrep -f ${hang.ffmpeg}`.nothrow().quiet();
    expect(left.stdout.toString()).toBe("");
  },
  TIMEOUT_MS,
);

test.skipIf(!confinesAll)(
  "without a sandbox the same gets through, except that no secret is in the environment",
  async () => {
    const got = await attack("off");
    expect(got).toContain("read-secret");
    expect(got).toContain("connect-elsewhere");
    expect(got.filter((line) => /TOKEN|PROXY|FFCLUSTER/.test(line))).toEqual([]);
  },
  TIMEOUT_MS,
);

test.skipIf(!confinesAll)(
  "an encoder on a device reaches what its driver shares, and one on the processor does not",
  async () => {
    const shared = `/dev/shm/ffcluster-test-${process.pid}`;
    const script = `#!/bin/bash\n( echo x > ${shared} && ls /sys/class && rm ${shared} ) >/dev/null 2>&1 && echo reached\nexit 0\n`;
    const tools = await standIn(script, "auto");
    const run = { tools, program: "ffmpeg", args: [], reads: [], writes: [], timeoutMs: TIMEOUT_MS } as const;
    expect((await runTool({ ...run, usesDevice: true })).stdout).toBe("reached\n");
    expect((await runTool(run)).stdout).toBe("");
  },
  TIMEOUT_MS,
);

test.skipIf(!confinesAll)(
  "what takes more memory than it is allowed fails by itself",
  async () => {
    // The bound stands a moment after the start.
    const script = "#!/bin/bash\nsleep 0.3\nhead -c 300M /dev/zero | tail -c 300M | wc -c\n";
    const run = { program: "ffmpeg", args: [], reads: [], writes: [], timeoutMs: TIMEOUT_MS } as const;
    const tools = await standIn(script, "auto");
    const [bounded, free] = await Promise.all([
      runTool({ tools, ...run, memoryBytes: 100e6 }),
      runTool({ tools, ...run }),
    ]);
    expect(bounded).toMatchObject({ ended: "exit", stdout: "0\n", stderrTail: expect.stringContaining("tail") });
    expect(free.stdout).toBe(`${300 * 1024 ** 2}\n`);
  },
  TIMEOUT_MS,
);
