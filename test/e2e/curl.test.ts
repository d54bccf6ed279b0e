// Every call of openapi.json by the real curl against a real server and client, with a real job: what a call needs is made by
// the calls before it, answers are held against the document, and a call of the document that nobody makes here is a failure.
import { expect, test } from "bun:test";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256Of } from "../../src/base/digest.ts";
import { exists } from "../../src/base/files.ts";
import { findTools } from "../../src/media/ffmpeg/tools.ts";
import { Cluster, until } from "../support/cluster.ts";
import { Curl, type CurlAnswer, type CurlCall, typeOf } from "../support/curl.ts";
import { framesOf } from "../support/frames.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { makeSynthetic } from "../support/synthetic.ts";

const BOUND_MS = 120_000;
const FRAMES = 25;
const PARAMS = "-c:v libx264 -preset ultrafast";
/** A job a second, and no more than eight at once: enough for those here, and soon too many. */
const SERVER = ["--benchmark-duration", "1", "--jobs-per-minute", "8"];
const PIECE = "application/partial-upload";
const SOCKET = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

interface Job {
  readonly job_id: string;
  readonly status: string;
}

/** What all steps share. */
interface Room {
  readonly cluster: Cluster;
  readonly curl: Curl;
  readonly film: string;
  readonly bytes: Uint8Array;
  /** Of a submitter and of one who only looks. */
  readonly ann: string;
  readonly eve: string;
}

const ok = async (answer: Promise<CurlAnswer>, status = 200) => {
  const { headers, text, body, ...got } = await answer;
  expect({ status: got.status, text: got.status === status ? "" : text }).toEqual({ status, text: "" });
  return { headers, text, body };
};

const codeOf = async (answer: Promise<CurlAnswer>) => {
  const { status, body } = await answer;
  return [status, (body as { error: { code: string } }).error.code];
};

async function theServerItself(curl: Curl): Promise<void> {
  for (const key of ["GET /healthz", "GET /api/v1/openapi.json", "GET /api/v1/docs"]) {
    await ok(curl.call(key, { token: null }));
  }
  await ok(curl.call("GET /api/v1/hello"));
  const session = await ok(curl.call("POST /api/v1/session"), 201);
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  await ok(curl.call("GET /api/v1/jobs", { token: null, headers: { cookie } }));
}

/** A token for each role, by a key that makes it once. */
async function tokens(curl: Curl): Promise<{ readonly ann: string; readonly eve: string }> {
  const made = async (name: string, role: string) => {
    const call = { json: { name, role }, headers: { "idempotency-key": `token-${name}` } };
    const first = await ok(curl.call("POST /api/v1/tokens", call), 201);
    const again = await ok(curl.call("POST /api/v1/tokens", call), 201);
    expect([again.body, again.headers.get("idempotency-replayed")]).toEqual([first.body, "true"]);
    return (first.body as { token: string }).token;
  };
  const [ann, eve] = [await made("ann", "submit"), await made("eve", "read")];
  await made("gone", "client");
  await ok(curl.call("POST /api/v1/tokens/{name}/rotate", { ids: { name: "gone" } }));
  await ok(curl.call("POST /api/v1/tokens/{name}/revoke", { ids: { name: "gone" } }));
  const page = await ok(curl.call("GET /api/v1/tokens", { query: "role=submit,read&limit=1" }));
  expect(page.body).toMatchObject([{ name: "ann" }]);
  const next = /^<([^>]+)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1] ?? "";
  const rest = await ok(curl.call("GET /api/v1/tokens", { query: next.slice(next.indexOf("?") + 1) }));
  expect(rest.body).toMatchObject([{ name: "eve" }]);
  return { ann, eve };
}

const pieceHeaders = (bytes: Uint8Array) => ({
  "content-type": PIECE,
  "upload-offset": "0",
  "upload-complete": "?1",
  "x-ffcluster-block-sha256": sha256Of(bytes),
});

