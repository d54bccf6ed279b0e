// Commits a step between two states made by hand: it looks for what changed, which a decision knows.
import { differences } from "../../src/cluster/scheduler/model/changes.ts";
import type { SchedulerEvent } from "../../src/cluster/scheduler/model/decision.ts";
import type { SchedulerState } from "../../src/cluster/scheduler/model/state.ts";
import type { Store } from "../../src/cluster/server/ports.ts";
import type { Delivery } from "../../src/cluster/server/webhooks/records.ts";

export function commit(
  store: Store,
  previous: SchedulerState,
  next: SchedulerState,
  events: readonly SchedulerEvent[],
  deliveries: readonly Delivery[] = [],
): void {
  store.commit(previous, next, events, deliveries, differences(previous, next));
}
