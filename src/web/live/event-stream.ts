// One stream of server-sent events, read into a state that is told on in steps. The browser connects again by itself and says
// what it last had; where the server has refused it for good, the reader is told.
import type { ClientView, JobView } from "../../cluster/server/views.ts";
import { type Changes, type Snapshot, StreamState } from "./stream-state.ts";

/** Progress of a hundred clients comes in many small events. */
const TELL_EVERY_MS = 100;

export type Connection = "connecting" | "open" | "closed";

export interface StreamListener {
  onChanges(changes: Changes): void;
  onConnection(connection: Connection): void;
}

export class EventStream {
  readonly #source: EventSource;
  readonly #state = new StreamState();
  readonly #listener: StreamListener;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #connection: Connection = "connecting";

  constructor(path: string, listener: StreamListener) {
    this.#listener = listener;
    this.#source = new EventSource(path);
    this.#source.addEventListener("open", () => this.#become("open"));
    this.#source.addEventListener("error", () => {
      this.#become(this.#source.readyState === EventSource.CLOSED ? "closed" : "connecting");
    });
    this.#listen<Snapshot>("snapshot", (data) => this.#state.takeSnapshot(data));
    this.#listen<JobView>("job", (data) => this.#state.takeJob(data));
    this.#listen<ClientView>("client", (data) => this.#state.takeClient(data));
  }

  get connection(): Connection {
    return this.#connection;
  }

  /** Everything so far. */
  whole(): Changes {
    return this.#state.whole();
  }

  close(): void {
    this.#source.close();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** The server's answers have the shapes of its own version, which this page came with. */
  #listen<T>(type: string, take: (data: T) => void): void {
    this.#source.addEventListener(type, (event) => {
      take(JSON.parse(String((event as MessageEvent).data)) as T);
      this.#timer ??= setTimeout(() => this.#tell(), TELL_EVERY_MS);
    });
  }

  #tell(): void {
    this.#timer = null;
    const changes = this.#state.changes();
    if (changes !== null) this.#listener.onChanges(changes);
  }

  #become(connection: Connection): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    this.#listener.onConnection(connection);
  }
}