/** An uploaded source; its id. */
async function upload({ curl, ann }: Room, name: string, path: string, token = ann): Promise<string> {
  const bytes = await readFile(path);
  const begun = await ok(curl.call("POST /api/v1/sources", { token, json: { name, bytes: bytes.length } }), 201);
  const ids = { id: (begun.body as { source_id: string }).source_id };
  const { headers } = await ok(curl.call("HEAD /api/v1/sources/{id}", { token, ids }), 204);
  expect(headers.get("upload-offset")).toBe("0");
  const own = { ...pieceHeaders(bytes), "x-ffcluster-sha256": sha256Of(bytes) };
  const sent = await ok(curl.call("PATCH /api/v1/sources/{id}", { token, ids, file: path, headers: own }));
  return (sent.body as { source: { source_id: string } }).source.source_id;
}

async function localSource({ curl, film, bytes, ann: token }: Room): Promise<void> {
  const { size, mtimeMs } = await stat(film);
  const offer = { path: film, bytes: size, mtime_ms: mtimeMs };
  const { body } = await ok(curl.call("POST /api/v1/sources/local", { token, json: offer }), 201);
  const { challenge_id, ranges } = body as { challenge_id: string; ranges: { start: number; length: number }[] };
  const digests = ranges.map(({ start, length }) => sha256Of(bytes.subarray(start, start + length)));
  const call = { token, ids: { challengeId: challenge_id }, json: { digests } };
  await ok(curl.call("POST /api/v1/sources/local/{challengeId}", call), 201);
}

async function onServer({ curl }: Room, token: string): Promise<string> {
  const { body } = await ok(curl.call("POST /api/v1/sources/on-server", { token, json: { path: "film.mp4" } }), 201);
  return (body as { source_id: string }).source_id;
}

async function tus({ curl, cluster, ann: token, film, bytes }: Room): Promise<void> {
  const version = { "tus-resumable": "1.0.0" };
  const begin = async () => {
    const headers = { ...version, "upload-length": String(bytes.length) };
    const begun = await ok(curl.call("POST /api/v1/tus", { token, headers }), 201);
    return { id: begun.headers.get("location")?.split("/").at(-1)?.trim() ?? "" };
  };
  await ok(curl.call("OPTIONS /api/v1/tus", { token }), 204);
  const ids = await begin();
  await ok(curl.call("OPTIONS /api/v1/tus/{id}", { token, ids }), 204);
  await ok(curl.call("HEAD /api/v1/tus/{id}", { token, ids, headers: version }));
  const headers = { ...version, "upload-offset": "0", "content-type": "application/offset+octet-stream" };
  await ok(curl.call("PATCH /api/v1/tus/{id}", { token, ids, file: film, headers }), 204);
  await ok(curl.call("DELETE /api/v1/tus/{id}", { token, ids, headers: version }), 204);
  const other = await begin();
  const first = cluster.path("first-bytes");
  await writeFile(first, bytes.subarray(0, 100));
  const override = { ...headers, "x-http-method-override": "PATCH" };
  await ok(curl.call("POST /api/v1/tus/{id}", { token, ids: other, file: first, headers: override }), 204);
}

async function makeJob({ curl }: Room, token: string, json: object, key?: string): Promise<Job> {
  const headers: Record<string, string> = key === undefined ? {} : { "idempotency-key": key };
  const body = { ffmpeg_params: PARAMS, ...json };
  return (await ok(curl.call("POST /api/v1/jobs", { token, json: body, headers }), 201)).body as Job;
}

