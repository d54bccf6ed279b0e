// Who is signed in in this browser, and what that role may do. The token itself is never kept here: it is exchanged for a
// cookie that no script can read.
import { signal } from "@preact/signals";
import { ApiError, ask } from "./api.ts";
import { type Following, followCluster } from "./cluster.ts";

export interface Session {
  readonly name: string;
  readonly role: "admin" | "submit" | "read";
}

/** Undefined: not known yet; null: nobody. */
export const session = signal<Session | null | undefined>(undefined);
/** Why the server could not be asked. */
export const whyUnknown = signal<ApiError | null>(null);

let following: Following | null = null;
/** Whether this browser was signed in when it was last here: a stranger's page asks for nothing that will be refused. */
const WAS_HERE = "ffcluster-signed-in";

const mayActOnJobs = (role: Session["role"]) => role === "admin" || role === "submit";

export const maySubmit = (): boolean => mayActOnJobs(session.value?.role ?? "read");
export const isAdmin = (): boolean => session.value?.role === "admin";
export const seesClients = (): boolean => session.value?.role !== "submit";

function begin(found: Session): void {
  session.value = found;
  localStorage.setItem(WAS_HERE, "yes");
  const path = found.role === "submit" ? "/api/v1/jobs/watch" : "/api/v1/watch";
  following?.stop(false);
  following = followCluster(path, () => void look());
}

function end(isEverywhere: boolean): void {
  following?.stop(isEverywhere);
  following = null;
  localStorage.removeItem(WAS_HERE);
  session.value = null;
}

/** Asks the server who is signed in. */
export async function look(): Promise<void> {
  if (localStorage.getItem(WAS_HERE) === null) {
    session.value = null;
    return;
  }
  whyUnknown.value = null;
  try {
    begin(await ask<Session>("/api/v1/session"));
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    if (thrown.status === 401 || thrown.status === 403) end(false);
    else {
      whyUnknown.value = thrown;
      setTimeout(() => void look(), 3000);
    }
  }
}

/** Throws ApiError. */
export async function signIn(token: string): Promise<void> {
  begin(await ask<Session>("/api/v1/session", { method: "POST", token }));
}

export async function signOut(): Promise<void> {
  await ask("/api/v1/session", { method: "DELETE" });
  end(true);
}
