// The part of the façade about access: what a caller may reach, and the tokens.
import { AppError } from "../../../base/errors.ts";
import { resolveId } from "../../../base/ids.ts";
import type { Principal } from "../../protocol/roles.ts";
import type { AccessCalls, Leased } from "../access/calls.ts";
import { ADMIN_TOKEN, JOIN_TOKEN, type Tokens } from "../access/tokens.ts";
import type { ClientLinks } from "../client-links.ts";
import type { Engine } from "../engine.ts";
import type { JobRegistry } from "../job-registry.ts";
import { pageInOrder } from "../lists.ts";
import type { SourceRegistry } from "../transfers/source-registry.ts";
import type { SourceUploads } from "../transfers/source-uploads.ts";
import type { TokenView } from "../views.ts";

export interface AccessCallsParts {
  readonly tokens: Tokens;
  readonly engine: Engine;
  readonly registry: JobRegistry;
  readonly sources: SourceRegistry;
  readonly uploads: SourceUploads;
  readonly links: ClientLinks;
  /** One of the server's own is another from now on: keeps it for the next start. */
  readonly keepOwnToken: Readonly<Record<typeof ADMIN_TOKEN | typeof JOIN_TOKEN, (token: string) => Promise<void>>>;
  readonly joinToken: () => string;
}

/** Whether the caller may see what belongs to `owner`, the id of a token; undefined: an admin's of an earlier version. */
export function maySee(who: Principal, owner: string | undefined): boolean {
  return who.role !== "submit" || owner === who.tokenId;
}

export function accessCalls(parts: AccessCallsParts): AccessCalls {
  const { tokens, engine, registry, sources, uploads, links } = parts;

  const jobOf = (what: Leased): string | undefined => {
    if ("jobId" in what) return what.jobId;
    // A remuxed video has the id of its job.
    return registry.running.has(what.sourceId) ? what.sourceId : registry.userOf(what.sourceId)?.jobId;
  };

  return {
    standingOf: (token) => tokens.standingOf(token),
    visibleJob(who, id) {
      const isVisible = (job: { readonly id: string }) => maySee(who, registry.record(job.id)?.owner?.tokenId);
      const whole = engine.state.jobs.get(id);
      if (whole !== undefined && isVisible(whole)) return id;
      const visible = [...engine.state.jobs.values()].filter(isVisible);
      return resolveId(
        id,
        visible.map((job) => registry.namesOf(job)),
        "job",
      );
    },
    requireOwnSource(who, sourceId) {
      if (maySee(who, uploads.ownerOf(sourceId) ?? sources.find(sourceId)?.owner)) return;
      throw new AppError("E_UNKNOWN_ID", `no source with id ${sourceId}`, "Submit the file again.");
    },
    requireLease(who, what) {
      if (who.role !== "client") return;
      const jobId = jobOf(what);
      for (const attempt of engine.state.attempts.values()) {
        if (attempt.jobId === jobId && attempt.clientId === who.clientId) return;
      }
      const hint = "A client reads only what it has a lease for; it waits for its next offer.";
      throw new AppError("E_STALE_ATTEMPT", "this client has no lease for that", hint, { retry: true });
    },
    joinToken() {
      const token = parts.joinToken();
      if (tokens.standingOf(token).kind === "known") return token;
      const hint = "`ffcluster token rotate join` makes a new one.";
      throw new AppError("E_FORBIDDEN", "the token of the join line was revoked", hint);
    },
    listTokens({ states, roles, ...wanted }) {
      const isWanted = ({ state, role }: TokenView) =>
        (states?.includes(state) ?? true) && (roles?.includes(role) ?? true);
      return pageInOrder(tokens.list(), isWanted, wanted);
    },
    createToken: (wanted) => tokens.create(wanted),
    createTokenOnce: (wanted, who, once) => tokens.createOnce(wanted, who.tokenId, once),
    revokeToken(name) {
      const { clientId } = tokens.find(name);
      const view = tokens.revoke(name);
      links.endLeases(clientId);
      return view;
    },
    async rotateToken(name) {
      const { id, clientId } = tokens.find(name);
      const isOwn = id === ADMIN_TOKEN || id === JOIN_TOKEN;
      const created = await tokens.rotate(name, isOwn ? parts.keepOwnToken[id] : undefined);
      links.endLeases(clientId);
      return created;
    },
    enrolClient: (who, enrolment) => tokens.enrol(who, enrolment),
  };
}