/** What clients call, by one whose words a test chooses: it gets an offer, reads the source and hands in a result. */
async function asAClient(room: Room): Promise<void> {
  const { curl, cluster } = room;
  const { body } = await ok(curl.call("GET /api/v1/invite"));
  const { join_token: token } = body as { join_token: string };
  const tools = await findTools(process.env);
  const client = new ProtocolClient({ url: cluster.url, token, name: "by hand", tools });
  const enrol = { token, json: { client_id: client.clientId, name: "by hand" } };
  client.key = ((await ok(curl.call("POST /api/v1/enrol", enrol), 201)).body as { key: string }).key;
  await client.open();
  const job = await makeJob(room, cluster.token, { source_id: await onServer(room, cluster.token) });
  const { attemptId, secret, source } = await client.offer();
  const own = { token: client.key };
  const block = curl.call("GET /api/v1/sources/{id}/blocks/{n}", { ...own, ids: { id: source.sourceId, n: "0" } });
  expect((await ok(block)).headers.get("x-ffcluster-sha256")?.trim()).toBe(sha256Of(room.bytes));
  const path = cluster.path("result");
  const result = new Uint8Array(50);
  await writeFile(path, result);
  const report = {
    ...{ clientId: client.clientId, secret, sha256: sha256Of(result), bytes: result.length, frames: 25, seconds: 0.1 },
    ...{ encoder: "libx264", ffmpegVersion: tools.version, decodeErrors: [], seamStart: null, seamAfterEnd: null },
  };
  const said = { "x-ffcluster-report": JSON.stringify(report) };
  const ids = { id: attemptId };
  await ok(curl.call("HEAD /api/v1/attempts/{id}/result", { ...own, ids, headers: said }), 204);
  const headers = { ...said, ...pieceHeaders(result) };
  const taken = await ok(curl.call("PATCH /api/v1/attempts/{id}/result", { ...own, ids, file: path, headers }));
  expect(taken.body as object).toEqual({ offset: result.length, accepted: true });
  const attempts = await ok(curl.call("GET /api/v1/jobs/{id}/attempts", { ids: { id: job.job_id }, query: "limit=1" }));
  expect(attempts.body).toMatchObject([{ attempt_id: attemptId }]);
  const about = { ids: { id: job.job_id } };
  expect((await ok(curl.call("GET /api/v1/jobs/{id}/logs", about))).body).toBeArray();
  await ok(curl.call("POST /api/v1/jobs/{id}/cancel", about));
  client.say({ type: "goodbye" });
  client.drop();
  await curl.until("GET /api/v1/link", "HTTP/1.1 101", { token: client.key, headers: SOCKET, within: 1 });
  await ok(curl.call("POST /api/v1/jobs/{id}/retry", about));
  await ok(curl.call("POST /api/v1/jobs/{id}/cancel", about));
}

/** A job that no client here can run, since its subtitles are drawn. */
async function aWaitingJob(room: Room): Promise<void> {
  const { curl, cluster, ann: token } = room;
  const text = cluster.path("text.srt");
  await writeFile(text, "1\n00:00:00,000 --> 00:00:00,500\nHello\n");
  const json = {
    ...{ source_id: await onServer(room, token), subtitles_source_id: await upload(room, "text.srt", text) },
    ...{ ffmpeg_params: `${PARAMS} -vf subtitles=upload`, required_clients: 5 },
  };
  const ids = { id: (await makeJob(room, token, json)).job_id };
  const side = { ids: { ...ids, n: "0" } };
  await ok(curl.call("GET /api/v1/jobs/{id}/side-files/{n}", side));
  await ok(curl.call("POST /api/v1/jobs/{id}/move", { token, ids, json: { priority: 60 } }));
  await ok(curl.call("POST /api/v1/jobs/{id}/cancel", { token, ids }));
  // With a cancelled job its uploads go.
  await until("its files are gone", BOUND_MS, async () => !(await exists(join(cluster.workDir, "server", ids.id))));
  const retry = curl.call("POST /api/v1/jobs/{id}/retry", { token, ids });
  expect(await codeOf(retry)).toEqual([404, "E_SOURCE_MISSING"]);
}

