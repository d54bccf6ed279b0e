// Sign in with a token, which the server exchanges for a cookie.
import { useState } from "preact/hooks";
import { ApiError, type Failure } from "./live/api.ts";
import { signIn } from "./live/session.ts";
import { Mark } from "./parts/mark.tsx";
import { Words } from "./parts/words.tsx";

const EMPTY: Failure = {
  code: "E_TOKEN",
  message: "Paste a token first.",
  hint: "`ffcluster serve` prints one when it starts.",
};

export function SignIn() {
  const [failure, setFailure] = useState<Failure | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const token = String(new FormData(form).get("token") ?? "").trim();
    if (token === "") return setFailure(EMPTY);
    setBusy(true);
    try {
      await signIn(token);
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      setFailure(thrown.failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="alone">
      <form class="card sign-in" onSubmit={(event) => void submit(event)}>
        <Mark />
        <h1>ffcluster</h1>
        <p class="lead">One video, many machines. Sign in to see them work.</p>
        <label for="token">Token</label>
        <input
          id="token"
          name="token"
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          autofocus
          aria-describedby="token-hint"
          aria-invalid={failure !== null}
        />
        {failure !== null && (
          <p class="failure" role="alert">
            <Words text={failure.message} /> <Words text={failure.hint} />
          </p>
        )}
        <button type="submit" class="main" disabled={isBusy}>
          {isBusy ? "Signing in …" : "Sign in"}
        </button>
        <p class="hint" id="token-hint">
          On the server, <code>ffcluster token create --role read --name NAME</code> makes a token that may only look;{" "}
          <code>--role submit</code> one that may also encode.
        </p>
      </form>
    </main>
  );
}
