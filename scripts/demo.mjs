// The demonstration: a server and two clients as separate processes, one sample encoded by both, the frames counted
// by ffprobe, a table. Plain Node. Every process is ended by its own id, however this ends.
import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { EXECUTABLE, isExecutableStale } from "./executable.mjs";
import { BUN, environmentWithFfmpeg, ROOT } from "./setup.mjs";

const RATE = 25;
const OUTPUT_FOLDER = join(ROOT, "demo-output");
const SAMPLE = join(OUTPUT_FOLDER, "sample.mp4");
const RESULT = join(OUTPUT_FOLDER, "sample.ffcluster.mp4");
const ENCODE_REQUEST = "-c:v libx264 -preset veryfast -crf 23";
const READY_WITHIN_MS = 20_000;
const CLIENTS_WITHIN_MS = 120_000;
const SUBMIT_WITHIN_MS = 10 * 60_000;

/** What went wrong, in words for the person who watches. */
class DemoError extends Error {}

const say = (line) => process.stderr.write(`${line}\n`);
const scratch = mkdtempSync(join(tmpdir(), "ffcluster-demo-"));
const running = new Map();

/** Only what the demo sets may steer it: settings of this shell or user for other clusters stay out. */
function environment() {
  const outer = Object.entries(environmentWithFfmpeg()).filter(([name]) => !/^FFCLUSTER_(?!FFMPEG_DIR$)/.test(name));
  const token = `demo-${crypto.randomUUID()}`;
  return { ...Object.fromEntries(outer), FFCLUSTER_TOKEN: token, XDG_CONFIG_HOME: join(scratch, "config") };
}

// ---- the sample -----------------------------------------------------------------------------------------------------

/** Pictures that differ, so that each join is a scene cut; [lavfi source, seconds]. */
const SCENES = [
  ["testsrc2", 3],
  ["mandelbrot", 3],
  ["smptehdbars,hue=H=t*2", 2],
  ["gradients=speed=0.02:seed=7", 4],
  ["testsrc2,negate,hflip", 3],
  ["sierpinski", 3],
  ["rgbtestsrc,rotate=t", 2],
  ["cellauto=rule=110:random_seed=1", 3],
  ["testsrc2,hue=s=0", 3],
  ["mandelbrot,negate,vflip", 4],
];

function lavfi([scene, seconds]) {
  const [source, ...filters] = scene.split(",");
  const size = `${source.includes("=") ? ":" : "="}size=640x360:rate=${RATE}`;
  const graph = [`${source}${size}`, `trim=end_frame=${seconds * RATE}`, ...filters, "setsar=1", "format=yuv420p"];
  return ["-f", "lavfi", "-i", graph.join(",")];
}

/** 30 seconds at 25 frames a second, key frames at every cut and at least each 2 seconds, a beep each second. */
function makeSample(env) {
  const making = join(scratch, "sample.mp4");
  const seconds = SCENES.reduce((sum, [, own]) => sum + own, 0);
  const inputs = SCENES.map((_, index) => `[${index}:v]`).join("");
  const args = ["-hide_banner", "-nostdin", "-v", "error", "-y", ...SCENES.flatMap(lavfi)];
  args.push("-f", "lavfi", "-i", `sine=frequency=330:beep_factor=4:sample_rate=48000:duration=${seconds}`);
  args.push(
    "-filter_complex",
    `${inputs}concat=n=${SCENES.length}:v=1:a=0[v]`,
    "-map",
    "[v]",
    "-map",
    `${SCENES.length}:a`,
  );
  args.push("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-g", String(2 * RATE));
  args.push("-c:a", "aac", "-b:a", "96k", "-ac", "2", "-movflags", "+faststart", making);
  const made = spawnSync("ffmpeg", args, { env, encoding: "utf8" });
  if (made.status !== 0) throw new DemoError(`the sample could not be made: ${made.error?.message ?? made.stderr}`);
  copyFileSync(making, `${SAMPLE}.tmp`);
  renameSync(`${SAMPLE}.tmp`, SAMPLE); // so that an interrupted demo leaves no half of one
}