/** From the request to the proven file; the job and the id of its last event. */
async function aWholeJob(room: Room): Promise<{ readonly job: Job; readonly lastId: string }> {
  const { curl, cluster, ann: token, eve } = room;
  const check = { ffmpeg_params: PARAMS, output_name: null, input_name: "film.mp4" };
  await ok(curl.call("POST /api/v1/requests/check", { token, json: check }));
  const sourceId = await upload(room, "film.mp4", room.film);
  const preview = { token, ids: { id: sourceId }, json: { ffmpeg_params: PARAMS } };
  await ok(curl.call("POST /api/v1/sources/{id}/preview", preview));
  const job = await makeJob(room, token, { source_id: sourceId, name: "A Film" }, "a");
  const ids = { id: job.job_id };
  const stream = await ok(curl.call("GET /api/v1/jobs/{id}/watch", { token, ids }));
  const views = [...stream.text.matchAll(/^data: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data) as Job);
  for (const view of views) curl.fits("api#/components/schemas/Job", view);
  expect(views.at(-1)).toMatchObject({ job_id: job.job_id, status: "Completed" });
  const lastId = [...stream.text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
  await ok(curl.call("GET /api/v1/jobs/{id}/watch", { token, ids, headers: { "last-event-id": lastId } }), 204);
  for (const what of ["", "/detail", "/events", "/attempts", "/proof"]) {
    await ok(curl.call(`GET /api/v1/jobs/{id}${what}`, { token: eve, ids }));
  }
  for (const query of ["status=completed&limit=1&order=desc", "owner=ann&status=Completed", "name=a+FILM"]) {
    expect((await ok(curl.call("GET /api/v1/jobs", { token, query }))).body).toMatchObject([{ job_id: job.job_id }]);
  }
  await ok(curl.call("GET /api/v1/jobs/{id}/comparison", { token, ids }));
  for (const side of ["source", "output"]) {
    const picture = { token, ids: { ...ids, n: "0" }, query: `side=${side}` };
    const { headers } = await ok(curl.call("GET /api/v1/jobs/{id}/frames/{n}", picture));
    expect(headers.get("content-type")?.trim()).toBe("image/png");
  }
  const { headers } = await ok(curl.call("HEAD /api/v1/jobs/{id}/output", { token, ids }));
  const output = cluster.path("output.mp4");
  const path = `/api/v1/jobs/${job.job_id}/output`;
  await curl.plain(["--header", `authorization: Bearer ${token}`, "--range", "0-99", "--output", output, path]);
  await curl.plain(["--header", `authorization: Bearer ${token}`, "--continue-at", "100", "--output", output, path]);
  expect(`"${sha256Of(await readFile(output))}"`).toBe(headers.get("etag")?.trim() ?? "");
  expect((await framesOf(output)).md5).toHaveLength(FRAMES);
  const range = { range: "bytes=0-9" };
  await ok(curl.call("GET /api/v1/jobs/{id}/output", { token, ids, headers: range }), 206);
  expect(await codeOf(curl.call("GET /api/v1/jobs/{id}/output", { token: eve, ids }))).toEqual([403, "E_FORBIDDEN"]);
  return { job, lastId };
}

async function clientsAndCommands({ curl, eve }: Room, job: Job): Promise<void> {
  const { body } = await ok(curl.call("GET /api/v1/clients", { token: eve, query: "status=idle" }));
  const ids = { id: (body as { client_id: string }[])[0]?.client_id ?? "" };
  await ok(curl.call("GET /api/v1/clients/{id}", { token: eve, ids }));
  for (const what of ["drain", "resume", "pause"]) await ok(curl.call(`POST /api/v1/clients/{id}/${what}`, { ids }));
  await ok(curl.call("POST /api/v1/clients/{id}/resume", { ids }));
  for (const what of ["jobs/watch", "clients/watch", "watch"]) {
    const text = await curl.until(`GET /api/v1/${what}`, "\n\n", { token: eve }); // of the event, after the head's \r\n\r\n
    const { jobs = [], clients = [] } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "") as Record<string, Job[]>;
    expect(jobs.some(({ job_id }) => job_id === job.job_id)).toBe(what !== "clients/watch");
    expect(clients.length > 0).toBe(what !== "jobs/watch");
  }
  await ok(curl.call("POST /api/v1/clients/{id}/disconnect", { ids }));
  const status = await ok(curl.call("POST /ws/command", { json: { GetJobStatus: { job_id: job.job_id } } }));
  expect(status.body as object).toMatchObject({ JobStatus: { status: "Completed" } });
  await curl.until("GET /ws/command", "HTTP/1.1 101", { headers: SOCKET, within: 1 });
  const audit = await ok(curl.call("GET /api/v1/audit", { query: "limit=2" }));
  expect([(audit.body as object[]).length, audit.headers.get("link")?.includes("cursor=")]).toEqual([2, true]);
}

