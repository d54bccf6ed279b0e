// What of the scope of a shared worker is used (WHATWG HTML, §10.2.6.4); the types of pages know no such scope.

export interface SharedWorkerScope {
  onconnect: ((event: MessageEvent) => void) | null;
}

/** Whether this script runs as the shared worker, not as the page. */
export function isWorker(): boolean {
  return "SharedWorkerGlobalScope" in globalThis && typeof document === "undefined";
}

export function workerScope(): SharedWorkerScope {
  return globalThis as unknown as SharedWorkerScope;
}
