// The audit log: who did what to what, from where, and with which result. Each entry is a line of JSON in the work
// directory, which other programs can read and keep, and a row of the events table.
import {
  chmodSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { printableJson } from "../../base/printable.ts";
import type { Store } from "./ports.ts";
import type { AuditEntryView } from "./views.ts";

/** With the four older files: 50 MB, some 200,000 entries. */
const MOST_FILE_BYTES = 10_000_000;
const OLDER_FILES = 4;
const OWNER_ONLY = 0o600;
/** A disk that is full is full for every entry. */
const COMPLAIN_EVERY_MS = 60_000;
/** A row by itself costs the disk a flush: a thousand clients that come back at once would stand still for it. */
const ROWS_WITHIN_MS = 100;

/** `audit.jsonl`, for its owner alone; when it is full it becomes `audit.1.jsonl`, and the oldest goes. */
export class AuditFile {
  readonly #folder: string;
  readonly #mostBytes: number;
  #fd: number | null = null;
  #bytes = 0;

  constructor(folder: string, mostBytes = MOST_FILE_BYTES) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  #path(age: number): string {
    return join(this.#folder, age === 0 ? "audit.jsonl" : `audit.${age}.jsonl`);
  }

  /** One line, whatever the texts in it hold. Errors: those of the system. */
  append(entry: AuditEntryView): void {
    const line = Buffer.from(`${printableJson(JSON.stringify(entry)).replaceAll("\n", " ")}\n`);
    if (this.#bytes + line.length > this.#mostBytes) this.#rotate();
    this.#fd ??= this.#open();
    try {
      const written = writeSync(this.#fd, line);
      if (written < line.length) throw new Error(`only ${written} of ${line.length} bytes found room`);
    } catch (thrown) {
      ftruncateSync(this.#fd, this.#bytes); // the next line must not begin in the midst of this one
      throw thrown;
    }
    this.#bytes += line.length;
  }

  #open(): number {
    const path = this.#path(0);
    const fd = openSync(path, "a+", OWNER_ONLY);
    chmodSync(path, OWNER_ONLY); // it may be older than this rule
    const { size } = fstatSync(fd);
    const last = Buffer.alloc(1);
    // A server that died while it wrote leaves half a line.
    const isCut = readSync(fd, last, 0, 1, Math.max(0, size - 1)) === 1 && last.toString() !== "\n";
    this.#bytes = size + (isCut ? writeSync(fd, "\n") : 0);
    return fd;
  }

  #rotate(): void {
    this.close();
    rmSync(this.#path(OLDER_FILES), { force: true });
    for (let age = OLDER_FILES - 1; age >= 0; age -= 1) this.#moveOn(age);
    this.#bytes = 0;
  }

  #moveOn(age: number): void {
    try {
      renameSync(this.#path(age), this.#path(age + 1));
    } catch (thrown) {
      if (errnoOf(thrown) !== "ENOENT") throw thrown; // there are not that many yet
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

export interface AuditLogParts {
  readonly store: Pick<Store, "appendAudit">;
  readonly file: AuditFile;
  readonly log: Log;
}

export class AuditLog {
  readonly #parts: AuditLogParts;
  #complainedAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;
  /** Entries that have a line and no row yet. */
  #waiting: AuditEntryView[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
  }

  /**
   * The line is written when it returns, the row soon after. Where that fails the log says so, and work goes on: a full
   * disk must not stop the server.
   */
  write(entry: AuditEntryView): void {
    if (this.#isClosed) return;
    this.#try(() => this.#parts.file.append(entry));
    this.#waiting.push(entry);
    this.#timer ??= setTimeout(() => this.flush(), ROWS_WITHIN_MS);
  }

  /** Writes the rows that wait. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const rows = this.#waiting;
    this.#waiting = [];
    if (rows.length > 0) this.#try(() => this.#parts.store.appendAudit(rows));
  }

  #try(append: () => void): void {
    try {
      append();
    } catch (thrown) {
      const now = performance.now();
      if (now - this.#complainedAtMs < COMPLAIN_EVERY_MS) return;
      this.#complainedAtMs = now;
      this.#parts.log.error(`the audit log cannot be written: ${thrown instanceof Error ? thrown.message : thrown}`);
    }
  }

  /** Before the store is. */
  close(): void {
    this.flush();
    this.#isClosed = true;
    this.#parts.file.close();
  }
}
