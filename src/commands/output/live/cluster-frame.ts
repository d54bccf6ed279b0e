// The cluster as lines: its jobs with a bar, speed and time left, its clients with what they do. Pure.
import type { ClientView, JobView } from "../../../api/contract.ts";
import { wrapWords } from "../fit-text.ts";
import { shortId } from "../format.ts";
import { type Column, type Look, table } from "../table.ts";
import { cells, firstThatFits } from "./bar.ts";
import { progressText } from "./crew-lines.ts";
import { roughly, statusLabels } from "./job-words.ts";

export interface ClusterMoment {
  readonly server: string;
  /** That have not ended, in the order in which they were made; those that somebody works on have their crew. */
  readonly jobs: readonly JobView[];
  /** Null: this token may not see them. */
  readonly clients: readonly ClientView[] | null;
  /** Until all frames of a job are encoded; null: nobody can say. */
  readonly etaOf: (job: JobView) => number | null;
  /** Said below the first line; null: all is well. */
  readonly trouble: string | null;
}

type CrewMember = NonNullable<JobView["crew"]>[number];

const STATES: Readonly<Record<ClientView["status"], string>> = {
  Connected: "idle",
  Idle: "idle",
  Benchmarking: "encodes",
  Processing: "encodes",
  Disconnected: "lost",
};

/** One word: there is little room. */
function stateOf(client: ClientView): string {
  if (client.status === "Disconnected") return STATES.Disconnected;
  if (client.quarantine !== null) return "quarantined";
  if (client.paused) return "paused";
  if (client.no_room !== null) return "full";
  if (client.draining) return "draining";
  return (client.resting ?? null) === null ? STATES[client.status] : "resting";
}

const tone = (state: string) =>
  state === "encodes" ? "good" : state === "idle" ? null : state === "lost" ? "bad" : "held";

const number = (fps: number): string => (fps > 0 ? fps.toFixed(fps < 100 ? 1 : 0) : "-");

/** Cells of a bar: more where there is more room. */
function barCells(width: number): number {
  return Number.isFinite(width) ? Math.max(4, Math.min(24, 4 + Math.floor((width - 40) / 4))) : 12;
}

function jobRows({ jobs, etaOf }: ClusterMoment, width: number): string[][] {
  return jobs.map((job) => {
    const eta = job.fps > 0 ? etaOf(job) : null;
    return [
      shortId(job.job_id),
      statusLabels(job.status).at(-1) ?? job.status,
      cells(job.progress, barCells(width)),
      `${job.progress.toFixed(job.progress < 100 ? 1 : 0)}%`,
      number(job.fps),
      eta === null ? "-" : roughly(eta),
      String(job.clients),
      job.file_name,
    ];
  });
}

const JOB_COLUMNS: readonly Column[] = [
  { title: "JOB", drop: 3 },
  { title: "STATE", drop: 2 },
  { title: "" },
  { title: "DONE", align: "right" },
  { title: "FPS", align: "right" },
  { title: "LEFT", align: "right" },
  { title: "CLIENTS", align: "right", drop: 1 },
  { title: "FILE", shorten: 8 },
];

const CLIENT_COLUMNS: readonly Column[] = [
  { title: "CLIENT", shorten: 8 },
  { title: "STATE", tone },
  { title: "SEGMENT", shorten: 8 },
  { title: "FPS", align: "right" },
  { title: "SHARE", align: "right" },
  { title: "JOB", drop: 2 },
  { title: "SLOTS", align: "right", drop: 1 },
];

interface Membership {
  readonly job: JobView;
  readonly member: CrewMember;
}

function membershipsOf(jobs: readonly JobView[]): ReadonlyMap<string, readonly Membership[]> {
  const found = new Map<string, Membership[]>();
  for (const job of jobs) {
    for (const member of job.crew ?? []) {
      const others = found.get(member.client_id) ?? [];
      found.set(member.client_id, [...others, { job, member }]);
    }
  }
  return found;
}

/** Nothing is delivered yet: nobody has a share. */
function shareText({ job, member }: Membership): string {
  return job.crew?.some(({ percent }) => percent > 0) ? `${Math.round(member.percent)} %` : "-";
}

function clientRow(client: ClientView, memberships: readonly Membership[]): string[] {
  const working = memberships.filter(({ member }) => member.segments.length > 0);
  const [first] = working.length > 0 ? working : memberships;
  const segments = working.flatMap(({ member }) => member.segments.map(progressText));
  const more = working.length > 1 ? ` +${working.length - 1}` : "";
  return [
    client.name,
    stateOf(client),
    segments.join(", ") || "-",
    number(working.reduce((sum, { member }) => sum + member.fps, 0)),
    first === undefined ? "-" : shareText(first),
    first === undefined ? "-" : `${shortId(first.job.job_id)}${more}`,
    String(client.slots),
  ];
}

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? "" : "s"}`;

function headOf({ server, jobs, clients }: ClusterMoment, width: number): string {
  const here = clients?.filter(({ status }) => status !== "Disconnected").length;
  const fps = jobs.reduce((sum, job) => sum + job.fps, 0);
  const counts = [count(jobs.length, "job"), ...(here === undefined ? [] : [count(here, "client")])];
  const facts = [...counts, ...(fps > 0 ? [`${number(fps)} fps`] : [])].join("  ");
  return firstThatFits([`${server}  ${facts}`, facts], width);
}

/** The first of the lines, and how many more there are. */
function firstLines(text: string, most: number, what: string): string[] {
  const lines = text.split("\n").slice(0, -1);
  if (lines.length <= most) return lines;
  const shown = lines.slice(0, Math.max(1, most - 1));
  return [...shown, `and ${count(lines.length - shown.length, `more ${what}`)}`];
}

function clientText(clients: readonly ClientView[], jobs: readonly JobView[], look: Look): string {
  if (clients.length === 0) return "No client is here. `ffcluster invite` prints the line that joins one.\n";
  const memberships = membershipsOf(jobs);
  const rows = clients.map((client) => clientRow(client, memberships.get(client.client_id) ?? []));
  return table(CLIENT_COLUMNS, rows, look);
}

/** Those that are here, and those whose segments wait for them. */
const isShown = ({ status, leased_job: leased }: ClientView): boolean => status !== "Disconnected" || leased !== null;

/** `rows`: the most lines. */
export function clusterFrame(moment: ClusterMoment, look: Look, rows: number): string[] {
  const { jobs, clients, trouble } = moment;
  const wrapped = (text: string) => wrapWords(text, look.width);
  const top = [
    headOf(moment, look.width),
    ...(trouble === null ? [] : wrapped(trouble).map((line) => look.paint(line, "bad"))),
  ];
  const room = Math.max(4, rows - top.length - 2);
  const shown = clients?.filter(isShown) ?? [];
  const clientLines = clients === null ? "This token may not see the clients.\n" : clientText(shown, jobs, look);
  const forJobs = Math.max(2, room - Math.min(clientLines.split("\n").length - 1, Math.ceil(room / 2)));
  const jobLines =
    jobs.length === 0
      ? wrapped("No job runs. `ffcluster submit INPUT` makes one.")
      : firstLines(table(JOB_COLUMNS, jobRows(moment, look.width), look), forJobs, "job");
  return [...top, "", ...jobLines, "", ...firstLines(clientLines, Math.max(2, room - jobLines.length), "client")];
}
