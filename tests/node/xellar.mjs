// Drives the published SDK against a server: one JSON job a line, one JSON answer a line.
//
//   node xellar.mjs BASE_URL APP_ID    {"do":["email","login"],"with":["ada@example.com"]}
//
// The SDK knows no other host than its vendor's, so its axios is told to go elsewhere: the same copy that it uses, before
// it makes its instances.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [base, appId] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const axios = createRequire(require.resolve("@xellar/sdk"))("axios");
const send = axios.getAdapter("http");
axios.defaults.adapter = (config) => {
  const path = new URL(config.url ?? "", config.baseURL).toString();
  const from = new URL(config.baseURL ?? path);
  if (from.hostname.endsWith(".xellar.co")) {
    const rest = config.baseURL.slice(from.origin.length);
    return send({ ...config, baseURL: base + rest, proxy: false });
  }
  throw new Error(`the SDK called ${from.origin}`);
};

const { XellarSDK, XellarError } = require("@xellar/sdk");
const sdk = new XellarSDK({ env: "sandbox", appId, clientSecret: "" });

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  let answer;
  try {
    const [group, call] = job.do;
    answer = { returned: await sdk.auth[group][call](...job.with) };
  } catch (error) {
    const { code, message } = error;
    answer = { error: { is_xellar_error: error instanceof XellarError, code, message } };
  }
  console.log(JSON.stringify(answer));
}
