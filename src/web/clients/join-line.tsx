// The line that makes a client of another machine.
import { useEffect, useState } from "preact/hooks";
import { ApiError, ask } from "../live/api.ts";
import { say } from "../live/notices.ts";
import { CopyLine } from "../parts/copy-line.tsx";
import { QrCode } from "../parts/qr-code.tsx";
import { type Invite, joinLineOf } from "./join-words.ts";

export function JoinLine() {
  const [line, setLine] = useState<string | null>(null);
  useEffect(() => {
    ask<Invite>("/api/v1/invite")
      .then((invite) => setLine(joinLineOf(invite)))
      .catch((thrown: unknown) => {
        if (!(thrown instanceof ApiError)) throw thrown;
        say("failed", thrown.failure.message, thrown.failure.hint);
      });
  }, []);
  if (line === null) return null;
  return (
    <section>
      <h2>Add a client</h2>
      <div class="card">
        <p>Install ffcluster on another machine and paste this line there. It lets clients join, and nothing else.</p>
        <CopyLine text={line} label="the join line" />
        <details>
          <summary>As a QR code, for a phone that is nearer to the other machine</summary>
          <QrCode text={line} label="The join line as a QR code" />
        </details>
      </div>
    </section>
  );
}
