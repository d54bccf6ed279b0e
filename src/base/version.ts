// The version of this program, from package.json, bundled into the executable.
import packageJson from "../../package.json" with { type: "json" };

export const VERSION: string = packageJson.version;

/** The commit that an executable was built from: build.ts writes it in. Null when that is not known. */
export const COMMIT: string | null = process.env.FFCLUSTER_COMMIT || null;
