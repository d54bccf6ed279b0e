// The shared worker: it keeps one stream of events for all tabs of a browser, since HTTP/1.1 gives them six connections
// together. It ends when the last tab is gone; the browser ends the worker.
import { EventStream } from "./event-stream.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { workerScope } from "./worker-scope.ts";

let stream: { readonly path: string; readonly events: EventStream } | null = null;
const ports = new Set<MessagePort>();

function tellAll(message: FromWorker): void {
  for (const port of ports) port.postMessage(message);
}

/** Whoever signs in anew begins a new stream: the session, and what it may see, may be another. */
function begin(path: string): EventStream {
  stream?.events.close();
  const events = new EventStream(path, {
    onChanges: (changes) => tellAll({ type: "changes", changes }),
    onConnection: (connection) => tellAll({ type: "connection", connection }),
  });
  stream = { path, events };
  return events;
}

function onMessage(port: MessagePort, message: ToWorker): void {
  switch (message.type) {
    case "follow": {
      ports.add(port);
      const isRunning = stream !== null && stream.path === message.path && stream.events.connection !== "closed";
      const events = isRunning && stream !== null ? stream.events : begin(message.path);
      port.postMessage({ type: "connection", connection: events.connection } satisfies FromWorker);
      if (events.connection === "open")
        port.postMessage({ type: "changes", changes: events.whole() } satisfies FromWorker);
      return;
    }
    case "leave":
      ports.delete(port);
      if (ports.size === 0) stop();
      return;
    case "signed-out":
      stop();
      tellAll({ type: "signed-out" });
      return;
  }
}

function stop(): void {
  stream?.events.close();
  stream = null;
}

export function runSharedStream(): void {
  workerScope().onconnect = ({ ports: [port] }) => {
    if (port === undefined) return;
    port.onmessage = ({ data }) => onMessage(port, data as ToWorker);
  };
}
