// The names under which the client library gives the contract's types to programs. The build prints them from the schemas
// (packaging/npm/declarations.ts).
import type { z } from "zod";
import type { serverInfoSchema } from "../../cluster/server/views.ts";
import type {
  ClientDetailView,
  ClientView,
  CreateJob,
  JobDetailView,
  Proof as JobProof,
  JobView,
} from "../contract.ts";

export type Job = JobView;
export type JobDetail = JobDetailView;
export type Client = ClientView;
export type ClientDetail = ClientDetailView;
export type Proof = JobProof;
export type ServerInfo = z.infer<typeof serverInfoSchema>;
/** A job's request; its source is what is submitted. */
export type NewJob = Omit<CreateJob, "source_id" | "source_url">;
