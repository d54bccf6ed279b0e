// The one script of the dashboard. The page runs it, and so does the worker that all tabs of a browser share, which keeps
// the one stream of events.
import { runSharedStream } from "./live/shared-stream.ts";
import { isWorker } from "./live/worker-scope.ts";
import { showPage } from "./show-page.tsx";

if (isWorker()) runSharedStream();
else showPage();
