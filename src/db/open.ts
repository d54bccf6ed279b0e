// Opens a SQLite file the way all of this project does: strict binding, busy timeout, WAL, numbered migrations. Refuses a
// file that is damaged or that a newer program wrote, and overwrites neither.
import { Database } from "bun:sqlite";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { AppError, errnoOf } from "../base/errors.ts";

/** Statements that make schema version n are at index n − 1. Never edit a released entry; append another. */
export type Migrations = readonly string[];

const BUSY_TIMEOUT_MS = 5000;
/** The mode of a new file. */
const OWNER_ONLY = 0o600;

export interface OpenOptions {
  readonly migrations: Migrations;
  /** FULL: a commit is on disk when it returns. NORMAL: it survives a crash of the program, not of the machine. */
  readonly synchronous: "FULL" | "NORMAL";
}

export function openDatabase(path: string, options: OpenOptions): Database {
  mkdirSync(dirname(path), { recursive: true });
  let database: Database;
  try {
    if (path !== ":memory:") closeSync(openSync(path, "a", OWNER_ONLY)); // SQLite gives its log the same mode
    database = new Database(path, { create: true, strict: true });
    database.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    database.run("PRAGMA journal_mode = WAL");
    database.run(`PRAGMA synchronous = ${options.synchronous}`);
    database.run("PRAGMA foreign_keys = ON");
    checkIntegrity(database, path);
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown;
    throw new AppError(
      "E_DATABASE",
      `cannot open the database ${path}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      "Move the file away to start with an empty one, or restore it from a backup; ffcluster has not changed it.",
      { cause: thrown },
    );
  }
  migrate(database, path, options.migrations);
  return database;
}

function checkIntegrity(database: Database, path: string): void {
  const row = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").get();
  if (row?.quick_check !== "ok") {
    throw new AppError(
      "E_DATABASE",
      `the database ${path} is damaged: ${row?.quick_check ?? "no answer"}`,
      "Move the file away to start with an empty one, or restore it from a backup; ffcluster has not changed it.",
    );
  }
}

function migrate(database: Database, path: string, migrations: Migrations): void {
  const apply = database.transaction(() => {
    const version = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
    if (version > migrations.length) {
      throw new AppError(
        "E_DATABASE",
        `the database ${path} has schema ${version}, this program knows ${migrations.length}`,
        "A newer ffcluster wrote it: use that version, or another --work-dir.",
      );
    }
    for (const [offset, statements] of migrations.slice(version).entries()) {
      database.run(statements);
      database.run(`PRAGMA user_version = ${version + offset + 1}`);
    }
  });
  apply.immediate();
}

/** Writes the log back into the main file if there is room for it, and closes. Call once. */
export function closeDatabase(database: Database): void {
  try {
    database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (thrown) {
    if (errnoOf(thrown) !== "SQLITE_FULL") throw thrown; // the log stays, and the next open reads it
  } finally {
    database.close(true);
  }
}
