// `/ws/command`: commands as an externally tagged enum, `{"ListJobs":null}`, answered in the same form; one as the body of a
// POST, or any number as messages of a WebSocket. A second, thin interface to the same facade as /api/v1.
import { z } from "zod";
import { httpStatusOf } from "../../base/errors.ts";
import { ALL_CLIENTS, ALL_JOBS } from "../../cluster/server/lists.ts";
import { admit, type RouteKey } from "../access.ts";
import { notASocket } from "../link.ts";
import { errorHeaders, json, publicError, readJson } from "../responses.ts";
import { type Call, type Route, route } from "../router.ts";
import { answerMessages } from "./command-socket.ts";

export const COMMAND_PATH = "/ws/command";

const nothing = z.union([z.null(), z.strictObject({})]);
const byJob = z.strictObject({ job_id: z.string().min(1).max(200) });
const byClient = z.strictObject({ client_id: z.string().min(1).max(200) });

export const commandSchema = z.union(
  [
    z.strictObject({ ProcessLocalFile: z.strictObject({ file_path: z.string().min(1).max(5000) }) }),
    z.strictObject({ ListJobs: nothing }),
    z.strictObject({ GetJobStatus: byJob }),
    z.strictObject({ CancelJob: byJob }),
    z.strictObject({ ListClients: nothing }),
    z.strictObject({ DisconnectClient: byClient }),
    // A variant without content may also be written as its bare name.
    z.literal("ListJobs").transform(() => ({ ListJobs: null })),
    z.literal("ListClients").transform(() => ({ ListClients: null })),
  ],
  {
    error:
      "expected one of ProcessLocalFile, ListJobs, GetJobStatus, CancelJob, ListClients, DisconnectClient with its fields",
  },
);

/** Each command asks for what the route of the same purpose asks. */
async function perform(call: Call): Promise<unknown> {
  const { coordinator, who, about, spend } = call;
  const command = await readJson(call, commandSchema);
  const admitted = (key: RouteKey, id = "") => admit(coordinator, who, key, id);
  if ("ProcessLocalFile" in command) {
    about(command.ProcessLocalFile.file_path, "POST /api/v1/jobs");
    admitted("POST /api/v1/sources/on-server");
    admitted("POST /api/v1/jobs");
    spend("jobs");
    const source = await coordinator.openServerSource(command.ProcessLocalFile.file_path, who);
    const defaults = {
      ffmpegParams: null,
      outputName: null,
      requiredClients: null,
      family: null,
      allowMixed: null,
      waitForFamily: null,
      name: null,
      verify: null,
    };
    const job = await coordinator.createJob({ sourceId: source.source_id, ...defaults }, who);
    about(job.job_id);
    return { JobCreated: { job_id: job.job_id } };
  }
  if ("ListJobs" in command) {
    admitted("GET /api/v1/jobs");
    return { JobsList: coordinator.listJobs(ALL_JOBS, who).items };
  }
  if ("GetJobStatus" in command) {
    return { JobStatus: coordinator.job(admitted("GET /api/v1/jobs/:id", command.GetJobStatus.job_id)) };
  }
  if ("CancelJob" in command) {
    about(command.CancelJob.job_id, "POST /api/v1/jobs/:id/cancel");
    const id = admitted("POST /api/v1/jobs/:id/cancel", command.CancelJob.job_id);
    return { JobStatus: await coordinator.cancelJob(id) };
  }
  if ("DisconnectClient" in command) {
    about(command.DisconnectClient.client_id, "POST /api/v1/clients/:id/disconnect");
    const id = admitted("POST /api/v1/clients/:id/disconnect", command.DisconnectClient.client_id);
    await coordinator.disconnectClient(id);
  } else admitted("GET /api/v1/clients");
  return { ClientsList: coordinator.listClients(ALL_CLIENTS).items };
}

/** Errors have a form of their own here: `{"Error":{"code","message","hint"}}`. */
export function commandError(thrown: unknown, call: Pick<Call, "request" | "log">): Response {
  const body = publicError(thrown, call.request, call.log);
  return json({ Error: body }, httpStatusOf(body.code), errorHeaders(thrown, body));
}

async function command(call: Call): Promise<Response> {
  try {
    return json(await perform(call));
  } catch (thrown) {
    return commandError(thrown, call);
  }
}

function openSocket(call: Call): undefined {
  call.spend("links");
  const release = call.holdStream();
  if (call.upgrade((socket) => answerMessages(call, socket, { answer: command, release }))) return undefined;
  release();
  throw notASocket("Send a command as the body of a POST, or open a WebSocket.");
}

export const commandRoutes: readonly Route[] = [
  route("POST /ws/command", command),
  route("GET /ws/command", openSocket),
];
