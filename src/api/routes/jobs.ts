// Routes of jobs: create, list, show, cancel, move, retry, with their events, proof and burn-in files.
import { AppError } from "../../base/errors.ts";
import { HEADER_SHA256 } from "../../cluster/protocol/messages.ts";
import {
  API_PREFIX,
  attemptsQuerySchema,
  createJobSchema,
  eventsQuerySchema,
  jobListQuerySchema,
  moveJobSchema,
} from "../contract.ts";
import { json, readJson, readQuery } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { endingBody } from "./ending-body.ts";
import { follow } from "./follow.ts";
import { idempotencyOf, REPLAYED } from "./idempotency.ts";
import { jobOutput } from "./job-output.ts";
import { watchJob } from "./job-watch.ts";
import { pageResponse, pageWanted } from "./page.ts";

async function create(call: Call): Promise<Response> {
  const { coordinator, who, about, spend } = call;
  const wanted = await readJson(call, createJobSchema);
  spend("jobs");
  const asked = {
    sourceId: wanted.source_id,
    ...(wanted.source_url === null ? {} : { sourceUrl: wanted.source_url, copySource: wanted.copy_source === true }),
    ...(wanted.output_url === null ? {} : { outputUrl: wanted.output_url, overwrite: wanted.overwrite === true }),
    subtitlesSourceId: wanted.subtitles_source_id,
    ffmpegParams: wanted.ffmpeg_params,
    outputName: wanted.output_name,
    requiredClients: wanted.required_clients,
    family: wanted.family,
    allowMixed: wanted.allow_mixed,
    waitForFamily: wanted.wait_for_family,
    name: wanted.name,
    verify: wanted.verify,
    priority: wanted.priority,
    webhook: wanted.webhook,
  };
  const once = idempotencyOf(call, wanted);
  const { job, isNew } =
    once === null
      ? { job: await coordinator.createJob(asked, who), isNew: true }
      : await coordinator.createJobOnce(asked, who, once);
  about(job.job_id);
  return json(job, 201, { location: `${API_PREFIX}/jobs/${job.job_id}`, ...(isNew ? {} : REPLAYED) });
}

async function move(call: Call): Promise<Response> {
  const { coordinator, who } = call;
  const { to, before, priority } = await readJson(call, moveJobSchema);
  const wanted = {
    ...(to === null ? {} : { to }),
    ...(before === null ? {} : { before: coordinator.visibleJob(who, before) }),
    ...(priority === null ? {} : { priority }),
  };
  return json(coordinator.moveJob(call.param("id"), wanted));
}

function list({ coordinator, url, who }: Call): Response {
  const { status, owner, name, since, ...page } = readQuery(url, jobListQuerySchema);
  const wanted = {
    ...pageWanted(page),
    statuses: status ?? null,
    owner: owner ?? null,
    name: name?.toLowerCase() ?? null,
    since: since === undefined ? null : new Date(since).toISOString(),
  };
  return pageResponse(coordinator.listJobs(wanted, who), url);
}

async function burnInFile({ coordinator, param, who, cutWhenEnded }: Call): Promise<Response> {
  const number = param("n");
  if (!/^\d{1,3}$/.test(number))
    throw new AppError("E_MALFORMED", `${number} is no number of a file`, "They count from 0.");
  const { path, bytes, sha256 } = await coordinator.burnInFile(param("id"), Number(number));
  const file = Bun.file(path);
  return new Response(cutWhenEnded() ? file.stream() : endingBody(file, who.ended), {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(bytes),
      [HEADER_SHA256]: sha256,
      connection: "close",
    },
  });
}

function events({ coordinator, url, param }: Call): Response {
  const { after, ...page } = readQuery(url, eventsQuerySchema);
  return pageResponse(coordinator.jobEvents(param("id"), Number(after), pageWanted(page)), url);
}

function attempts({ coordinator, url, param }: Call): Response {
  return pageResponse(coordinator.jobAttempts(param("id"), pageWanted(readQuery(url, attemptsQuerySchema))), url);
}

export const jobRoutes: readonly Route[] = [
  route("POST /api/v1/jobs", create),
  route("GET /api/v1/jobs", list),
  route("GET /api/v1/jobs/watch", follow("job")), // before the jobs, of which none has such an id
  route("GET /api/v1/jobs/:id", ({ coordinator, param }) => json(coordinator.job(param("id")))),
  route("GET /api/v1/jobs/:id/detail", ({ coordinator, param }) => json(coordinator.jobDetail(param("id")))),
  route("POST /api/v1/jobs/:id/cancel", async ({ coordinator, param }) =>
    json(await coordinator.cancelJob(param("id"))),
  ),
  route("POST /api/v1/jobs/:id/move", move),
  route("POST /api/v1/jobs/:id/retry", async ({ coordinator, param, spend }) => {
    spend("jobs");
    return json(await coordinator.retryJob(param("id")));
  }),
  route("GET /api/v1/jobs/:id/events", events),
  route("GET /api/v1/jobs/:id/attempts", attempts),
  route("GET /api/v1/jobs/:id/logs", ({ coordinator, param }) => json(coordinator.jobLogs(param("id")))),
  route("GET /api/v1/jobs/:id/watch", watchJob),
  route("GET /api/v1/jobs/:id/proof", async ({ coordinator, param }) => json(await coordinator.proof(param("id")))),
  route("GET /api/v1/jobs/:id/side-files/:n", burnInFile),
  route("GET /api/v1/jobs/:id/output", jobOutput),
  route("HEAD /api/v1/jobs/:id/output", jobOutput),
];