/** To an address that takes no events: what is tried is told all the same. */
async function webhooks({ curl, cluster }: Room, { job_id: id }: Job): Promise<void> {
  const json = { name: "told", url: `${cluster.url}/nobody-listens` };
  await ok(curl.call("POST /api/v1/webhooks", { json }), 201);
  const ids = { name: "told" };
  await ok(curl.call("GET /api/v1/webhooks"));
  await ok(curl.call("GET /api/v1/webhooks/{name}", { ids }));
  await ok(curl.call("POST /api/v1/webhooks/{name}/test", { ids }));
  await ok(curl.call("GET /api/v1/webhooks/{name}/deliveries", { ids }));
  await ok(curl.call("GET /api/v1/jobs/{id}/deliveries", { ids: { id } }));
  await ok(curl.call("DELETE /api/v1/webhooks/{name}", { ids }));
}

/** A problem each: RFC 9457 with our own error in it. */
async function problems({ cluster, curl, eve, ann: token }: Room): Promise<void> {
  const problem = async (status: number, code: string, args: readonly string[]) => {
    const answer = await curl.plain(["--header", `authorization: Bearer ${cluster.token}`, ...args]);
    curl.fits("api#/components/schemas/Problem", answer.body);
    const { type, error } = answer.body as { type: string; error: { code: string } };
    const expected = [status, code, `/api/v1/docs#${code}`, "application/problem+json"];
    expect([answer.status, error.code, type, typeOf(answer.headers)]).toEqual(expected);
    return answer.headers;
  };
  const big = cluster.path("big.json");
  await writeFile(big, `{"path":"${"x".repeat(2 << 20)}"}`);
  const json = ["--header", "content-type: application/json"];
  const jobs = "/api/v1/jobs";
  await problem(404, "E_NOT_FOUND", ["/api/v1/nothing"]);
  await problem(404, "E_UNKNOWN_ID", [`${jobs}/none`]);
  const headers = await problem(405, "E_NOT_FOUND", ["--request", "PUT", jobs]);
  expect(headers.get("allow")?.trim()).toBe("POST, GET");
  await problem(400, "E_MALFORMED", [...json, "--data", "{", jobs]);
  await problem(400, "E_MALFORMED", [`${jobs}?limit=0`]);
  await problem(415, "E_MEDIA_TYPE", ["--data", "a=b", jobs]);
  await problem(413, "E_TOO_LARGE", [...json, "--data-binary", `@${big}`, "/api/v1/sources/on-server"]);
  const other = JSON.stringify({ source_id: "other" });
  const call: CurlCall = { token, json: { source_id: "other" }, headers: { "idempotency-key": "a" } };
  expect(await codeOf(curl.call("POST /api/v1/jobs", call))).toEqual([422, "E_IDEMPOTENCY_KEY"]);
  expect(await codeOf(curl.call("GET /api/v1/jobs", { token: null }))).toEqual([401, "E_TOKEN"]);
  expect(await codeOf(curl.call("GET /api/v1/audit", { token: eve }))).toEqual([403, "E_FORBIDDEN"]);
  for (let count = 0; count < 8; count += 1)
    await curl.plain([...json, "--data", other, "--header", `authorization: Bearer ${cluster.token}`, jobs]);
  const wait = await problem(429, "E_RATE_LIMIT", [...json, "--data", other, jobs]);
  expect(Number(wait.get("retry-after"))).toBeGreaterThan(0);
}

