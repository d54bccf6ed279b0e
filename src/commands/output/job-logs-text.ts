// `jobs logs` as text: a head for each attempt that said something, its words below.
import type { ApiClient } from "../../api/client.ts";
import type { JobView } from "../../api/contract.ts";
import { printable } from "../../base/printable.ts";
import { formatMoment } from "./format.ts";

type AttemptLog = Awaited<ReturnType<ApiClient["jobLogs"]>>[number];

/** `error`: why the job failed, if it did. */
export function jobLogsText(logs: readonly AttemptLog[], error: JobView["error"]): string {
  const heard = logs.filter(({ lines }) => lines.length > 0);
  const failure = error === null ? [] : [`job failed: ${printable(error.message)} (${error.code})`];
  const count = logs.length === 1 ? "attempt" : "attempts";
  const quiet =
    heard.length > 0 ? [] : [`${logs.length} ${count}; nothing was reported of ${logs.length === 1 ? "it" : "them"}`];
  return `${[...heard.flatMap(attemptText), ...quiet, ...failure].join("\n")}\n`;
}

function attemptText({ segment_index, client, started_at, outcome, lines }: AttemptLog): string[] {
  const head = `segment ${segment_index} on ${printable(client)}, ${formatMoment(started_at)}: ${outcome ?? "under way"}`;
  return [head, ...lines.map((line) => `  ${printable(line)}`)];
}
