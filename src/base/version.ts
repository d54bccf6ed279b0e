// The version of this program. package.json has it; the bundler copies the one string into the executable.
import { version } from "../../package.json";

export const VERSION: string = version;