/** The document says for whom each call is; the others are kept out of it. */
async function roles({ curl, ann, eve }: Room): Promise<void> {
  for (const [role, token] of [
    ["submit", ann],
    ["read", eve],
  ] as const) {
    const isKeptOut = (text: string) => text.startsWith("For tokens") && !text.includes(role);
    const keys = [...curl.operations].filter(([, text]) => isKeptOut(text)).map(([key]) => key);
    expect(keys.length).toBeGreaterThan(10);
    const statuses = await curl.statuses(keys, { token });
    expect([...statuses].filter(([, status]) => status !== 403)).toEqual([]);
  }
}

/** What holds over a server that is killed: keys, views of jobs, and the way back into a stream. */
async function afterAKill(room: Room, { job, lastId }: { job: Job; lastId: string }): Promise<void> {
  const { curl, cluster, ann: token } = room;
  const before = await curl.until("GET /api/v1/jobs/watch", "\n\n", { token });
  const [server] = cluster.running("serve");
  expect(server).toBeDefined();
  server?.kill("SIGKILL");
  await server?.exited;
  await cluster.serve({ args: [...SERVER, "--media-root", cluster.path("films")] });
  const key = { "idempotency-key": "token-eve" };
  const eve = await ok(curl.call("POST /api/v1/tokens", { json: { name: "eve", role: "read" }, headers: key }), 201);
  expect((eve.body as { token: string }).token).toBe(room.eve);
  const ids = { id: job.job_id };
  // Its view says how many clients could work on it, and none has come back: it is sent once more at most.
  const stay = (id: string) =>
    curl.call("GET /api/v1/jobs/{id}/watch", { token, ids, headers: { "last-event-id": id } });
  const again = await stay(lastId);
  const id = again.status === 204 ? lastId : (/^id: (.*)$/m.exec(again.text)?.[1] ?? "");
  await ok(stay(id), 204);
  const old = /^id: (.*)$/m.exec(before)?.[1] ?? "";
  const back = await curl.until("GET /api/v1/jobs/watch", "\n\n", { token, headers: { "last-event-id": old } });
  expect(back).toContain("event: snapshot");
  expect(back).toContain(job.job_id);
}

test(
  "curl makes every call of openapi.json",
  async () => {
    await using cluster = await Cluster.make();
    const films = cluster.path("films");
    await mkdir(films);
    const film = join(films, "film.mp4");
    await makeSynthetic(film, { frames: FRAMES, gop: 25, size: "160x90" });
    await cluster.serve({ args: [...SERVER, "--media-root", films] });
    const curl = await Curl.open(cluster.url, cluster.folder, cluster.token);
    await theServerItself(curl);
    const room: Room = { cluster, curl, film, bytes: await readFile(film), ...(await tokens(curl)) };
    await localSource(room);
    await tus(room);
    await asAClient(room);
    await aWaitingJob(room);
    await cluster.join("client-1");
    const whole = await aWholeJob(room);
    await clientsAndCommands(room, whole.job);
    await webhooks(room, whole.job);
    await afterAKill(room, whole);
    await problems(room);
    await roles(room);
    const headers = { origin: cluster.url };
    await ok(curl.call("DELETE /api/v1/session", { headers }));
    // A read without an id needs nothing before it.
    for (const key of curl.neverCalled) if (/^GET [^{]+$/.test(key)) await ok(curl.call(key));
    // What is missing here was added to the API: say above how curl calls it.
    expect(curl.neverCalled).toEqual([]);
  },
  4 * BOUND_MS,
);
