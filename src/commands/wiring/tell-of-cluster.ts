// Follows a server's own changes, and says what is news.
import { ALL_JOBS } from "../../cluster/server/lists.ts";
import type { Coordinator } from "../../cluster/server/ports.ts";
import type { ClientView, JobView } from "../../cluster/server/views.ts";
import { ClusterNews } from "../serving/cluster-news.ts";

/** The server itself, which sees everything. */
const OURSELVES = {
  tokenId: "",
  name: "the server",
  role: "admin",
  clientId: null,
  ended: new AbortController().signal,
} as const;

interface Snapshot {
  readonly jobs?: readonly JobView[];
  readonly clients?: readonly ClientView[];
}

const OPEN = ["Queued", "WaitingForClients", "Benchmarking", "Processing", "Combining"] as const;

/** How many jobs have not ended. */
export function openJobs(coordinator: Pick<Coordinator, "listJobs">): number {
  return coordinator.listJobs({ ...ALL_JOBS, statuses: OPEN }, OURSELVES).items.length;
}

export function tellOfCluster(coordinator: Pick<Coordinator, "follow">, say: (line: string) => void): void {
  const news = new ClusterNews();
  const hear = () => {
    for (let event = follower.next(); event !== null; event = follower.next()) {
      if (event.type === "snapshot") {
        const { jobs = [], clients = [] } = event.data as Snapshot;
        news.begin(jobs, clients);
        continue;
      }
      const line = event.type === "job" ? news.job(event.data as JobView) : news.client(event.data as ClientView);
      if (line !== null) say(line);
    }
  };
  const follower = coordinator.follow(["job", "client"], OURSELVES, null, hear);
  hear();
}
