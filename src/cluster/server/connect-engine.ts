// Connects the engine with the parts that carry out its effects and report back to it: links, results, jobs and watchers.
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Tools } from "../../media/ffmpeg/tools.ts";
import type { SchedulerEvent, Verdict } from "../scheduler/model/decision.ts";
import type { Input } from "../scheduler/model/input.ts";
import type { SchedulerState } from "../scheduler/model/state.ts";
import { ADMIN_TOKEN, type Tokens } from "./access/tokens.ts";
import { ChangeFeed, touchChanged } from "./change-feed.ts";
import { ClientLinks } from "./client-links.ts";
import { Engine } from "./engine.ts";
import { maySee } from "./facade/access-calls.ts";
import { AttemptStages } from "./facade/attempt-stages.ts";
import type { JobFolders } from "./job/job-folders.ts";
import type { JobRecord } from "./job/job-record.ts";
import { KeptSources } from "./job/kept-sources.ts";
import type { RemoteReader } from "./job/remote-reader.ts";
import { unwatched } from "./job/steps.ts";
import { JobRegistry } from "./job-registry.ts";
import { clientView, jobView } from "./job-views.ts";
import type { JobTraces } from "./monitoring/job-traces.ts";
import type { Metrics } from "./monitoring/metrics.ts";
import { EffectPerformer } from "./perform-effects.ts";
import type { JobWorkParts } from "./pipeline/job-work.ts";
import { openVideoSource } from "./pipeline/video-source.ts";
import type { LoadedState, Store } from "./ports.ts";
import type { RemoteOutputs } from "./remote/remote-outputs.ts";
import type { AttemptSecrets } from "./transfers/attempt-secrets.ts";
import { ResultReceiver } from "./transfers/result-receiver.ts";
import { SpaceGuard } from "./transfers/space-guard.ts";
import type { SubtitleFiles } from "./transfers/subtitle-files.ts";
import type { ClientView } from "./views.ts";
import { Watchers } from "./watchers.ts";
import { outboxOf } from "./webhooks/outbox.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";

export interface EngineConnections {
  readonly tools: Tools;
  readonly log: Log;
  readonly clock: Clock;
  readonly store: Store;
  readonly onBroken: (cause: unknown) => void;
  readonly loaded: LoadedState;
  readonly folders: JobFolders;
  readonly nonce: { readonly noncePath: string; readonly nonce: string };
  readonly subtitleFiles: SubtitleFiles;
  readonly secrets: AttemptSecrets;
  readonly tokens: Tokens;
  readonly webhooks: Webhooks;
  /** Deliveries were committed. */
  readonly onDeliveries: () => void;
  readonly metrics: Metrics;
  /** Null: nobody collects traces. */
  readonly traces: JobTraces | null;
  readonly remote: RemoteReader;
  readonly outputs: RemoteOutputs;
}

export interface ConnectedEngine {
  readonly engine: Engine;
  readonly registry: JobRegistry;
  readonly kept: KeptSources;
  readonly results: ResultReceiver;
  readonly links: ClientLinks;
  readonly watchers: Watchers;
  readonly feed: ChangeFeed;
  readonly stages: AttemptStages;
  /** Resolves once nothing of an ended job is being removed any more. */
  readonly settled: () => Promise<void>;
}

/** What a line of the log is about; what does not apply is left out. */
function idsOf({ jobId, segmentIndex, clientId, attemptId }: SchedulerEvent): Record<string, unknown> {
  return {
    ...(jobId === null ? {} : { job: jobId }),
    ...(segmentIndex === null ? {} : { segment: segmentIndex }),
    ...(clientId === null ? {} : { client: clientId }),
    ...(attemptId === null ? {} : { attempt: attemptId }),
  };
}

