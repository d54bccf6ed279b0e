// The frame of the page: who is signed in, where one can go, and the part that is shown.
import type { ComponentChildren } from "preact";
import { ClientsPage } from "./clients/clients-page.tsx";
import { ComparePage } from "./compare/compare-page.tsx";
import { JobPage } from "./jobs/job-page.tsx";
import { JobsPage } from "./jobs/jobs-page.tsx";
import { ProofPage } from "./jobs/proof-page.tsx";
import { connection } from "./live/cluster.ts";
import { dismiss, notice } from "./live/notices.ts";
import { type Route, route } from "./live/route.ts";
import { maySubmit, seesClients, session, signOut, whyUnknown } from "./live/session.ts";
import { Mark } from "./parts/mark.tsx";
import { Words } from "./parts/words.tsx";
import { SignIn } from "./sign-in.tsx";
import { SubmitPage } from "./submit/submit-page.tsx";

export function App() {
  const who = session.value;
  if (who === undefined) return <Waiting />;
  return (
    <>
      {who === null ? <SignIn /> : <Shell>{partOf(route.value)}</Shell>}
      <Notice />
    </>
  );
}

function partOf(now: Route) {
  switch (now.name) {
    case "clients":
      return <ClientsPage />;
    case "submit":
      return maySubmit() ? <SubmitPage /> : <JobsPage />;
    case "job":
      return <JobPage key={now.id} id={now.id} />;
    case "compare":
      return maySubmit() ? <ComparePage key={now.id} id={now.id} /> : <JobPage key={now.id} id={now.id} />;
    case "proof":
      return <ProofPage key={now.id} id={now.id} />;
    default:
      return <JobsPage />;
  }
}

function Waiting() {
  const why = whyUnknown.value;
  return (
    <main class="alone" aria-busy={why === null}>
      {why !== null && (
        <div class="card empty" role="alert">
          <h1>{why.failure.message}</h1>
          <p>
            <Words text={why.failure.hint} />
          </p>
        </div>
      )}
    </main>
  );
}

function Shell({ children }: { readonly children: ComponentChildren }) {
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <header class="top">
        <a class="home" href="#/" aria-label="ffcluster, all jobs">
          <Mark />
          <span>ffcluster</span>
        </a>
        <nav aria-label="Main">
          <Tab to="jobs" text="Jobs" />
          {maySubmit() && <Tab to="submit" text="Submit" />}
          {seesClients() && <Tab to="clients" text="Clients" />}
        </nav>
        <Who />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}

function skip(): void {
  document.getElementById("main")?.focus();
}

function Tab({ to, text }: { readonly to: "jobs" | "clients" | "submit"; readonly text: string }) {
  const { name } = route.value;
  const isHere = name === to || (to === "jobs" && (name === "job" || name === "proof" || name === "compare"));
  return (
    <a href={`#/${to}`} aria-current={isHere ? "page" : undefined}>
      {text}
    </a>
  );
}

const CONNECTION_WORDS = { open: "Live", connecting: "Connecting …", closed: "Not connected" } as const;

function Who() {
  const who = session.value;
  const now = connection.value;
  return (
    <div class="who">
      <span class={`live ${now}`} role="status">
        <span class="dot" aria-hidden="true" />
        {CONNECTION_WORDS[now]}
      </span>
      <span class="name" title={`role: ${who?.role}`}>
        {who?.name}
        {who?.role === "read" && " (may only look)"}
      </span>
      <button type="button" class="plain" onClick={() => void signOut()}>
        Sign out
      </button>
    </div>
  );
}

function Notice() {
  const now = notice.value;
  return (
    <div class="notices" role="status" aria-live="polite">
      {now !== null && (
        <div class={`notice ${now.kind}`}>
          <p>
            <Words text={now.text} />
            {now.hint !== "" && (
              <small>
                <Words text={now.hint} />
              </small>
            )}
          </p>
          <button type="button" class="plain" onClick={dismiss} aria-label="Dismiss">
            ×
          </button>
        </div>
      )}
    </div>
  );
}