/** Decoded video frames, seconds, and sound tracks of a file, as ffprobe alone sees them. */
function measure(path, env) {
  const args = ["-v", "error", "-count_frames", "-show_entries", "format=duration:stream=codec_type,nb_read_frames"];
  const probe = spawnSync("ffprobe", [...args, "-of", "json", path], { env, encoding: "utf8" });
  if (probe.status !== 0) throw new DemoError(`ffprobe refuses ${path}: ${probe.error?.message ?? probe.stderr}`);
  const { streams, format } = JSON.parse(probe.stdout);
  return {
    frames: Number(streams.find((stream) => stream.codec_type === "video")?.nb_read_frames ?? 0),
    seconds: Number(format.duration),
    soundTracks: streams.filter((stream) => stream.codec_type === "audio").length,
  };
}

// ---- processes ------------------------------------------------------------------------------------------------------

/** Starts ffcluster in the background; its output goes to a file that is shown when something fails. */
function start(name, args, env) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const log = openSync(join(scratch, `${name}.log`), "w");
  const child = spawn(EXECUTABLE, args, { cwd: folder, env, stdio: ["ignore", log, log] });
  closeSync(log);
  const ended = new Promise((resolve) => {
    child.once("error", resolve);
    child.once("exit", resolve);
  });
  running.set(name, { child, ended });
  void ended.then(() => running.delete(name));
}

async function stopAll() {
  const processes = [...running.values()];
  for (const { child } of processes) child.kill("SIGTERM");
  const allEnded = Promise.all(processes.map(({ ended }) => ended));
  await Promise.race([allEnded, pause(5000, undefined, { ref: false })]);
  for (const { child } of [...running.values()]) child.kill("SIGKILL");
}

async function waitUntilReady(url) {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (!running.has("server")) throw new DemoError("the server ended before it was ready");
    const answer = await fetch(`${url}/healthz`).catch(() => null); // nobody listens yet
    if (answer?.ok) return;
    if (performance.now() > deadline) throw new DemoError(`the server was not ready after ${READY_WITHIN_MS / 1000} s`);
    await pause(50);
  }
}

/** Clients prove each encoder by a trial before they join; that is not part of the time of a job. */
async function waitForClients(names, server, env) {
  const deadline = performance.now() + CLIENTS_WITHIN_MS;
  while (ask(["clients", "list"], server, env).length < names.length) {
    const ended = names.find((name) => !running.has(name));
    if (ended) throw new DemoError(`${ended} ended before it joined`);
    if (performance.now() > deadline)
      throw new DemoError(`no ${names.length} clients after ${CLIENTS_WITHIN_MS / 1000} s`);
    await pause(250);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Runs `submit` in this terminal, so that its progress is seen; returns the seconds it took. */
async function submit(server, env) {
  const startedAt = performance.now();
  const args = ["submit", SAMPLE, "-o", RESULT, "--ffmpeg-params", ENCODE_REQUEST, "--required-clients", "2"];
  const child = spawn(EXECUTABLE, [...args, "--server", server], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? signal));
  });
  running.set("submit", { child, ended });
  const limit = setTimeout(() => child.kill("SIGTERM"), SUBMIT_WITHIN_MS);
  const outcome = await ended.finally(() => {
    clearTimeout(limit);
    running.delete("submit");
  });
  if (outcome !== 0) throw new DemoError(`submit ended with ${outcome}`);
  return (performance.now() - startedAt) / 1000;
}

function ask(args, server, env) {
  const answer = spawnSync(EXECUTABLE, [...args, "--json", "--server", server], { env, encoding: "utf8" });
  if (answer.status !== 0) throw new DemoError(`ffcluster ${args.join(" ")}: ${answer.stdout}${answer.stderr}`);
  return JSON.parse(answer.stdout);
}

// ---- the story ------------------------------------------------------------------------------------------------------

async function build(env) {
  if (!isExecutableStale()) return;
  const made = spawnSync(BUN, [join(ROOT, "build.ts")], { cwd: ROOT, env, stdio: ["ignore", "inherit", "inherit"] });
  if (made.status !== 0) throw new DemoError("the executable could not be built");
}