export function connectEngine(connections: EngineConnections): ConnectedEngine {
  const { tools, log, clock, store, folders, subtitleFiles, secrets, tokens, remote, outputs, metrics } = connections;
  const { loaded, nonce, onBroken, traces } = connections;
  const state = () => engine.state;
  const dispatch = (input: Input): Verdict => engine.dispatch(input);
  const statusOf = (jobId: string) => engine.state.jobs.get(jobId)?.status ?? null;
  const results = new ResultReceiver({ folders, state, dispatch, space: new SpaceGuard(), secrets });
  const links = new ClientLinks({ ...nonce, dispatch, log, secrets, tokens, clientIds: () => engine.state.clients });
  const workParts = (record: JobRecord): JobWorkParts => ({
    tools,
    remote,
    folder: folders.of(record.jobId),
    log,
    dispatch,
    burnInFiles: (work) => subtitleFiles.of(work),
    openVideo: async ({ record: of, sourcePath, signal }, setActivity) => {
      const place = { folder: folders.of(of.jobId), sourcePath: await sourcePath() };
      return await openVideoSource({ tools, ...place, setActivity, signal }, of);
    },
    onActivity: () => {
      watchers.notice(statusOf);
      feed.touch("job", record.jobId);
    },
  });
  const registry = new JobRegistry({ records: loaded.records, state, workParts });
  const watchers = new Watchers((jobId) => registry.closeViewIfThere(jobId));
  const viewOfClient = (from: SchedulerState, id: string, keys = tokens.keysByClient()): ClientView | null => {
    const client = from.clients.get(id);
    return client === undefined ? null : clientView(from, client, keys.get(id) ?? []);
  };
  const feed = new ChangeFeed({
    jobIds: () => engine.state.jobs.keys(),
    jobView: (id) => registry.viewIfThere(id),
    clientViewer() {
      const keys = tokens.keysByClient();
      return (id) => viewOfClient(engine.state, id, keys);
    },
    clientViews() {
      const keys = tokens.keysByClient();
      return [...engine.state.clients.values()].map((client) =>
        clientView(engine.state, client, keys.get(client.id) ?? []),
      );
    },
    maySeeJob: (who, id) => maySee(who, registry.record(id)?.owner?.tokenId),
  });
  let noted = loaded.state;
  const kept = new KeptSources({
    folders,
    jobs: () => engine.state.jobs.values(),
    record: (jobId) => registry.record(jobId),
  });
  const performer = new EffectPerformer({
    ...{ tools, folders, links, subtitleFiles, secrets, remote, outputs, kept, log, state },
    runStep: traces === null ? unwatched : traces.step(state),
    running: registry.running,
    record: (jobId) => registry.record(jobId),
    onReleased: (jobId) => {
      subtitleFiles.forget(jobId);
      registry.release(jobId);
    },
  });
  const stages = new AttemptStages();
  const engine = new Engine(loaded.state, {
    store,
    clock,
    log,
    onBroken,
    perform: (effect) => performer.perform(effect),
    onStepped: (seconds) => metrics.dispatched(seconds),
    outbox: outboxOf({
      webhooks: () => connections.webhooks.live(),
      ownOf: (jobId) => ownWebhookOf(registry.record(jobId)),
      jobView(next, jobId) {
        const job = next.jobs.get(jobId);
        const record = registry.record(jobId);
        return job === undefined || record === undefined ? null : jobView(next, job, record, null);
      },
      clientView: (from, id) => viewOfClient(from, id),
    }),
    onCommitted: (next, { events, changes }, deliveries) => {
      if (deliveries.length > 0) connections.onDeliveries();
      touchChanged(feed, noted, next, changes);
      stages.note(next, changes.attempts, clock.nowIso());
      noted = next;
      metrics.committed(next, events);
      traces?.committed(next, events);
      for (const event of events) log.debug(event.type, { ...idsOf(event), detail: event.detail });
      watchers.notice(statusOf);
    },
  });
  return { engine, registry, kept, results, links, watchers, feed, stages, settled: () => performer.settled() };
}

function ownWebhookOf(record: JobRecord | undefined) {
  return record?.webhook === undefined
    ? null
    : { webhook: record.webhook, owner: record.owner?.tokenId ?? ADMIN_TOKEN };
}
