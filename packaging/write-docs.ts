// Writes what docs/CONFIG.md says of options, from the commands as they are declared.
import { join } from "node:path";
import { loadAllCommands } from "../src/commands/cli/registry.ts";
import { withOptionTables } from "./option-tables.ts";

const path = join(import.meta.dir, "../docs/CONFIG.md");
await Bun.write(path, withOptionTables(await Bun.file(path).text(), await loadAllCommands()));