/** `node-1 5, node-2 4`: who encoded how many segments. */
function shares(proof, clients) {
  const names = new Map(clients.map((client) => [client.client_id, client.name]));
  const counts = new Map(clients.map((client) => [client.name, 0]));
  for (const { client } of proof.segments) {
    const name = names.get(client) ?? client;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort().map(([name, count]) => `${name} ${count}`);
}

function report({ seconds, source, output, proof, clients }) {
  const equal = source.frames === output.frames && source.frames > 0;
  const failedChecks = proof.checks.filter((check) => !check.ok).map((check) => check.name);
  const proofHolds = proof.exact === true && failedChecks.length === 0;
  const soundKept = source.soundTracks === output.soundTracks;
  const rows = [
    ["time", `${seconds.toFixed(1)} s for ${source.seconds.toFixed(1)} s of video`],
    ["speed", `${(source.seconds / seconds).toFixed(1)} x realtime, ${(source.frames / seconds).toFixed(0)} frames/s`],
    ["frames", `source ${source.frames}, output ${output.frames}: ${equal ? "equal" : "NOT EQUAL"}`],
    ["sound", `source ${source.soundTracks}, output ${output.soundTracks} tracks${soundKept ? "" : ": NOT EQUAL"}`],
    ["proof", proofHolds ? `exact, ${proof.checks.length} checks hold` : `NOT EXACT ${failedChecks.join(", ")}`],
    ["segments", `${proof.segments.length} (${shares(proof, clients).join(", ")})`],
    ["file", `${relative(process.cwd(), RESULT)} (${(statSync(RESULT).size / 1e6).toFixed(1)} MB)`],
  ];
  process.stdout.write(`\n${rows.map(([name, text]) => `  ${name.padEnd(10)}${text}\n`).join("")}\n`);
  return equal && proofHolds && soundKept;
}

async function main() {
  const env = environment();
  await build(env);
  mkdirSync(OUTPUT_FOLDER, { recursive: true });
  rmSync(RESULT, { force: true });
  if (!existsSync(SAMPLE)) {
    say("making a sample: 30 s with scene cuts and sound …");
    makeSample(env);
  }
  const source = measure(SAMPLE, env);
  const port = await freePort();
  const server = `127.0.0.1:${port}`;
  start(
    "server",
    ["serve", "--host", "127.0.0.1", "--port", String(port), "--work-dir", join(scratch, "server/work")],
    env,
  );
  await waitUntilReady(`http://${server}`);
  say(`server on ${server}; two clients join: node-1 reads the file in place, node-2 through its source gateway`);
  for (const [name, access] of [
    ["node-1", "auto"],
    ["node-2", "gateway"],
  ]) {
    const workDir = join(scratch, name, "work");
    start(name, ["join", "--server", server, "--name", name, "--work-dir", workDir, "--source-access", access], env);
  }
  await waitForClients(["node-1", "node-2"], server, env);
  const seconds = await submit(server, env);
  const [job] = ask(["jobs", "list"], server, env);
  const proof = ask(["jobs", "proof", job.job_id], server, env);
  const clients = ask(["clients", "list"], server, env);
  const output = measure(RESULT, env);
  if (!report({ seconds, source, output, proof, clients })) throw new DemoError("the result is not what it should be");
}

function showLogs() {
  for (const name of ["server", "node-1", "node-2"]) {
    const path = join(scratch, `${name}.log`);
    const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").slice(-15) : [];
    if (lines.join("") !== "") say(`--- last words of ${name}\n${lines.join("\n")}`);
  }
}

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
]) {
  process.once(signal, async () => {
    await stopAll();
    rmSync(scratch, { recursive: true, force: true });
    process.exit(exitCode);
  });
}

try {
  await main();
} catch (thrown) {
  process.exitCode = 1;
  showLogs();
  say(`demo failed: ${thrown instanceof DemoError ? thrown.message : (thrown.stack ?? thrown)}`);
} finally {
  await stopAll();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
}
