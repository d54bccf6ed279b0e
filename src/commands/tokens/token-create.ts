// `ffcluster token create`
import { TOKEN_ROLES } from "../../api/contract.ts";
import { choiceOption, optionalSeconds, optionalText } from "../../base/config/option.ts";
import { AppError } from "../../base/errors.ts";
import { defineCommand } from "../cli/command.ts";
import { jsonOption, serverOptions } from "../cli/common-options.ts";
import { connect } from "../cli/connect.ts";
import { showToken } from "./show-token.ts";

export const tokenCreate = defineCommand({
  path: ["token", "create"],
  summary: "Make a token with a role of its own; it is shown once",
  positionals: [],
  options: {
    ...serverOptions,
    role: choiceOption({
      description:
        "admin: everything; submit: its own sources, jobs and outputs; client: encode, as one client; read: look at jobs and clients",
      choices: TOKEN_ROLES,
      fallback: "submit",
    }),
    name: optionalText({ description: "Name by which it is listed, revoked and rotated", valueName: "NAME" }),
    expires: optionalSeconds({
      description: "How long it is good for",
      valueName: "DURATION",
      defaultText: "until it is revoked",
      min: 1,
      max: 3650 * 86_400,
    }),
    ...jsonOption,
  },
  examples: [
    "ffcluster token create --role client --name nas --expires 30d",
    "ffcluster token create --role read --name dashboard --json",
  ],
  printsEvents: false,
  async run({ options, context }) {
    const { role, name, expires, json } = options;
    if (name === null) {
      const hint = "Name the machine or the person that it is for: --name nas.";
      throw new AppError("E_USAGE", "the token has no name", hint);
    }
    const seconds = expires === null ? null : Math.ceil(expires);
    const api = await connect(options, context);
    showToken(context, await api.createToken({ role, name, expires_in_seconds: seconds }), json);
    return 0;
  },
});
